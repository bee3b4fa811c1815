"""Training augmentation with torchvision's transforms v2."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from pipeline.params import ClassifierAugment, Detector

GREY = 127  # of 255, around pictures that are smaller than a crop
LEAST_INSIDE = 0.6  # part of a box that must lie in a training crop for the object to stay a target


class CropAugment:
    """Crops with context [N, C, S', S'] in 0 .. 1 -> augmented crops [N, C, S, S].

    A transform draws its parameters once for a call: the batch goes through it in groups, which costs a tenth of
    one call for each crop and still gives every batch several draws.
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
        groups = crops.tensor_split(min(self.params.groups, len(crops)))
        return torch.cat([self._group(g) for g in groups])

    def _group(self, crops: Tensor) -> Tensor:
        moved = self.centre(self.affine(crops))
        seen = self._at_resolution(moved)
        return seen + self.params.noise * torch.rand(()) * torch.randn_like(seen)

    def _at_resolution(self, crops: Tensor) -> Tensor:
        """Show the crop as a sensor of few pixels would have."""
        low, high = self.params.resolution_px
        pixels = round(math.exp(torch.empty(()).uniform_(math.log(low), math.log(high)).item()))
        if pixels >= self.input_px:
            return crops
        small = F.interpolate(crops, size=(pixels, pixels), mode="area")
        return F.interpolate(small, size=(self.input_px, self.input_px), mode="bilinear")


class PictureAugment:
    """An image [3, H, W] with its target -> a crop of it at native scale, its light and focus varied."""

    def __init__(self, params: Detector) -> None:
        augment = params.augment
        self.geometry = v2.RandomCrop(params.crop_px, pad_if_needed=True, fill=GREY)
        self.light = v2.Compose(
            [
                v2.ColorJitter(brightness=augment.brightness, contrast=augment.contrast),
                v2.RandomApply([v2.GaussianBlur(7, tuple(augment.blur_sigma_px))]),
            ]
        )

    def __call__(self, image: Tensor, target: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        canvas: Any = tuple(image.shape[-2:])
        boxes: Any = tv_tensors.BoundingBoxes(target["boxes"], format="XYXY", canvas_size=canvas, clamping_mode=None)
        crop, moved = self.geometry(tv_tensors.Image(image), boxes)
        kept, inside = _inside(moved.as_subclass(Tensor), crop.shape[-1], crop.shape[-2])
        crop = v2.functional.to_dtype(self.light(crop), torch.float32, scale=True)
        return crop.as_subclass(Tensor), {"boxes": kept[inside], "labels": target["labels"][inside]}


def _inside(boxes: Tensor, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Boxes [n, 4] clipped to the crop, and which of them lie in it for the most part."""
    clipped = torch.minimum(boxes.clamp(min=0), boxes.new_tensor([width, height, width, height]))
    sides, whole = (clipped[:, 2:] - clipped[:, :2]).clamp(min=0), boxes[:, 2:] - boxes[:, :2]
    return clipped, sides.prod(1) >= LEAST_INSIDE * whole.prod(1)
