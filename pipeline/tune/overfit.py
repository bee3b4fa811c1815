"""Step 2: a few objects can be learned by heart, without augmentation: if not, more data will not help."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import lightning.pytorch as pl

from pipeline.check import SCORE_EVERY_STEPS, losses_on, prepare
from pipeline.dataset import few_images
from pipeline.errors import InputError
from pipeline.tune import given
from pipeline.tune.given import Given
from pipeline.work import scorer

ENOUGH = 0.99  # accuracy or AP50: in few objects, all of them
FLAT = 0.9  # a loss that ends above this part of its start has not fallen


@dataclass(frozen=True)
class Moment:
    """One line of the curve."""

    step: int
    loss: float
    score: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_arguments(parser)
    parser.add_argument("--objects", type=int, help="to be learned; check.objects if not given")
    parser.add_argument("--steps", type=int, help="at most; check.steps if not given")


def command(args: argparse.Namespace) -> None:
    run = given.given(args)
    steps, objects = args.steps or run.params.check.steps, args.objects or run.params.check.objects
    pl.seed_everything(run.params.train.seed, verbose=False)
    print("step\tloss\tscore")
    seen: list[Moment] = []
    for moment in learn(run, objects, steps, enough(run)):
        print(f"{moment.step}\t{moment.loss:.4f}\t{moment.score:.3f}", flush=True)
        seen.append(moment)
    print(verdict(seen, run.fit.learning_rate, enough(run)))


def enough(run: Given) -> float:
    """The score at which all is known; of a segmenter check.mean_iou, as the borders of thin things alone cost much."""
    return run.params.check.mean_iou if run.task == "segmenter" else ENOUGH


def learn(run: Given, objects: int, steps: int, known: float) -> Iterator[Moment]:
    """The start, and every tenth step until all is known, the loss is no number, or `steps` are over."""
    few = few_images(run.train(), objects)
    network, batch = prepare(run.fit, few, run.data)
    score = scorer(few, run.data, run.fit)
    for step, loss in enumerate(losses_on(network, run.fit, batch, steps), start=1):
        if step == 1 or step % SCORE_EVERY_STEPS == 0 or not math.isfinite(loss):
            moment = Moment(step, loss, score(network) if math.isfinite(loss) else math.nan)
            yield moment
            if not moment.score < known:
                return


def verdict(seen: list[Moment], rate: float, known: float) -> str:
    """What the curve says. Raises InputError, with a hint, where the objects were not learned."""
    first, last = seen[0], seen[-1]
    if last.score >= known:
        return f"overfit: learned by heart in {last.step} steps: network, loss and data fit together."
    expected = f"overfit: expected a score of {known:g}, found"
    if not math.isfinite(last.loss):
        raise InputError(f"{expected} a loss of {last.loss} at step {last.step}: the rate, {rate:g}, is too high.")
    if last.loss > FLAT * first.loss:
        found = f"a loss that goes from {first.loss:.3f} to {last.loss:.3f}"
        hint = f"the rate, {rate:g}, is too low or far too high, or the network starts badly; `range` finds a rate."
        raise InputError(f"{expected} {found}: {hint}")
    hint = "the loss falls: try more --steps or a higher rate; if it stays so, the network is too small."
    raise InputError(f"{expected} {last.score:.3f} after {last.step} steps: {hint}")
