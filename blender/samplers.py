"""Random numbers: one stream for each frame and name, and draws from the distributions of params.yaml."""

from typing import Any
from zlib import crc32

import numpy as np

from pipeline.section import Distribution

Rng = np.random.Generator


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
