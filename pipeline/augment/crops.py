"""Augmentation of a batch of crops, for classifiers."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms import v2

from pipeline.augment.light import vary_light
from pipeline.params import ClassifierAugment


class CropAugment:
    """Crops with context [N, C, S', S'] in 0 .. 1 -> augmented crops [N, C, S, S].

    A transform draws its parameters once for a call: the batch goes through it in groups, which costs a tenth of
    one call for each crop and still gives every batch several draws. Flips and quarter turns are drawn for each crop.
    """

    def __init__(self, params: ClassifierAugment, input_px: int) -> None:
        self.params, self.input_px = params, input_px
        self.affine = v2.RandomAffine(
            degrees=params.rotation_deg,
            translate=(params.translate, params.translate),
            scale=tuple(params.scale),
            shear=(-params.shear_deg, params.shear_deg),
            interpolation=v2.InterpolationMode.BILINEAR,
            fill=0.5,
        )
        self.centre = v2.CenterCrop(input_px)

    def __call__(self, crops: Tensor) -> Tensor:
        turned = turn_each(flip_each(crops, self.params.flips), self.params.quarter_turns)
        groups = turned.tensor_split(min(self.params.groups, len(turned)))
        return torch.cat([self._group(g) for g in groups])

    def _group(self, crops: Tensor) -> Tensor:
        moved = self.centre(self.affine(crops))
        seen = self._at_resolution(vary_light(moved, self.params))
        return seen + self.params.noise * torch.rand(()) * torch.randn_like(seen)

    def _at_resolution(self, crops: Tensor) -> Tensor:
        """Show the crop as a sensor of few pixels would have."""
        low, high = self.params.resolution_px
        pixels = round(math.exp(torch.empty(()).uniform_(math.log(low), math.log(high)).item()))
        if pixels >= self.input_px:
            return crops
        small = F.interpolate(crops, size=(pixels, pixels), mode="area")
        return F.interpolate(small, size=(self.input_px, self.input_px), mode="bilinear")


def flip_each(crops: Tensor, wanted: bool) -> Tensor:
    """Each of [N, C, S, S] mirrored from left to right or not."""
    if not wanted:
        return crops
    mirrored = torch.rand(len(crops)) < 0.5
    return torch.where(mirrored[:, None, None, None], crops.flip(-1), crops)


def turn_each(crops: Tensor, wanted: bool) -> Tensor:
    """Each of [N, C, S, S] turned by 0 to 3 quarters."""
    if not wanted:
        return crops
    quarters = torch.randint(4, (len(crops),))
    turned = torch.empty_like(crops)
    for quarter in range(4):
        turned[quarters == quarter] = torch.rot90(crops[quarters == quarter], quarter, (-2, -1))
    return turned
