"""The receptive field: which part of the picture a cell of a feature map depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HeightWidth = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """What an operation looks at to make one cell of its output."""

    kernel_hw: HeightWidth
    stride_hw: HeightWidth = (1, 1)
    dilation_hw: HeightWidth = (1, 1)


@dataclass(frozen=True)
class Field:
    """What a cell depends on, and how far apart two neighbours look, in px of the picture."""

    size_hw: HeightWidth = (1, 1)
    jump_hw: HeightWidth = (1, 1)

    def through(self, window: Window) -> Field:
        """r + (k - 1) d j and j s, for each axis (Araujo, Norris and Sim 2019, section 2)."""
        height, width = (
            (size + (kernel - 1) * dilation * jump, jump * stride)
            for size, jump, kernel, stride, dilation in zip(
                self.size_hw, self.jump_hw, window.kernel_hw, window.stride_hw, window.dilation_hw, strict=True
            )
        )
        return Field((height[0], width[0]), (height[1], width[1]))


def joined(fields: Iterable[Field]) -> Field:
    """Of maps added or put side by side. A factor for a whole channel sees all and does not coarsen the map."""
    known = list(fields) or [Field()]
    return Field(
        (max(f.size_hw[0] for f in known), max(f.size_hw[1] for f in known)),
        (min(f.jump_hw[0] for f in known), min(f.jump_hw[1] for f in known)),
    )
