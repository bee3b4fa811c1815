"""Cutout: a square of each picture shows nothing (DeVries and Taylor 2017)."""

import torch
from torch import Tensor


def draw_squares(number: int, size_hw: tuple[int, int], part: float) -> Tensor:
    """Squares [N, 4] xyxy in px around any pixel, so that a part of one may lie outside, as in the paper.

    Their side is `part` of the shorter side of the picture: 0.5 are the paper's 16 px for CIFAR-10.
    """
    height, width = size_hw
    half_px = round(part * min(size_hw) / 2)
    x, y = torch.randint(width, (number,)), torch.randint(height, (number,))
    return torch.stack([x - half_px, y - half_px, x + half_px, y + half_px], dim=1)


def cut_out(pictures: Tensor, squares: Tensor) -> Tensor:
    """Pictures [N, C, H, W] with their own mean colour in these squares; the paper's 0 after its normalisation."""
    height, width = pictures.shape[-2:]
    x0, y0, x1, y1 = squares[:, :, None].unbind(1)  # [N, 1]
    x, y = torch.arange(width), torch.arange(height)
    columns, rows = (x >= x0) & (x < x1), (y >= y0) & (y < y1)  # [N, W], [N, H]
    inside = (rows[:, :, None] & columns[:, None, :])[:, None]
    return torch.where(inside, pictures.mean(dim=(2, 3), keepdim=True), pictures)
