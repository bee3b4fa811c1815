"""Intervals over images of a figure that follows from sums over the samples of each image."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from pipeline.bootstrap import Estimate
from pipeline.distance.sets import Sampled

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bootstrap:
    """How images are drawn again, for the intervals of pipeline/bootstrap.py."""

    resamples: int
    confidence: float
    rng: np.random.Generator

    def interval(self, first: Sampled, second: Sampled, figure: Callable[[Floats, Floats], Floats]) -> dict[str, float]:
        """`value`, `low`, `high` of `figure`, which takes counts [R, images] of both sets and gives [R]."""
        values = figure(self.counts(first), self.counts(second))
        return Estimate(float(values[0]), values[1:]).interval(self.confidence)

    def normal(self, first: Sampled, second: Sampled, figure: Callable[[Floats, Floats], Floats]) -> dict[str, float]:
        """The same for a distance, which resamples make larger: as far to both sides as they deviate, down to 0."""
        values = figure(self.counts(first), self.counts(second))
        value = float(values[0])
        reach = float(norm.ppf((1 + self.confidence) / 2) * values[1:].std(ddof=1))
        return {"value": value, "low": max(0.0, value - reach), "high": value + reach}

    def counts(self, sampled: Sampled) -> Floats:
        """How often each image is there: once in the first row, then as it is drawn, [1 + resamples, images]."""
        even = np.full(sampled.images, 1 / sampled.images)
        drawn = self.rng.multinomial(sampled.images, even, size=self.resamples)
        return np.concatenate([np.ones((1, sampled.images)), drawn])


def mean_of(sampled: Sampled, counts: Floats) -> Floats:
    """Mean over samples, values [N, ...], with every image counted so often, counts [R, images]: [R, ...]."""
    sums = sampled.sums(sampled.values)
    total = counts @ sampled.sums(np.ones(len(sampled.values)))
    means = np.tensordot(counts, sums, axes=1) / total.reshape(-1, *[1] * (sums.ndim - 1))
    return np.asarray(means, np.float64)
