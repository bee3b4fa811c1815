"""Objects and a detector's boxes as arrays, matched by pycocotools at IoU 0.5, and AP50 of what is chosen of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from pipeline.coco import Coco
from pipeline.metrics.detector import evaluate
from pipeline.metrics.inputs import Results, image_index, objects
from pipeline.metrics.resample import Matches, matches_of, mean_over_classes

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Objects:
    """The M objects of N images, in the order of the annotations; a crowd is none."""

    image: Ints  # [M], index of the image, images by ascending id
    category: Ints  # [M], category id
    box_xywh: Floats  # [M, 4]
    images: int  # N


@dataclass(frozen=True)
class Boxes:
    """The D entries of COCO results that count in AP: 100 for each image and class, none that lies on a crowd."""

    image: Ints  # [D], as of objects
    category: Ints  # [D]
    score: Floats  # [D]
    box_xywh: Floats  # [D, 4]
    taken: Ints  # [D], index of the object of its category that it is on at IoU 0.5, no better box before it; or -1

    def chosen(self, which: Bools) -> "Boxes":
        return replace(self, **{name: values[which] for name, values in vars(self).items()})


def objects_of(truth: Coco) -> Objects:
    index = image_index(truth)
    found = objects(truth)
    return Objects(
        np.array([index[a["image_id"]] for a in found], dtype=np.int64),
        np.array([a["category_id"] for a in found], dtype=np.int64),
        np.array([a["bbox"] for a in found], dtype=np.float64).reshape(-1, 4),
        len(index),
    )


def boxes_of(truth: Coco, results: Results) -> Boxes:
    """By class, image and falling score, as pycocotools has them. `truth` must have an object."""
    index = image_index(truth)
    cells = [c for c in evaluate(truth, results).evalImgs if c]
    entry = np.concatenate([c["dtIds"] for c in cells]).astype(np.int64) - 1  # ids there count from 1
    matched = np.concatenate([c["dtMatches"][0] for c in cells]).astype(np.int64)  # 0: none
    kept = ~np.concatenate([c["dtIgnore"][0] for c in cells]).astype(bool)
    found = [results[n] for n in entry]
    boxes = Boxes(
        np.array([index[r["image_id"]] for r in found], dtype=np.int64),
        np.array([r["category_id"] for r in found], dtype=np.int64),
        np.array([r["score"] for r in found], dtype=np.float64),
        np.array([r["bbox"] for r in found], dtype=np.float64).reshape(-1, 4),
        _object_index(truth)[matched],
    )
    return boxes.chosen(kept)


def _object_index(truth: Coco) -> Ints:
    """pycocotools' id of an annotation, which counts from 1 -> index of the object; -1 for none and for a crowd."""
    single = np.array([False, *(not a.get("iscrowd") for a in truth["annotations"])])
    return np.where(single, np.cumsum(single) - 1, -1)


def overlaps(boxes: Boxes, of: Objects, image: int) -> tuple[Ints, Ints, Floats]:
    """Indices [P] of the boxes and [T] of the objects of one image, and their IoU [P, T]."""
    b, o = np.flatnonzero(boxes.image == image), np.flatnonzero(of.image == image)
    if not len(b) or not len(o):
        return b, o, np.zeros((len(b), len(o)))
    iou: Any = coco_mask.iou(boxes.box_xywh[b], of.box_xywh[o], np.zeros(len(o), dtype=np.uint8))
    return b, o, np.asarray(iou, dtype=np.float64)


def ap50(boxes: Boxes, of: Objects, counts: Ints, counted: Bools | None = None) -> Floats:
    """AP50 [R] on resamples `counts` [R, N]: mean over the categories of the objects that are `counted` [M].

    Boxes on objects that are not counted are left out, as COCO leaves out what lies outside of a range of areas.
    NaN where no object was drawn.
    """
    counted = np.ones(len(of.image), dtype=bool) if counted is None else counted
    hit = boxes.taken >= 0
    boxes = boxes.chosen(~hit | np.append(counted, False)[boxes.taken])
    matches = [_matches(boxes, of, k, counted & (of.category == k)) for k in np.unique(of.category[counted])]
    if not matches:
        return np.full(len(counts), np.nan)
    _, at_half = mean_over_classes(matches, counts)
    return np.asarray(at_half, dtype=np.float64)


def _matches(boxes: Boxes, of: Objects, category: int, counted: Bools) -> Matches:
    own = boxes.chosen(boxes.category == category)
    order = np.argsort(-own.score, kind="stable")
    hit = own.taken[order] >= 0
    number = np.bincount(of.image[counted], minlength=of.images)
    return matches_of(own.image[order], hit[None], np.ones((1, len(order)), dtype=bool), number)
