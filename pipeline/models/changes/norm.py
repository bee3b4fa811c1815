"""Normalisation layers, exchanged for others: batch (Ioffe and Szegedy 2015), layer (Ba et al. 2016), instance (Ulyanov
et al. 2016), group (Wu and He 2018) or none."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from pipeline.errors import lookup
from pipeline.models.changes.parts import replace

KINDS = (nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d, FrozenBatchNorm2d)
GROUPS = 32  # of Wu and He 2018


class ScaleAndShift(nn.Module):
    """What is left of a normalisation that does not normalise: a factor and an offset for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight[:, None, None] + self.bias[:, None, None]


def groups_of(channels: int) -> int:
    """32 groups (Wu and He 2018), fewer where channels do not divide so: at least two channels in each."""
    return max((g for g in range(1, min(GROUPS, channels // 2) + 1) if channels % g == 0), default=1)


# name -> layer of (channels, eps); the formulas of all but `batch` are one: mean 0 and variance 1 over all places and a
# group of channels of one picture (Wu and He 2018, eq. 7)
NORMS: dict[str, Callable[[int, float], nn.Module]] = {
    "batch": lambda channels, eps: nn.BatchNorm2d(channels, eps),  # Ioffe and Szegedy 2015
    "layer": lambda channels, eps: nn.GroupNorm(1, channels, eps),  # Ba et al. 2016
    "instance": lambda channels, eps: nn.GroupNorm(channels, channels, eps),  # Ulyanov et al. 2016
    "group": lambda channels, eps: nn.GroupNorm(groups_of(channels), channels, eps),
    "none": lambda channels, eps: ScaleAndShift(channels),
}


def change_norm(network: nn.Module, name: str, where: str) -> int:
    """Exchange all normalisation layers; factors and offsets per channel keep values and names."""
    make = lookup(NORMS, name, where)

    def change(old: Any) -> nn.Module:
        if name == "batch" and isinstance(old, nn.BatchNorm2d):
            return old
        new = make(_channels(old), getattr(old, "eps", 1e-5))
        for part in ("weight", "bias"):
            value = getattr(old, part, None)
            if value is not None:
                setattr(new, part, nn.Parameter(value.detach().clone()))
        return new

    return replace(network, lambda layer: isinstance(layer, KINDS), change)


def _channels(layer: Any) -> int:
    for name in ("num_features", "num_channels"):
        if hasattr(layer, name):
            return int(getattr(layer, name))
    return int(layer.weight.numel())
