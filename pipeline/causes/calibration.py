"""Are scores what they claim? Of answers with a score of 0.8, 80 % should be right.

Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, for the first answer of a classifier;
Küppers, Kronenberger, Shantia and Haselhoff (2020), Multivariate confidence calibration for object detection, for
boxes: there right means on an object of that name at IoU 0.5, and the part of right boxes is the precision.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.causes.boxes import boxes_of
from pipeline.coco import Coco
from pipeline.matching import shown
from pipeline.metrics import Scorer
from pipeline.metrics.inputs import Results, image_index, objects

BINS = 10  # of equal width, as in the diagrams of Guo et al.
LEAST_SCORE = (
    0.1  # of a box: thousands that are hardly said at all, and rightly so, would make any detector look honest
)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Sums over the answers of each image and bin, [N, B] each."""

    count: Floats
    score: Floats
    right: Floats


def classifier_answers(truth: Coco, results: Results) -> Answers:
    """One answer for each object, under the name of the highest probability."""
    actual = {a["id"]: a["category_id"] for a in objects(truth)}
    said = [r for r in results if r["annotation_id"] in actual]
    right = [r["category_id"] == actual[r["annotation_id"]] for r in said]
    index = image_index(truth)
    image = [index[r["image_id"]] for r in said]
    return answers(np.array(image, np.int64), np.array([r["score"] for r in said]), np.array(right), len(index))


def detector_answers(truth: Coco, results: Results) -> Answers:
    """One answer for each box of at least LEAST_SCORE, under its likeliest name."""
    boxes = boxes_of(truth, shown(results, LEAST_SCORE))
    return answers(boxes.image, boxes.score, boxes.taken >= 0, len(truth["images"]))


def answers(image: Ints, score: Floats, right: npt.NDArray[np.bool_], images: int) -> Answers:
    """Of A answers: index of the image [A], score from 0 to 1 [A], whether it is right [A]."""
    bin_of = (np.ceil(score * BINS).astype(int) - 1).clip(0, BINS - 1)  # a bin holds its upper edge
    cell, cells = image * BINS + bin_of, images * BINS
    weights: tuple[Floats, ...] = (np.ones(len(score)), score, right.astype(np.float64))
    return Answers(*(np.bincount(cell, w, cells).astype(np.float64).reshape(images, BINS) for w in weights))


def bins(of: Answers) -> list[dict[str, Any]]:
    """The reliability diagram: edges of each bin, number of answers, mean score, part that is right; None if none."""
    count, score, right = (v.sum(axis=0) for v in (of.count, of.score, of.right))
    return [
        {
            "low": n / BINS,
            "high": (n + 1) / BINS,
            "count": int(count[n]),
            "score": float(score[n] / count[n]) if count[n] else None,
            "right": float(right[n] / count[n]) if count[n] else None,
        }
        for n in range(BINS)
    ]


def calibration_scorer(of: Answers) -> Scorer:
    """Two figures over resamples of images; NaN without answers.

    `ECE` is the mean over answers of how far the mean score of their bin is from its part of right answers,
    `overconfidence` the mean score minus the part of right answers.

    On few answers ECE is too high, as a bin is never quite right by chance; resamples, which have fewer different
    images, add to that, so that its interval lies high as well.
    """

    def score(counts: Ints) -> dict[str, Floats]:
        count, over = counts @ of.count, counts @ (of.score - of.right)  # [R, B]
        with np.errstate(invalid="ignore"):
            total = count.sum(axis=1)
            return {"ECE": np.abs(over).sum(axis=1) / total, "overconfidence": over.sum(axis=1) / total}

    return score
