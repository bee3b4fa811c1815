"""Augmentation of a batch of pictures with their targets, for detectors and segmenters."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.augment.cutout import cut_out, draw_squares
from pipeline.augment.focus import blur_some_
from pipeline.augment.jpeg import compress_each
from pipeline.augment.lens import bent_each
from pipeline.augment.light import vary_light
from pipeline.augment.mosaic import mosaic
from pipeline.augment.real_look import RealLook
from pipeline.augment.targets import Pair, beside, cropped, kept, mirrored, padded, turned
from pipeline.augment.targets import Target as Target
from pipeline.params import OnPictures

GREY = 127  # of 255, around pictures that are smaller than a crop
BORDER = 0.1  # of a crop, where no middle lies of an object that the crop was drawn around
KERNEL_PX = 7  # of the blur


class PictureAugment:
    """Pictures uint8 [3, H, W] with targets -> crops near native scale, turned, light and focus varied.

    Where a crop lies and how it is turned is drawn for each picture, and so is its light; scale is drawn once for a
    batch, blur once for half of it: that is a tenth of the work, and the next batch has another. What is off draws
    nothing. What takes something from real pictures wants `look`.
    """

    def __init__(self, params: OnPictures, look: RealLook | None = None) -> None:
        self.params, self.crop_px, self.look = params.augment, params.crop_px, look

    def __call__(self, images: list[Tensor], targets: list[Target]) -> tuple[list[Tensor], list[Target]]:
        """Its place and its colours in the world, then what a camera makes of it, then what hides it."""
        low, high = self.params.scale
        side_px = round(self.crop_px / float(torch.empty(()).uniform_(low, high)))
        cut = [self._cut(self._like_real(i), t, side_px) for i, t in zip(images, targets, strict=True)]
        pairs = bent_each(mosaic(cut, self.params.mosaic), self.params.distortion)
        crops = self._seen(torch.stack([crop for crop, _ in pairs]))
        return self._hidden(crops, [kept(target, side_px, self.crop_px) for _, target in pairs])

    def _like_real(self, image: Tensor) -> Tensor:
        return self.look.give(image[None])[0] if self.look else image

    def _cut(self, image: Tensor, target: Target, side_px: int) -> Pair:
        """A square of this side, around an object where the draw says so, turned; its boxes are not clipped yet."""
        image, target = _padded(image, target, side_px)
        left, top = self._corner(image.shape[-2:], target["boxes"], side_px)
        crop = image[:, top : top + side_px, left : left + side_px]
        return self._turned(crop, cropped(target, left, top, side_px), side_px)

    def _corner(self, size_hw: torch.Size, boxes: Tensor, side_px: int) -> tuple[int, int]:
        """Left and upper side of the crop."""
        room = [size_hw[1] - side_px, size_hw[0] - side_px]
        if len(boxes) and float(torch.rand(())) < self.params.on_object:
            first = _around(boxes[int(torch.randint(len(boxes), ()))], side_px)
            return min(max(first[0], 0), room[0]), min(max(first[1], 0), room[1])
        return int(torch.randint(room[0] + 1, ())), int(torch.randint(room[1] + 1, ()))

    def _turned(self, crop: Tensor, target: Target, side_px: int) -> Pair:
        """Mirrored, and turned by quarters against the clock."""
        if self.params.flips and torch.rand(()) < 0.5:
            crop, target = crop.flip(-1), mirrored(target, side_px)
        for _ in range(int(torch.randint(4, ())) if self.params.quarter_turns else 0):
            crop, target = crop.rot90(1, (-2, -1)), turned(target, side_px)
        return crop, target

    def _seen(self, crops: Tensor) -> Tensor:
        """uint8 crops [N, 3, side, side] as another camera sees them: [N, 3, crop_px, crop_px] in 0 .. 1."""
        shown = crops.float().div_(255)
        if crops.shape[-1] != self.crop_px:
            shown = F.interpolate(shown, (self.crop_px, self.crop_px), mode="bilinear", antialias=True)
        lit = vary_light(shown, self.params)
        sigma_px = float(torch.empty(()).uniform_(*self.params.blur_sigma_px))
        soft = torch.randperm(len(lit))[: max(1, len(lit) // 2)]
        blur_some_(lit, soft.tolist(), sigma_px, KERNEL_PX)
        strength = self.params.noise * torch.rand(len(lit), 1, 1, 1)
        noisy = lit + strength * torch.randn_like(lit) if self.params.noise else lit
        return compress_each(noisy, self.params.jpeg_quality)

    def _hidden(self, crops: Tensor, targets: list[Target]) -> tuple[list[Tensor], list[Target]]:
        if not self.params.cutout:
            return list(crops), targets
        squares = draw_squares(len(crops), (self.crop_px, self.crop_px), self.params.cutout)
        left = [beside(t, s) for t, s in zip(targets, squares, strict=True)]
        return list(cut_out(crops, squares)), left


def _around(box: Tensor, side_px: int) -> list[int]:
    """Corner [x, y] of a square anywhere around a box xyxy: the box lies in it, or in its middle if it is larger."""
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    least = half.clamp(BORDER * side_px, side_px / 2)
    shift = least + torch.rand(2) * (side_px - 2 * least)
    return [int(v) for v in (middle - shift).round()]


def _padded(image: Tensor, target: Target, side_px: int) -> Pair:
    """Grey at all sides, until a square of this side fits in."""
    right, below = (max(0, side_px - n) for n in (image.shape[-1], image.shape[-2]))
    if not right and not below:
        return image, target
    sides_px = (right // 2, right - right // 2, below // 2, below - below // 2)
    return F.pad(image, sides_px, value=GREY), padded(target, sides_px)
