"""What `bench.train` prints: ratios of neighbours, medians and quartiles."""

import numpy as np

from bench.spread import ratios, spread
from bench.train_turns import Answers


def of(found: Answers, name: str, what: str) -> list[float]:
    return [answer[what] for answer in found[name]]


def times_faster(found: Answers, name: str, than: str) -> list[str]:
    """By the clock on the wall and by processor time."""
    return [ratios(of(found, than, what), of(found, name, what)).text() for what in ("wall", "cpu")]


def compared(name: str, batch_size: int, found: Answers) -> list[str]:
    """A row: images/s of ours, how many times those of the others, peak memory of all."""
    speed = spread(batch_size / seconds for seconds in of(found, "ours", "wall")).text(0)
    others = [cell for side in ("bare", "reference") for cell in times_faster(found, "ours", side)]
    return [name, speed, *others, *(f"{max(of(found, side, 'mb')):.0f}" for side in found)]


def settings_rows(found: Answers) -> list[list[str]]:
    """A row for each setting: how many times as fast as the first, and its peak memory."""
    first = next(iter(found))
    return [[name, *times_faster(found, name, first), f"{max(of(found, name, 'mb')):.0f}"] for name in found]


def reached(found: Answers) -> list[list[str]]:
    """A row for each side: seconds until the score, and where it was then."""
    rows = []
    for name in found:
        wall, cpu = (spread(of(found, name, what)).text(0) for what in ("wall", "cpu"))
        score, seen = (np.median(of(found, name, what)) for what in ("score", "validations"))
        rows.append([name, wall, cpu, f"{score:.3f}", f"{seen:.0f}", f"{max(of(found, name, 'mb')):.0f}"])
    return rows
