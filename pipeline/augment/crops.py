"""Augmentation of a batch of crops, for classifiers."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from pipeline.augment.cutout import cut_out, draw_squares
from pipeline.augment.focus import blur_each
from pipeline.augment.jpeg import compress_each
from pipeline.augment.light import vary_light
from pipeline.augment.lighting import Lighting
from pipeline.augment.real_look import RealLook
from pipeline.augment.warp import warp
from pipeline.params import ClassifierAugment

GREY = 0.5  # where there is nothing to see


class CropAugment:
    """Crops with context [N, C, S', S'] in 0 .. 1 -> augmented crops [N, C, S, S].

    A transform of torchvision draws its parameters once for a call: the batch goes through those in groups, which
    costs a tenth of one call for each crop and still gives every batch several draws. The others draw for each crop.
    What is off draws nothing. Lighting wants `lighting`, what takes something from real pictures `look`.
    """

    def __init__(
        self,
        params: ClassifierAugment,
        input_px: int,
        lighting: Lighting | None = None,
        look: RealLook | None = None,
    ) -> None:
        self.params, self.input_px, self.lighting, self.look = params, input_px, lighting, look
        self.affine = v2.RandomAffine(
            degrees=params.rotation_deg,
            translate=(params.translate, params.translate),
            scale=tuple(params.scale),
            shear=(-params.shear_deg, params.shear_deg),
            interpolation=v2.InterpolationMode.BILINEAR,
            fill=GREY,
        )
        self.centre = v2.CenterCrop(input_px)
        self.part = _part(params, input_px)
        self.named = _named(params)

    def __call__(self, crops: Tensor) -> Tensor:
        """Its place and its colours in the world, then what a camera makes of it, then what hides it."""
        real = self._like_real(crops)
        turned = turn_each(flip_each(real, self.params.flips), self.params.quarter_turns)
        bent = warp(turned, self.params.distortion, self.params.elastic)
        groups = bent.tensor_split(min(self.params.groups, len(bent)))
        seen = compress_each(torch.cat([self._group(g) for g in groups]), self.params.jpeg_quality)
        if not self.params.cutout:
            return seen
        return cut_out(seen, draw_squares(len(seen), (self.input_px, self.input_px), self.params.cutout))

    def _like_real(self, crops: Tensor) -> Tensor:
        if self.look is None:
            return crops
        stored = (crops * 255).round().to(torch.uint8)
        return self.look.give(stored).float() / 255

    def _group(self, crops: Tensor) -> Tensor:
        moved = self.named(self.part(self.centre(self.affine(crops))))
        lit = vary_light(moved, self.params)
        coloured = self.lighting(lit) if self.lighting else lit
        seen = self._at_resolution(blur_each(coloured, self.params.blur_sigma_px))
        return seen + self.params.noise * torch.rand(()) * torch.randn_like(seen)

    def _at_resolution(self, crops: Tensor) -> Tensor:
        """Show the crop as a sensor of few pixels would have."""
        low, high = self.params.resolution_px
        pixels = round(math.exp(torch.empty(()).uniform_(math.log(low), math.log(high)).item()))
        if pixels >= self.input_px:
            return crops
        small = F.interpolate(crops, size=(pixels, pixels), mode="area")
        return F.interpolate(small, size=(self.input_px, self.input_px), mode="bilinear")


def _part(params: ClassifierAugment, input_px: int) -> nn.Module:
    """A part of the crop of random area and aspect, scaled to the whole (He et al. 2016, after Szegedy et al. 2015)."""
    area, aspect = params.random_resized.area, params.random_resized.aspect
    if area == aspect == [1.0, 1.0]:
        return nn.Identity()
    return v2.RandomResizedCrop(input_px, scale=area, ratio=aspect)  # type: ignore[no-any-return]


def _named(params: ClassifierAugment) -> nn.Module:
    """So many of RandAugment's fourteen operations, drawn with equal chances (Cubuk et al. 2020)."""
    if not params.rand_augment.number:
        return nn.Identity()
    drawn = v2.RandAugment(params.rand_augment.number, params.rand_augment.magnitude, fill=round(255 * GREY))
    return nn.Sequential(v2.ToDtype(torch.uint8, scale=True), drawn, v2.ToDtype(torch.float32, scale=True))


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
