"""Exchanged normalisation: (x - mean) / sqrt(variance + eps) over what the kind says (Wu and He 2018, eq. 1 and 7)."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from pipeline.models.changes.norm import change_norm, groups_of


def normalised(name: str, x: Tensor, channels: int) -> Tensor:
    network = nn.Sequential(nn.BatchNorm2d(channels))
    assert change_norm(network, name, "norm") == 1
    return torch.as_tensor(network.train()(x)).detach()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("instance", [[-1, 1], [-1, 1], [-1, 1], [-1, 1]]),
        # of two channels, 0, 2, 10, 12: mean 6, variance (36 + 16 + 16 + 36) / 4 = 26
        ("group", [[-6, -4], [4, 6], [-6, -4], [4, 6]]),
        # of all: mean 16, variance (256 + 196 + 36 + 16) * 2 / 8 = 126
        ("layer", [[-16, -14], [-6, -4], [4, 6], [14, 16]]),
        ("none", [[0, 2], [10, 12], [20, 22], [30, 32]]),
        ("batch", [[-1, 1], [-1, 1], [-1, 1], [-1, 1]]),
    ],
)
def test_normalisation(name: str, wanted: list[list[float]]) -> None:
    x = torch.tensor([[0.0, 2], [10, 12], [20, 22], [30, 32]])[None, :, None]  # [1, 4, 1, 2]
    deviation = {"group": math.sqrt(26), "layer": math.sqrt(126)}.get(name, 1.0)
    assert torch.allclose(normalised(name, x, 4)[0, :, 0] * deviation, torch.tensor(wanted).float(), atol=1e-3)


def test_groups_divide_the_channels() -> None:
    assert [groups_of(c) for c in (64, 128, 16, 24, 6, 7, 1)] == [32, 32, 8, 12, 3, 1, 1]


def test_factors_and_offsets_stay_and_frozen_layers_learn_again() -> None:
    frozen = FrozenBatchNorm2d(2, eps=0.5)
    frozen.weight.copy_(torch.tensor([2.0, 3.0]))
    frozen.bias.copy_(torch.tensor([0.5, 0.25]))
    network = nn.Sequential(frozen)
    change_norm(network, "batch", "norm")
    layer: Any = network[0]
    assert isinstance(layer, nn.BatchNorm2d) and layer.eps == 0.5 and layer.weight.requires_grad
    assert layer.weight.tolist() == [2.0, 3.0] and layer.bias.tolist() == [0.5, 0.25]
