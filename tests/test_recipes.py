"""Optimizers, penalties and averages of weights: what their formulas say, step by step."""

import math
from typing import Any

import pytest
import tiny
import torch
from torch import nn

from pipeline.errors import InputError
from pipeline.models.changes.groups import parameter_groups
from pipeline.params import Classifier
from pipeline.recipes.averaging import AVERAGES, averaging, mixed
from pipeline.recipes.check import check_recipe
from pipeline.recipes.optimizers import OPTIMIZERS, make_optimizer
from pipeline.recipes.penalties import penalties
from pipeline.recipes.schedules import SCHEDULES
from pipeline.section import validate

PRESET = tiny.fit_of("classifier", "lenet5")


def fit(**changes: Any) -> Any:
    """The preset's section; of the optimizer, schedule and average only these keys change."""
    whole = PRESET.model_dump()
    for key, value in changes.items():
        whole[key] = {**whole[key], **value} if isinstance(value, dict) else value
    return validate(Classifier, whole, "params")


class Alone(nn.Module):
    """One weight of 1 with a gradient of 2 x weight, in a matrix, so that it decays."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 1))

    def loss(self) -> torch.Tensor:
        return self.weight.square().sum()


def path(name: str, steps: int, rate: float = 0.1, decay: float = 0.0) -> list[float]:
    """The weight after each step."""
    network = Alone()
    own = fit(optimizer={"name": name}, weight_decay=decay)
    optimizer = make_optimizer(own.optimizer, parameter_groups(network, own, rate))
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        network.loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        found.append(float(network.weight.detach()))
    return found


def test_sgd_and_momentum() -> None:
    """w = 1, g = 2w, rate 0.1, m = 0.9."""
    assert path("sgd", 2) == pytest.approx([0.8, 0.64])
    # v = 2; w = 0.8; v = 1.8 + 1.6 = 3.4; w = 0.8 - 0.34
    assert path("momentum", 2) == pytest.approx([0.8, 0.46])
    # v = 2, w -= 0.1 (2 + 1.8) = 0.62; g = 1.24, v = 3.04, w -= 0.1 (1.24 + 2.736)
    assert path("nesterov", 2) == pytest.approx([0.62, 0.62 - 0.3976])


def test_rates_of_each_weight() -> None:
    """The first step of adagrad, adam and adamw is as long as the rate, whatever the gradient."""
    # s = 4; then g = 1.8, s = 7.24
    assert path("adagrad", 2) == pytest.approx([0.9, 0.9 - 0.18 / math.sqrt(7.24)])
    # s = 0.01 x 4: 0.1 x 2 / 0.2 = 1, w = 0
    assert path("rmsprop", 1) == pytest.approx([0.0], abs=1e-6)
    # m = 0.9 x 0.2 + 0.1 x 1.8 = 0.36 of 0.19; v = 0.999 x 0.004 + 0.001 x 3.24 of 0.001999
    second = 0.9 - 0.1 * (0.36 / 0.19) / math.sqrt((0.003996 + 0.00324) / 0.001999)
    for name in ("adam", "adamw"):
        assert path(name, 2) == pytest.approx([0.9, second], abs=1e-6)


def test_weight_decay_is_decoupled_for_adamw_alone() -> None:
    """Decay 0.5. sgd: g = 2 + 0.5. adam: the gradient's size does not matter. adamw: w - 0.1 x 0.5 w first."""
    assert path("sgd", 1, decay=0.5) == pytest.approx([0.75])
    assert path("adam", 1, decay=0.5) == pytest.approx([0.9])
    assert path("adamw", 1, decay=0.5) == pytest.approx([0.85])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_down_at_the_rate_of_its_group(name: str) -> None:
    """Half of the parabola's depth is lost in 50 steps, and nothing at a rate of 0."""
    assert path(name, 50, rate=0.05)[-1] ** 2 < 0.5
    assert path(name, 2, rate=0.0) == [1.0, 1.0]


