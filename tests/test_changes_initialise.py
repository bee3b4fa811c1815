"""Initial weights have the variance of their papers, and the head keeps its own."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.models.changes.initialise import INITIALISATIONS, initialise

VARIANCES = {"xavier": 2 / 360, "kaiming": 2 / 120, "lecun": 1 / 120, "normal": 0.01**2}


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_initialisation_has_the_variance_of_its_paper(name: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(8, 16, (3, 5)), nn.Flatten(), nn.Linear(16, 3))
    last = copy.deepcopy(network[2].state_dict())
    assert initialise(network, name, "initialisation") == 1
    weight: Any = network[0].weight
    variance = VARIANCES.get(name.split("_")[0], 0.0)
    assert float(weight.detach().square().mean()) == pytest.approx(variance, rel=0.1, abs=1e-12)
    if name.endswith("uniform"):  # on -a .. a the variance is a^2 / 3
        assert float(weight.detach().abs().max()) <= math.sqrt(3 * variance)
    assert not network[0].bias.any()
    assert all(torch.equal(t, last[n]) for n, t in network[2].state_dict().items())


def test_a_bias_that_was_chosen_stays() -> None:
    network = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    nn.init.constant_(network[0].bias, -2.0)
    initialise(network, "kaiming_normal", "initialisation")
    assert network[0].bias.tolist() == [-2.0] * 4 and network[1].bias.tolist() == [0.0] * 4
