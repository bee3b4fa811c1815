"""The learning rate over a run, at steps where it can be worked out by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR

from pipeline.params import Schedule
from pipeline.recipes.schedules import SCHEDULES, cycle_ends, make_schedule, rate_factor


def options(name: str, **changes: Any) -> Schedule:
    usual = {"warm_up": 0.05, "milestones": [0.5, 0.75], "factor": 0.1, "patience": 2, "cycles": 3}
    return Schedule(name=name, **{**usual, **changes})


def factors(name: str, at: list[float], steps: int = 100, **changes: Any) -> list[float]:
    return [rate_factor(options(name, **changes), step, steps) for step in at]


def test_cosine() -> None:
    """100 steps: five of warm-up, then half a cosine over the other 95."""
    assert factors("cosine", [0, 1, 4, 5]) == pytest.approx([0.2, 0.4, 1.0, 1.0])
    assert factors("cosine", [5 + 95 / 2, 100]) == pytest.approx([0.5, 0.0])
    assert factors("cosine", [0, 1], steps=1) == pytest.approx([1.0, 1.0])
    assert factors("cosine", [0, 50], warm_up=0.0) == pytest.approx([1.0, 0.5])


def test_cosine_is_to_the_bit_what_results_were_made_with() -> None:
    for steps in (1, 12, 700, 1500):
        warm = max(1, round(steps * 0.05))
        for step in range(steps + 1):
            expected = float(0.5 * (1 + np.cos(np.pi * min(1.0, (step - warm) / max(1, steps - warm)))))
            assert rate_factor(options("cosine"), step, steps) == ((step + 1) / warm if step < warm else expected)


def test_the_others() -> None:
    assert factors("constant", [0, 4, 99]) == pytest.approx([0.2, 1.0, 1.0])
    assert factors("step", [0, 49, 50, 74, 75, 99]) == pytest.approx([0.2, 1.0, 0.1, 0.1, 0.01, 0.01])
    assert factors("linear", [1, 5, 52.5, 100]) == pytest.approx([0.4, 1.0, 0.5, 0.0])
    assert factors("inverse_sqrt", [4, 19, 79]) == pytest.approx([1.0, 0.5, 0.25])  # sqrt(5 / 20), sqrt(5 / 80)
    assert factors("inverse_sqrt", [0, 3], warm_up=0.0) == pytest.approx([1.0, 0.5])


def test_restarts() -> None:
    """10 steps of warm-up, then three cycles of 30: each starts at the top, its middle is at a half."""
    own: dict[str, Any] = {"warm_up": 0.1}
    assert factors("cosine_restarts", [9, 10, 25, 40, 55, 70, 85], **own) == pytest.approx([1, 1, 0.5, 1, 0.5, 1, 0.5])
    assert factors("cosine_restarts", [39, 99], **own)[0] == pytest.approx((1 + np.cos(np.pi * 29 / 30)) / 2)
    assert cycle_ends(options("cosine_restarts", **own), 100) == [40, 70, 100]
    assert cycle_ends(options("cosine_restarts", warm_up=0.0, cycles=4), 10) == [3, 6, 9, 10]  # ceil(10 / 4) each


def rates(name: str, steps: int, **changes: Any) -> list[float]:
    """The rates that an optimizer gets, as parts of the highest."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    schedule = make_schedule(options(name, **changes), optimizer, steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"] / 2.0)
        optimizer.step()
        schedule.step()
    return found


def test_one_cycle_is_torch_s() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    torchs = OneCycleLR(optimizer, max_lr=1.0, total_steps=40, pct_start=0.3, cycle_momentum=False)
    expected = []
    for _ in range(40):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        torchs.step() if len(expected) < 40 else None
    assert rates("one_cycle", 40, warm_up=0.3) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert factors("one_cycle", [0, 11, 39], steps=40, warm_up=0.3) == pytest.approx([1 / 25, 1.0, 1 / 25e4])


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("warm_up", [0.0, 0.05, 0.5, 1.0])
def test_every_schedule_stays_between_0_and_the_highest_rate(name: str, warm_up: float) -> None:
    """What the optimizer gets is what the formula says, in a run of 13 steps and in one of a single step."""
    for steps in (1, 13):
        found = rates(name, steps, warm_up=warm_up)
        assert found == pytest.approx([rate_factor(options(name, warm_up=warm_up), s, steps) for s in range(steps)])
        assert min(found) >= 0 and 0 < max(found) <= 1 + 1e-9
        if name != "one_cycle" and warm_up == 1.0:
            assert found == pytest.approx([(s + 1) / steps for s in range(steps)])
