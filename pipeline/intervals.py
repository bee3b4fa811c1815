"""Intervals over seeds of training, and what many comparisons do to p-values. Over images: pipeline/bootstrap.py.

The two kinds answer different questions and are never mixed: over images, what other test images would give with these
weights; over seeds, what training again would give on these test images.

Over seeds it is Student's t interval ("Student", The probable error of a mean, 1908), which takes the scores of runs to
be about normal. Not the percentile bootstrap: the spread that it knows of n values is too small by sqrt((n - 1) / n),
and it has the normal distribution's tails; of five seeds its 95 % interval contains the mean in 83 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

CONFIDENCE = 0.95
ROUNDING = 1e-12  # a spread below is that of floating-point numbers, not of seeds


@dataclass(frozen=True)
class SeedInterval:
    """A mean over runs with different seeds, of scores or of differences."""

    value: float
    low: float  # -inf, and `high` inf, for a single run: nothing is known of its spread
    high: float
    p_value: float  # two-sided, that the mean is 0; 1 for a single run
    seeds: int

    def within(self, lowest: float, highest: float) -> "SeedInterval":
        """Without what the mean cannot be, as Student knows no bounds; an end that is not known stays so."""
        low, high = max(self.low, lowest), min(self.high, highest)
        return self if self.seeds == 1 else replace(self, low=low, high=high)

    def figures(self) -> dict[str, float | int | None]:
        """For JSON, which has no infinity: `low` and `high` are None where nothing is known of them."""
        low, high = (end if np.isfinite(end) else None for end in (self.low, self.high))
        return {"value": self.value, "low": low, "high": high, "p_value": self.p_value, "seeds": self.seeds}


def seed_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> SeedInterval:
    """Student's interval of the mean of one value for each seed, at least one.

    Where all values are the same but not 0, Student's p-value would be 0, which coarse scores of few runs do not
    bear out: it is then that of the sign test, 2^(1 - n). The interval has no width then and leaves out 0, though p is
    0.25 for three seeds: p decides, and fewer than six equal differences are not distinguishable from 0 at 0.05.
    """
    scores = np.asarray(values, dtype=np.float64)
    n, mean = len(scores), float(scores.mean())
    if n == 1:
        return SeedInterval(mean, -np.inf, np.inf, 1.0, 1)
    error = float(scores.std(ddof=1)) / n**0.5
    if error < ROUNDING:
        return SeedInterval(mean, mean, mean, 1.0 if abs(mean) < ROUNDING else 2.0 ** (1 - n), n)
    reach = float(student.ppf((1 + confidence) / 2, n - 1)) * error
    p_value = 2 * float(student.sf(abs(mean) / error, n - 1))
    return SeedInterval(mean, mean - reach, mean + reach, p_value, n)


def paired_seed_interval(a: Sequence[float], b: Sequence[float], confidence: float = CONFIDENCE) -> SeedInterval:
    """Of a - b, run by run: entries at the same place are of the same seed. What a seed does to both cancels out.

    Raises:
        ValueError: `a` and `b` are of different lengths.
    """
    return seed_interval([x - y for x, y in zip(a, b, strict=True)], confidence)


def holm(p_values: Sequence[float]) -> npt.NDArray[np.float64]:
    """P-values [M] corrected for M comparisons, in their own order (S. Holm 1979, A simple sequentially rejective
    multiple test procedure): the chance that any true null hypothesis lies below a level is at most that level.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    stepped = given[order] * np.arange(len(given), 0, -1)
    corrected = np.empty_like(given)
    corrected[order] = np.maximum.accumulate(stepped).clip(max=1)
    return corrected
