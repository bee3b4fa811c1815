"""95 % intervals of AP50 contain a known gap about as often as they claim: 200 simulated experiments each.

Accuracy is in test_gap.py, seeds in test_intervals.py.
"""

import numpy as np
import pytest

from pipeline.bootstrap import Estimate, domain_gap, transfer_gap
from pipeline.metrics.resample import Matches, mean_over_classes

IMAGES, RESAMPLES, EXPERIMENTS = 60, 300, 200
BETTER, WORSE = (1.0, 1.0), (0.85, 1.5)  # how likely an object is found, and number of false boxes of a hard image


def easiness(rng: np.random.Generator, images: int) -> np.ndarray:
    """[N], shared by all objects of an image: they are not independent."""
    return rng.beta(6, 2, images)


def detected(rng: np.random.Generator, easy: np.ndarray, objects: np.ndarray, model: tuple[float, float]) -> Matches:
    """What a detector finds of one class in images with so many objects: hits have higher scores than errors."""
    image = np.repeat(np.arange(len(easy)), objects)
    found = image[rng.random(len(image)) < model[0] * easy[image]]
    false = np.repeat(np.arange(len(easy)), rng.poisson(model[1] * (1.2 - easy)))
    order = np.argsort(-np.concatenate([rng.beta(4, 2, len(found)), rng.beta(2, 4, len(false))]))
    hit = (np.arange(len(order)) < len(found))[None, order]
    return Matches(np.concatenate([found, false])[order], hit, np.ones_like(hit), objects)


def ap50(matches: Matches, counts: np.ndarray) -> Estimate:
    value, resampled = (mean_over_classes([matches], c)[1] for c in (np.ones_like(counts[:1]), counts))
    return Estimate(float(value[0]), resampled)


def draw(rng: np.random.Generator, images: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Easiness [N], objects [N] and resamples [R, N] of one evaluation."""
    counts = rng.multinomial(images, np.full(images, 1 / images), RESAMPLES)
    return easiness(rng, images), rng.integers(1, 6, images), counts


def known(model: tuple[float, float]) -> float:
    """AP50 on 50,000 images."""
    rng, images = np.random.default_rng(0), 50_000
    matches = detected(rng, easiness(rng, images), rng.integers(1, 6, images), model)
    return float(mean_over_classes([matches], np.ones((1, images), np.int64))[1][0])


@pytest.mark.parametrize("paired", [False, True])
def test_intervals_of_ap50_contain_a_known_gap_as_often_as_they_claim(paired: bool) -> None:
    gap, contained, rng = known(BETTER) - known(WORSE), 0, np.random.default_rng(int(paired))
    assert 0.10 < gap < 0.14
    for _ in range(EXPERIMENTS):
        sets = [draw(rng, IMAGES)] * 2 if paired else [draw(rng, IMAGES) for _ in range(2)]
        scored = [ap50(detected(rng, e, o, m), c) for (e, o, c), m in zip(sets, (BETTER, WORSE), strict=True)]
        interval = (transfer_gap if paired else domain_gap)(*scored).interval(0.95)
        contained += interval["low"] <= gap <= interval["high"]
    assert 0.90 <= contained / EXPERIMENTS <= 0.98
