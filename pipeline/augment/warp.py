"""Crops bent by a lens and by elastic distortion. Both say where a pixel looks, so that one look-up does for both."""

import torch
from torch import Tensor

from pipeline.augment.focus import weights
from pipeline.augment.lens import look_up, places, straight
from pipeline.augment.light import around
from pipeline.params import Elastic


def warp(crops: Tensor, distortion: float, elastic: Elastic) -> Tensor:
    """Crops [N, C, H, W], each with its own draw; the border's pixels go on outside."""
    if not distortion and not elastic.alpha_px:
        return crops
    number, _, height, width = crops.shape
    grid = places(height, width).expand(number, -1, -1, -1)
    if distortion:
        grid = straight(grid, around(0.0, distortion, number))
    if elastic.alpha_px:
        grid = grid + displacements_px(number, height, width, elastic) * torch.tensor([2 / width, 2 / height])
    return look_up(crops, grid)


def displacements_px(number: int, height: int, width: int, elastic: Elastic) -> Tensor:
    """Fields [N, H, W, 2] of Simard, Steinkraus and Platt 2003: uniform in -1 .. 1, smoothed by a Gaussian of
    sigma_px, times alpha_px."""
    drawn = 2 * torch.rand(number, 2, height, width) - 1
    rows, columns = (weights(torch.tensor([elastic.sigma_px]), n) for n in (height, width))
    return elastic.alpha_px * (rows @ drawn @ columns.transpose(-2, -1)).permute(0, 2, 3, 1)
