"""COCO's AP over many resamples of the images: boxes are matched once, only the counting is done again.

A resample is given by `counts` [N]: how often each image was drawn. An image drawn twice counts its objects and
its boxes twice, as if the dataset held it twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco
from pipeline.metrics.detector import evaluate
from pipeline.metrics.inputs import Results, image_ids

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Scorer = Callable[[Ints], dict[str, Floats]]  # counts [R, N] -> metric -> [R]; NaN where nothing is defined

CELLS = 2**20  # resamples x boxes held at once: 8 MB


@dataclass(frozen=True)
class Matches:
    """Of one class with objects: its D boxes over all images that have a say, by falling score, at T IoU thresholds."""

    image: Ints  # [D], index of the box's image
    hit: Bools  # [T, D], the box is on an object that no better box has taken
    kept: Bools  # [T, D], False: on a crowd, counts neither as hit nor as error
    objects: Ints  # [N], number in each image


def match(truth: Coco, results: Results, class_agnostic: bool = False) -> list[Matches]:
    """pycocotools' matches, for each class with objects in the order of the category ids; see `evaluate`."""
    images = image_ids(truth)
    cells = evaluate(truth, results, class_agnostic).evalImgs  # by class, then by image; None where there is nothing
    by_class = [cells[k : k + len(images)] for k in range(0, len(cells), max(len(images), 1))]
    matches = [_match([(n, c) for n, c in enumerate(of_class) if c], len(images)) for of_class in by_class]
    return [m for m in matches if m.objects.any()]


def _match(cells: list[tuple[int, dict[str, Any]]], images: int) -> Matches:
    objects = np.zeros(images, dtype=np.int64)
    for n, cell in cells:
        objects[n] = np.count_nonzero(np.asarray(cell["gtIgnore"]) == 0)
    if not cells:
        return Matches(np.zeros(0, np.int64), np.zeros((0, 0), bool), np.zeros((0, 0), bool), objects)
    scores = np.concatenate([c["dtScores"] for _, c in cells])
    order = np.argsort(-scores, kind="mergesort")  # stable, as pycocotools does: equal scores by image
    ignored = np.concatenate([c["dtIgnore"] for _, c in cells], axis=1)[:, order].astype(bool)
    matched = np.concatenate([c["dtMatches"] for _, c in cells], axis=1)[:, order] > 0
    image = np.concatenate([np.full(len(c["dtScores"]), n) for n, c in cells])[order]
    return matches_of(image, matched & ~ignored, ~ignored, objects)


def matches_of(image: Ints, hit: Bools, kept: Bools, objects: Ints) -> Matches:
    """Without the boxes below the last hit: they have no say in AP, and where boxes have many names they are many."""
    hits = np.flatnonzero(hit.any(axis=0))
    last = int(hits[-1]) + 1 if len(hits) else 0
    return Matches(image[:last], hit[:, :last], kept[:, :last], objects)


def detector_scorer(truth: Coco, results: Results) -> Scorer:
    """AP, AP50 and AP50_class_agnostic over resamples of images.

    The mean over classes leaves out, in each resample, the classes that it has no object of, as COCO does with
    classes without objects.
    """
    matches, places = match(truth, results), match(truth, results, class_agnostic=True)

    def score(counts: Ints) -> dict[str, Floats]:
        ap, ap50 = mean_over_classes(matches, counts)
        return {"AP": ap, "AP50": ap50, "AP50_class_agnostic": mean_over_classes(places, counts)[1]}

    return score


def mean_over_classes(matches: list[Matches], counts: Ints) -> Floats:
    """AP and AP50 [2, R]; NaN where no class is present."""
    present = np.array([counts @ m.objects > 0 for m in matches])  # [K, R]
    by_class = np.stack([_by_class(m, counts) for m in matches], axis=1)  # [2, K, R]
    with np.errstate(invalid="ignore"):
        mean: Floats = by_class.sum(axis=1) / present.sum(axis=0)
    return mean


def _by_class(matches: Matches, counts: Ints) -> Floats:
    """AP and AP50 of one class, [2, R]; 0 where a resample has no object of it."""
    blocks = np.array_split(counts, max(1, len(counts) * len(matches.image) // CELLS))
    return np.concatenate([_block(matches, block) for block in blocks], axis=1)


def _block(matches: Matches, counts: Ints) -> Floats:
    drawn = counts[:, matches.image]  # [R, D]
    objects = counts @ matches.objects  # [R]
    by_iou = [average_precision(drawn, *at, objects) for at in zip(matches.hit, matches.kept, strict=True)]
    return np.stack([np.mean(by_iou, axis=0), by_iou[0]])


def average_precision(drawn: Ints, hit: Bools, kept: Bools, objects: Ints) -> Floats:
    """AP at one IoU, [R]: `accumulate` of pycocotools' cocoeval.py, for weighted boxes.

    Args:
        drawn: [R, D], how often each box counts; boxes by falling score.
        hit: [D]; kept: [D].
        objects: [R], number of objects.

    Only hits need a look: between two of them recall stands still and precision falls. The copies of a hit need
    none: precision rises along them, and what counts is the highest precision at the same or a higher recall.
    """
    found = np.cumsum(drawn[:, hit], axis=1)  # [R, H]
    said = np.cumsum(drawn * kept, axis=1)[:, hit]
    precision = found / (said + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = found / np.maximum(objects, 1)[:, None]
    thresholds = np.linspace(0, 1, 101)
    reached = np.searchsorted(thresholds, recall, side="right")  # number of recall thresholds up to each hit
    new = np.diff(reached, axis=1, prepend=0)
    ap: Floats = (new * best).sum(axis=1) / len(thresholds)
    return ap
