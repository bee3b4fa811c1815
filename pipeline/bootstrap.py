"""The two gaps, defined here and nowhere else, and intervals over images. Over seeds: pipeline/intervals.py.

The interval is the percentile interval of B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993),
chapter 13: images are drawn again, with replacement, and the metric is computed on each draw. It says how much a
figure depends on which images happened to be in the evaluation. What it does not say:
- how the figure would change with another training seed;
- anything where a model makes no error at all: there it has no width;
- what AP would be on far more images: AP at high IoU falls a little as a set grows, as each point of its curve is the
  best of what is to the right of it. The interval is for sets of the same size, and gaps are best between such sets.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco
from pipeline.metrics import Scorer, image_ids
from pipeline.metrics.inputs import objects


@dataclass(frozen=True)
class Estimate:
    """A figure and what it is on each resample, [R]. Estimates on the same resamples are paired."""

    value: float
    resampled: npt.NDArray[np.float64]

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.resampled - other.resampled)

    def interval(self, confidence: float) -> dict[str, float]:
        """`value`, `low`, `high`: the middle part `confidence` of the resamples."""
        low, high = np.quantile(self.resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
        return {"value": self.value, "low": float(low), "high": float(high)}


def domain_gap(synthetic_val: Estimate, real_test: Estimate) -> Estimate:
    """The same weights on held-out synthetic and on real test images: two independent sets."""
    return synthetic_val - real_test


def transfer_gap(real_trained: Estimate, trained: Estimate) -> Estimate:
    """Two models on the same real test images, resample by resample; negative: `trained` beats real training."""
    return real_trained - trained


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of their own for each set of images."""
    return np.random.default_rng([seed, crc32(name.encode())])


def draw_counts(truth: Coco, resamples: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """How often each image is in each resample, [R, N], images by ascending id.

    A resample without any object, on which no metric is defined, is drawn again. `truth` must have an object.
    """
    images = image_ids(truth)
    has_object = np.isin(images, [a["image_id"] for a in objects(truth)])
    weights = np.full(len(images), 1 / len(images))
    counts = rng.multinomial(len(images), weights, size=resamples)
    while (empty := ~counts[:, has_object].any(axis=1)).any():
        counts[empty] = rng.multinomial(len(images), weights, size=np.count_nonzero(empty))
    return counts


def estimate(scorer: Scorer, counts: npt.NDArray[np.int64]) -> dict[str, Estimate]:
    """Each metric on all images once, and on the resamples `counts` [R, N]."""
    values, resampled = scorer(np.ones_like(counts[:1])), scorer(counts)
    return {metric: Estimate(float(values[metric][0]), resampled[metric]) for metric in values}
