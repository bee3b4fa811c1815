"""Averages of weights over the steps of a run: they are what is validated and kept, training goes on with its own.

Lightning's WeightAveraging holds the average (torch's AveragedModel), swaps it in for validation and keeps both in its
checkpoints. Here is only how much of an average each step is. Running statistics of batch norm are averaged too.
"""

from collections.abc import Callable

import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor

from pipeline.errors import lookup
from pipeline.params import Fit
from pipeline.recipes.schedules import cycle_ends

Share = Callable[[int], float]  # step from 0 -> part of the current weights in the average after it


def ema(fit: Fit, steps: int) -> Share:
    """Exponential moving average (Polyak and Juditsky 1992): 1 - `decay`.

    More at first, 1 - (1 + n) / (10 + n) at step n as in TensorFlow's, so that fresh weights are soon forgotten.
    """
    return lambda step: 1 - min(fit.average.decay, (1 + step) / (10 + step))


def swa(fit: Fit, steps: int) -> Share:
    """Mean of the weights at every `every`-th step from `start` on (Izmailov et al. 2018); before: the current ones."""
    start, every = start_of_swa(fit, steps), fit.average.every

    def share(step: int) -> float:
        if step <= start:
            return 1.0
        count, between = divmod(step - start, every)
        return 0.0 if between else 1 / (count + 1)

    return share


def start_of_swa(fit: Fit, steps: int) -> int:
    """The step, from 0, after which the mean begins: the last one at the latest."""
    return min(steps - 1, round(fit.average.start * steps))


def snapshots(fit: Fit, steps: int) -> Share:
    """Mean of the weights at the ends of cycles of the rate (Izmailov et al. 2018); before the first: the current."""
    ends = cycle_ends(fit.schedule, steps)

    def share(step: int) -> float:
        done = step + 1
        if done <= ends[0]:
            return 1.0
        return 1 / (ends.index(done) + 1) if done in ends else 0.0

    return share


AVERAGES: dict[str, Callable[[Fit, int], Share] | None] = {
    "none": None,
    "ema": ema,
    "swa": swa,
    "snapshots": snapshots,
}


def averaging(fit: Fit, steps: int) -> list[Callback]:
    """The callback that keeps the average that `fit` names; none for none."""
    kind = lookup(AVERAGES, fit.average.name, "average.name")
    if kind is None:
        return []
    share = kind(fit, steps)
    return [WeightAveraging(avg_fn=lambda average, current, count: mixed(average, current, share(int(count))))]


def mixed(average: Tensor, current: Tensor, share: float) -> Tensor:
    """average + share x (current - average); counters, as those of batches, are the current ones."""
    return torch.lerp(average, current, share) if average.is_floating_point() else current