def test_penalties() -> None:
    """Weights [[1, -2], [0, 3]] and a normalisation's: sum |w| = 6, sum w² = 14."""
    layer, norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
        layer.bias.fill_(100.0)
    found = penalties(nn.Sequential(layer, norm), fit(l1=0.5, l2=0.1))
    assert {name: float(value.detach()) for name, value in found.items()} == pytest.approx({"l1": 3.0, "l2": 1.4})
    assert penalties(layer, fit()) == {}
    found["l2"].backward()  # type: ignore[no-untyped-call]
    assert layer.weight.grad is not None and layer.bias.grad is None
    assert layer.weight.grad.flatten().tolist() == pytest.approx([0.2, -0.4, 0.0, 0.6])


def shares(name: str, steps: int, **changes: Any) -> list[float]:
    kind = AVERAGES[name]
    assert kind
    share = kind(fit(**changes), steps)
    return [share(step) for step in range(steps)]


def test_shares_of_a_moving_average() -> None:
    """1 - (1 + n) / (10 + n) at first, 1 - decay in the end."""
    found = shares("ema", 200, average={"decay": 0.9})
    assert found[:2] == pytest.approx([0.9, 1 - 2 / 11])
    assert found[80:] == pytest.approx([0.1] * 120)  # 81 / 90


def test_shares_of_stochastic_weight_averaging() -> None:
    """From step 5 of 10 on, every second: the means of one, two and three."""
    found = shares("swa", 10, average={"start": 0.5, "every": 2})
    assert found == pytest.approx([1, 1, 1, 1, 1, 1, 0, 1 / 2, 0, 1 / 3])
    assert shares("swa", 3, average={"start": 1.0}) == [1, 1, 1]


def test_shares_of_snapshots() -> None:
    """Three cycles of 10 steps after one of warm-up: they end when 4, 7 and 10 are done."""
    found = shares("snapshots", 10, schedule={"name": "cosine_restarts", "warm_up": 0.1, "cycles": 3})
    assert found == pytest.approx([1, 1, 1, 1, 0, 0, 1 / 2, 0, 0, 1 / 3])


def test_lightning_averages_by_these_shares() -> None:
    """Weights 1, 2, 3, ... 10 and a counter: from step 5 on the mean of 6, 8 and 10."""
    network = nn.BatchNorm1d(1)
    callback: Any = averaging(fit(average={"name": "swa", "start": 0.5, "every": 2}), 10)[0]
    average = torch.optim.swa_utils.AveragedModel(network, use_buffers=True, **callback._kwargs)
    seen = []
    for step in range(1, 11):
        nn.init.constant_(network.weight, step)
        nn.init.constant_(network.running_var, 2 * step)
        network.num_batches_tracked.add_(1)
        average.update_parameters(network)
        seen.append(float(average.module.weight.detach()))
    assert seen == pytest.approx([1, 2, 3, 4, 5, 6, 6, 7, 7, 8])
    assert (float(average.module.running_var), int(average.module.num_batches_tracked)) == (16, 10)


def test_mixed_ends_are_exact() -> None:
    average, current = torch.tensor([0.1, 1e8]), torch.tensor([0.7, 1e-8])
    assert torch.equal(mixed(average, current, 0.0), average)
    assert torch.equal(mixed(average, current, 1.0), current)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": {"name": "adamm"}}, "detector.optimizer.name: .*'adamm'. Did you mean 'adam'"),
        ({"schedule": {"name": "cosin"}}, "detector.schedule.name: .*'cosin'. Did you mean 'cosine'"),
        ({"average": {"name": "mean"}}, "detector.average.name: .*'mean'.*Known: ema, none, snapshots, swa"),
        ({"average": {"name": "snapshots"}}, "expected detector.schedule.name: cosine_restarts .*found 'cosine'"),
    ],
)
def test_recipes_that_cannot_be_followed(changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_recipe("detector", fit(**changes))


def test_every_name_is_accepted() -> None:
    for key, names in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("average", AVERAGES)):
        for name in names:
            restarts = {"schedule": {"name": "cosine_restarts"}} if name == "snapshots" else {}
            check_recipe("classifier", fit(**{key: {"name": name}}, **restarts))
