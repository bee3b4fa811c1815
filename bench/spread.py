"""Repeated measurements in a few words: median, and the quartiles as its spread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of repeated measurements."""

    low: float
    middle: float
    high: float

    def text(self, digits: int = 2) -> str:
        return f"{self.middle:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def spread(values: Iterable[float]) -> Spread:
    low, middle, high = np.percentile(list(values), [25, 50, 75])
    return Spread(float(low), float(middle), float(high))


def ratios(over: Sequence[float], under: Sequence[float]) -> Spread:
    """Of pairs that were measured one after the other, so that what slows the machine slows both."""
    return spread(a / b for a, b in zip(over, under, strict=True))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
