"""What learning curves say, in words: pure rules over (step, value) pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.report.load import Curve

END = 0.2  # part of the steps that counts as the end
GAP = 0.05  # of scores: train so far above val is over-fitting, if it grows or val gets worse
CHANGE = 0.02  # of scores: less is noise
FALL = 0.05  # of the loss, over the end: less is flat


@dataclass(frozen=True)
class Curves:
    """Of one phase of training: loss on augmented batches; scores on a part of train, and on val."""

    loss: Curve
    train: Curve
    val: Curve


@dataclass(frozen=True)
class Verdict:
    name: str  # over-fitting, under-fitting, still falling, fine
    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}. {self.advice}"


def judge(curves: Curves, good: float) -> Verdict:
    """`good` is the score on train below which a network that learns no more is under-fitting."""
    train, val, best = at_end(curves.train), at_end(curves.val), max(value for _, value in curves.val)
    fall = fall_at_end(curves.loss)
    scores = f"train {train:.3f}, val {val:.3f}"
    if train - val >= GAP and (best - val >= CHANGE or gap_growth(curves) >= CHANGE):
        return Verdict("over-fitting", f"{scores}, best val {best:.3f}", OVER)
    if fall >= FALL:
        return Verdict("still falling", f"{scores}; the loss fell by {fall:.0%} at the end", FALLING)
    if train < good and train - val < GAP:
        return Verdict("under-fitting", f"{scores}, and the loss is flat", UNDER)
    return Verdict("fine", f"{scores}, and the loss is flat", FINE)


OVER = "More data or augmentation, more weight_decay, a smaller network, or fewer steps."
FALLING = "More steps, or a higher rate."
UNDER = "A larger network, another rate, less augmentation or regularisation."
FINE = "What is left is in the data."


def at_end(curve: Curve) -> float:
    """The mean value over the last part of the steps."""
    return float(np.mean([value for _, value in last_part(curve)]))


def last_part(curve: Curve) -> Curve:
    """The points of the last END of the steps: at least the last one."""
    last = curve[-1][0]
    return [(step, value) for step, value in curve if step >= last - END * (last - curve[0][0])]


def fall_at_end(loss: Curve) -> float:
    """How far the line fitted to the end falls, as a part of its height where that end begins; negative: it rises."""
    part = last_part(loss)
    if len(part) < 2:
        return 0.0
    steps, values = np.array(part).T
    slope, offset = np.polyfit(steps - steps[0], values, 1)
    return float(-slope * (steps[-1] - steps[0]) / offset) if offset > 0 else 0.0


def gap_growth(curves: Curves) -> float:
    """The gap between train and val at the end - in the middle of training."""
    return at_end(curves.train) - at_end(curves.val) - (in_middle(curves.train) - in_middle(curves.val))


def in_middle(curve: Sequence[tuple[float, float]]) -> float:
    return curve[len(curve) // 2][1]
