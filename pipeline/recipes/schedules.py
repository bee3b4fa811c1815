"""The learning rate over a run: step -> part of the highest rate, in closed form, so that any step can be looked at."""

from collections.abc import Callable

import numpy as np
from torch import optim
from torch.optim.lr_scheduler import LambdaLR, LinearLR, LRScheduler

from pipeline.errors import lookup
from pipeline.params import Schedule

PLATEAU = "plateau"
RESTARTS = "cosine_restarts"
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 25e4  # of the highest rate; those of torch's OneCycleLR


def warm_up_steps(options: Schedule, steps: int) -> int:
    """Steps in which the rate rises; a run that asks for a warm-up has at least one."""
    return max(1, round(steps * options.warm_up)) if options.warm_up else 0


def rate_factor(options: Schedule, step: float, steps: int) -> float:
    """Learning rate / its highest at `step`, from 0: linear warm-up (Goyal et al. 2017), then the schedule's course."""
    warm = warm_up_steps(options, steps)
    course = lookup(SCHEDULES, options.name, "schedule.name")
    if step < warm and course is not one_cycle:  # which rises in its own way
        return (step + 1) / warm
    return course(step, warm, steps, options)


def constant(step: float, warm: int, steps: int, options: Schedule) -> float:
    """The highest rate all along: 1 (Robbins and Monro 1951 let it fall; with it weights keep moving)."""
    return 1.0


def falling_steps(step: float, warm: int, steps: int, options: Schedule) -> float:
    """`factor` to the power of the milestones passed, parts of the whole run (He et al. 2016: 0.1 at each of two)."""
    return options.factor ** sum(step >= round(part * steps) for part in options.milestones)


def cosine(step: float, warm: int, steps: int, options: Schedule) -> float:
    """Half a cosine down to 0 (Loshchilov and Hutter 2016)."""
    return _half_cosine((step - warm) / max(1, steps - warm))


def linear(step: float, warm: int, steps: int, options: Schedule) -> float:
    """1 - t, a straight line down to 0 (Goyal et al. 2017 warm up so; Devlin et al. 2018 decay so)."""
    return max(0.0, 1 - (step - warm) / max(1, steps - warm))


def inverse_sqrt(step: float, warm: int, steps: int, options: Schedule) -> float:
    """sqrt(warm / (step + 1)), which is 1 at the end of the warm-up (Vaswani et al. 2017)."""
    return float(np.sqrt(max(1, warm) / (step + 1)))


def one_cycle(step: float, warm: int, steps: int, options: Schedule) -> float:
    """Half a cosine up from 1/25 over the warm-up and half a cosine down (Smith and Topin 2018, as in torch).

    The momentum stays as it is.
    """
    top = warm - 1.0  # the step of the highest rate
    if step < top:
        return _between(1.0, ONE_CYCLE_START, step / top)
    return _between(ONE_CYCLE_END, 1.0, (step - top) / max(1.0, steps - 1 - top))


def cosine_restarts(step: float, warm: int, steps: int, options: Schedule) -> float:
    """Cycles of half a cosine each, from the highest rate again (Huang et al. 2017, eq. 2)."""
    length = cycle_length(options, steps)
    return _half_cosine((step - warm) % length / length)


def _half_cosine(done: float) -> float:
    return float(0.5 * (1 + np.cos(np.pi * min(1.0, done))))


def _between(end: float, start: float, done: float) -> float:
    """From `start` to `end` along half a cosine."""
    return end + (start - end) * _half_cosine(done)


# (step from 0, steps of the warm-up, all steps, options) -> learning rate / its highest, after the warm-up
SCHEDULES: dict[str, Callable[[float, int, int, Schedule], float]] = {
    "constant": constant,
    "step": falling_steps,
    "cosine": cosine,
    "linear": linear,
    "inverse_sqrt": inverse_sqrt,
    PLATEAU: constant,  # until scores say otherwise: callbacks.Plateau
    "one_cycle": one_cycle,
    RESTARTS: cosine_restarts,
}


def cycle_length(options: Schedule, steps: int) -> int:
    """Steps of a cycle of cosine_restarts: those after the warm-up in equal parts, the last one maybe shorter."""
    return max(1, -(-(steps - warm_up_steps(options, steps)) // options.cycles))


def cycle_ends(options: Schedule, steps: int) -> list[int]:
    """How many steps are done when each cycle of cosine_restarts ends."""
    warm, length = warm_up_steps(options, steps), cycle_length(options, steps)
    return sorted({min(steps, warm + n * length) for n in range(1, options.cycles + 1)})


def make_schedule(options: Schedule, optimizer: optim.Optimizer, steps: int) -> LRScheduler:
    """What sets the rate at every step."""
    if options.name == PLATEAU:  # one that multiplies the rate, as LambdaLR would undo what the plateau has done
        warm = max(1, warm_up_steps(options, steps))
        return LinearLR(optimizer, start_factor=1 / warm, end_factor=1.0, total_iters=warm - 1)
    return LambdaLR(optimizer, lambda step: rate_factor(options, step, steps))
