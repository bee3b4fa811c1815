"""Step 3: the learning-rate range test (Smith 2015): the rate rises exponentially, and the loss says which is good."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import numpy.typing as npt
import torch
from lightning.fabric.utilities import move_data_to_device
from matplotlib.axes import Axes
from scipy.ndimage import gaussian_filter1d

from pipeline.errors import InputError
from pipeline.figure import save_plots
from pipeline.infer import best_device
from pipeline.learner import penalised_parts
from pipeline.models.changes.groups import parameter_groups
from pipeline.recipes.optimizers import make_optimizer
from pipeline.tune import given
from pipeline.work import Work, start_network

Floats = npt.NDArray[np.float64]
EXPLODED = 4.0  # times the lowest loss: nothing is learned from there on
SMOOTHING_STEPS = 4.0  # deviation of the Gaussian; it looks to both sides, so that no rate seems higher than it was


@dataclass(frozen=True)
class Range:
    """Rates and what the loss was at them, [N]."""

    rates: Floats
    losses: Floats  # finite

    @property
    def smoothed(self) -> Floats:
        return smooth(self.losses)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_arguments(parser)
    parser.add_argument("--low", type=float, default=1e-6, help="first rate")
    parser.add_argument("--high", type=float, default=1.0, help="last rate")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("tune"), help="folder for the table and the plot")


def command(args: argparse.Namespace) -> None:
    if not 0 < args.low < args.high or args.steps < 2:
        given_here = f"found {args.low:g}, {args.high:g}, {args.steps}."
        raise InputError(f"--low, --high, --steps: expected 0 < low < high in at least 2 steps, {given_here}")
    run = given.given(args)
    found = measure(run.work(), exponential(args.low, args.high, args.steps))
    table = args.out / f"range-{run.name}.tsv"
    write(table, found)
    save_plots(table.with_suffix(".svg"), [lambda axes: draw(axes, found)])
    print(f"{table}, {table.with_suffix('.svg')}: {len(found.rates)} of {args.steps} steps")
    print(verdict(found, args.high, run.fit.learning_rate))


def exponential(low: float, high: float, steps: int) -> Floats:
    """low (high / low)^(t / (steps - 1)) for t = 0 .. steps - 1."""
    return np.geomspace(low, high, steps)


def measure(work: Work, rates: Floats) -> Range:
    """One step of training at each rate, on augmented batches, until the loss explodes.

    As in training (optimizer, groups of weights, penalties, clipping), but on one device and in 32 bits. Lightning's
    own `lr_find` gives all groups the same rate, and a loss that is no number loses all of its measurements.
    """
    pl.seed_everything(work.params.train.seed, verbose=False)
    counts = len(work.categories), work.channels
    network = start_network(work.task, work.fit, *counts, work.start, work.training_crops)
    network.to(best_device()).train()
    batches = work.batches(work.phases()[0], len(rates))
    optimizer = make_optimizer(work.fit.optimizer, parameter_groups(network, work.fit, 1.0))
    parts = [group["lr"] for group in optimizer.param_groups]  # of a rate of 1
    losses: list[float] = []
    for rate, batch in zip(rates, batches, strict=True):
        for group, part in zip(optimizer.param_groups, parts, strict=True):
            group["lr"] = rate * part
        losses.append(step(network, work, optimizer, batch))
        if exploded(losses):
            break
    kept = [loss for loss in losses if math.isfinite(loss)]
    return Range(rates[: len(kept)], np.array(kept))


def step(network: torch.nn.Module, work: Work, optimizer: torch.optim.Optimizer, batch: Any) -> float:
    """One step of training; the loss before it."""
    loss = torch.stack(list(penalised_parts(network, work.fit, to_device(batch)).values())).sum()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if work.fit.gradient_clip is not None:
        torch.nn.utils.clip_grad_norm_(network.parameters(), work.fit.gradient_clip)
    optimizer.step()
    return float(loss.detach())


def to_device(batch: Any) -> Any:
    """As Lightning does: tensors in lists, tuples and dicts."""
    return move_data_to_device(batch, best_device())


def smooth(losses: npt.ArrayLike) -> Floats:
    return np.asarray(gaussian_filter1d(np.asarray(losses, np.float64), SMOOTHING_STEPS, mode="nearest"))


def exploded(losses: list[float]) -> bool:
    """Whether the last loss is no number, or the smoothed loss has risen far above its lowest value."""
    if not math.isfinite(losses[-1]):
        return True
    smoothed = smooth(losses)
    return bool(smoothed[-1] > EXPLODED * smoothed.min())


def steepest(rates: Floats, smoothed: Floats) -> float | None:
    """Where the smoothed loss falls fastest over the logarithm of the rate, before its lowest; None: it never falls.

    Later it may fall again, and faster, from a height at which nothing is learned.
    """
    end = int(smoothed.argmin()) + 1
    if end < 2:
        return None
    slope = np.gradient(smoothed[:end], np.log(rates[:end]))
    return float(rates[slope.argmin()]) if slope.min() < 0 else None


def verdict(found: Range, high: float, used: float) -> str:
    """`high` is the last rate that was asked for, `used` the one in params.yaml."""
    rate = steepest(found.rates, found.smoothed)
    if rate is None:
        raise InputError("range: expected a loss that falls at some rate, found none: look at `start` and `overfit`.")
    lowest = found.rates[found.smoothed.argmin()]
    end = f"exploded above {found.rates[-1]:.2g}" if found.rates[-1] < high else "never exploded"
    return f"range: suggested rate {rate:.2g} (steepest fall), lowest loss at {lowest:.2g}, {end}; in use: {used:g}"


def write(path: Path, found: Range) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = zip(found.rates, found.losses, found.smoothed, strict=True)
    lines = ["rate\tloss\tsmoothed", *(f"{rate:.6g}\t{loss:.6g}\t{mean:.6g}" for rate, loss, mean in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw(axes: Axes, found: Range) -> None:
    axes.plot(found.rates, found.losses, ".", ms=3, color="#999999", label="loss")
    axes.plot(found.rates, found.smoothed, color="#0072b2", label="smoothed")
    rate = steepest(found.rates, found.smoothed)
    if rate is not None:
        axes.axvline(rate, color="#d55e00", ls="--", label=f"steepest fall: {rate:.2g}")
    axes.set(xscale="log", xlabel="learning rate", title="Learning-rate range test")
