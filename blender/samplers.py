"""Random numbers: one stream for each frame and name, and draws from the distributions of params.yaml."""

from typing import Any, Literal
from zlib import crc32

import numpy as np

from pipeline.section import Distribution

Rng = np.random.Generator
Part = Literal["low", "middle", "high"]

DEVIATIONS = 2  # of a normal distribution at its ends


def stream(seed: int, split: str, index: int, name: str) -> Rng:
    """The random numbers of `name` (a scene or randomizer) in one frame.

    No stream depends on another, so any frame can be made alone, and a new name shifts nobody's draws.
    """
    return np.random.default_rng([seed, index, crc32(f"{split}/{name}".encode())])


def draw(distribution: Distribution, rng: Rng) -> Any:
    """One value, of a type that JSON knows."""
    kind, args = distribution.kind, distribution.args
    if kind == "constant":
        return args[0]
    if kind == "choice":
        return args[int(rng.integers(len(args)))]
    if kind == "integer":
        return int(rng.integers(args[0], args[1] + 1))
    if kind == "uniform":
        return float(rng.uniform(*args))
    if kind == "loguniform":
        return float(np.exp(rng.uniform(*np.log(args))))
    return float(rng.normal(*args))


def centre(distribution: Distribution) -> Any:
    """The middle of a distribution: what a randomizer that is switched off leaves in its place."""
    kind, args = distribution.kind, distribution.args
    if kind in ("constant", "choice", "normal"):
        return args[0]
    if kind == "integer":
        return (args[0] + args[1]) // 2
    middle = np.exp(np.mean(np.log(args))) if kind == "loguniform" else np.mean(args)
    return float(middle)


def end(distribution: Distribution, part: Part) -> Any:
    """The low, middle or high end of a distribution: of a choice its first, middle or last value, whatever their
    weights; of a normal distribution two deviations from the mean."""
    kind, args = distribution.kind, distribution.args
    if kind == "choice":
        different = [value for n, value in enumerate(args) if value not in args[:n]]
        return different[{"low": 0, "middle": len(different) // 2, "high": -1}[part]]
    if part == "middle" or kind == "constant":
        return centre(distribution)
    if kind == "normal":
        return float(args[0] + {"low": -DEVIATIONS, "high": DEVIATIONS}[part] * args[1])
    return args[0 if part == "low" else 1]
