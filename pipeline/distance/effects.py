"""By which measure two sets differ most, in deviations, each with an interval over images."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.distance.look import Looked
from pipeline.distance.measures import BINS, MEASURES, RANGES, TURN
from pipeline.distance.resample import Bootstrap, mean_of
from pipeline.distance.sets import Sampled

Floats = npt.NDArray[np.float64]
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
CENTRAL = 0.95  # part of the first set within the range whose cover of the second is counted
LEAST_DEVIATION = 1e-6  # so that a measure without any spread gives a large number, not infinity


def summary(values: Floats) -> dict[str, float]:
    """Mean, deviation and quantiles of values [N]."""
    quantiles = np.quantile(values, list(QUANTILES.values())).tolist()
    return {
        "mean": float(values.mean()),
        "deviation": float(values.std()),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }


def effect(first: Sampled, second: Sampled, bootstrap: Bootstrap) -> dict[str, float]:
    """Standardised difference of means (Cohen 1988): second - first, over the root of the mean of their variances.

    `values` are [N]. `covered`: part of the second set within the central 95 % of the first.
    """

    def figure(counts: Floats, other_counts: Floats) -> Floats:
        mean, variance = moments(first, counts)
        other_mean, other_variance = moments(second, other_counts)
        deviation = np.sqrt((variance + other_variance) / 2)
        return np.asarray((other_mean - mean) / np.maximum(deviation, LEAST_DEVIATION))

    low, high = np.quantile(first.values, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2])
    covered = float(((second.values >= low) & (second.values <= high)).mean())
    return {**bootstrap.interval(first, second, figure), "covered": covered}


def moments(sampled: Sampled, counts: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of values [N] with every image counted so often, counts [R, images]: [R] each."""
    middle = sampled.values.mean()  # taken off, or squares of large numbers would cancel out
    centred = sampled.values - middle
    mean = mean_of(Sampled(centred, sampled.groups), counts)
    square = mean_of(Sampled(centred**2, sampled.groups), counts)
    return mean + middle, np.maximum(square - mean**2, 0)


def earth_movers(first: Sampled, second: Sampled, width: float, bootstrap: Bootstrap) -> dict[str, float]:
    """Earth mover's distance of mean histograms (Rubner et al. 2000), values [N, BINS] in bins of `width`.

    In units of what is counted: how far the colours must be moved, on average. It is never negative, so even sets of
    one kind are a little apart: see the pairs of one domain.
    """

    def figure(counts: Floats, other_counts: Floats) -> Floats:
        surplus = mean_of(first, counts) - mean_of(second, other_counts)  # [R, BINS]
        return np.asarray(np.abs(np.cumsum(surplus, axis=1)).sum(axis=1) * width)

    return bootstrap.normal(first, second, figure)


def differences(first: Looked, second: Looked, bootstrap: Bootstrap) -> dict[str, Any]:
    """`effects` by measure, and `histograms`, the earth mover's distance by channel."""
    effects = {name: effect(first.measure(n), second.measure(n), bootstrap) for n, name in enumerate(MEASURES)}
    histograms = {
        name: earth_movers(first.histogram(n), second.histogram(n), (high - low) / BINS, bootstrap)
        for n, (name, (low, high)) in enumerate(RANGES.items())
    }
    return {"effects": effects, "histograms": histograms}


def ranked(effects: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Measures by the size of their effect, the largest first, with the keys of params.yaml that move them.

    `clear`: its interval leaves out 0.
    """
    order = sorted(effects, key=lambda name: -abs(effects[name]["value"]))
    return [
        {"measure": n, **effects[n], "clear": effects[n]["low"] * effects[n]["high"] > 0, "turn": TURN[n]}
        for n in order
    ]
