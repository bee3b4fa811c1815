"""Histogram matching: each channel gets the distribution of values of another picture (Gonzalez and Woods 2002).

A value v becomes the value at which the other picture's cumulative histogram reaches that of v, as in
skimage.exposure.match_histograms; but for a whole batch at once, and the other pictures are counted only once.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

LEVELS = 256


class Histograms:
    """Cumulative histograms of reference pictures, uint8 [C, H, W] of any size."""

    def __init__(self, references: Iterable[Tensor]) -> None:
        self.cumulative = torch.cat([cumulative(r[None]) for r in references])  # [R, C, 256]

    def match(self, pictures: Tensor, part: float) -> Tensor:
        """This part of pictures uint8 [N, C, H, W], each after a reference of its own draw; the others as they are."""
        chosen = (torch.rand(len(pictures)) < part).nonzero().flatten()
        drawn = torch.randint(len(self.cumulative), (len(chosen),))
        result = pictures.clone()
        result[chosen] = matched(pictures[chosen], self.cumulative[drawn])
        return result


def cumulative(pictures: Tensor) -> Tensor:
    """uint8 [N, C, H, W] -> [N, C, 256], the part of the pixels that are at most so bright."""
    number, channels = pictures.shape[:2]
    values = pictures.flatten(2).flatten(0, 1).long()
    shifted = values + LEVELS * torch.arange(len(values))[:, None]
    counts = torch.bincount(shifted.flatten(), minlength=len(values) * LEVELS).view(number, channels, LEVELS)
    return counts.cumsum(-1) / values.shape[1]


def matched(pictures: Tensor, references: Tensor) -> Tensor:
    """uint8 [N, C, H, W] with the cumulative histograms [N, C, 256], rounded to whole values."""
    table = lookup_table(cumulative(pictures), references)
    values = table.gather(-1, pictures.flatten(2).long())
    return values.round().to(torch.uint8).view_as(pictures)


def lookup_table(own: Tensor, other: Tensor) -> Tensor:
    """The new value of each of 256 values, both cumulative histograms [..., 256]: linear between values that occur."""
    above = torch.searchsorted(other, own).clamp(max=LEVELS - 1)  # the first value that reaches so far
    below = _occurring_below(other).gather(-1, above)
    low, high = other.gather(-1, below), other.gather(-1, above)
    between = ((own - low) / (high - low)).clamp(0, 1)
    return torch.where(below == above, above, below + between * (above - below))


def _occurring_below(other: Tensor) -> Tensor:
    """For each value the largest smaller one that occurs, or itself where there is none."""
    values = torch.arange(LEVELS).expand_as(other)
    occurs = other.diff(dim=-1, prepend=torch.zeros_like(other[..., :1])) > 0
    last = torch.where(occurs, values, -1).cummax(-1).values
    before = torch.cat([torch.full_like(last[..., :1], -1), last[..., :-1]], dim=-1)
    return torch.where(before < 0, values, before)
