"""Which predicted box is on which object, and what is wrong with it. AP comes from pipeline/metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, likeliest
from pipeline.metrics.inputs import Results, objects

MIN_IOU = 0.5  # as in AP50
NEAR_IOU = 0.1  # below it a box is on nothing: t_b of TIDE (Bolya et al. 2020)
RIGHT = "right"
Entry = dict[str, Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Matched:
    """One image. A prediction is right if it takes an object of its category; the best score chooses first."""

    truth: list[Entry]
    predictions: Results  # by falling score
    taken: list[int | None]  # for each prediction, the index of its object
    overlaps: Floats  # [P, T], IoU

    @property
    def missed(self) -> list[int]:
        """Indices of objects that no prediction took."""
        return [n for n in range(len(self.truth)) if n not in self.taken]

    @property
    def false(self) -> list[int]:
        """Indices of predictions that took no object."""
        return [n for n, taken in enumerate(self.taken) if taken is None]


def iou_xywh(boxes: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Floats:
    """Intersection over union of boxes [P, 4] and [T, 4], x y w h -> [P, T]."""
    a, b = (np.array(v, dtype=np.float64).reshape(-1, 4) for v in (boxes, others))
    a, b = a[:, None], b[None]
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    shared = (high - low).clip(0).prod(axis=-1)
    union = a[..., 2:].prod(axis=-1) + b[..., 2:].prod(axis=-1) - shared
    iou: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou


def match(truth: list[Entry], predictions: Results) -> Matched:
    """Match the boxes of one image."""
    ordered = sorted(predictions, key=lambda p: -float(p["score"]))
    overlaps = iou_xywh([p["bbox"] for p in ordered], [t["bbox"] for t in truth])
    taken: list[int | None] = []
    for prediction, row in zip(ordered, overlaps, strict=True):
        free = [
            n
            for n, t in enumerate(truth)
            if n not in taken and t["category_id"] == prediction["category_id"] and row[n] >= MIN_IOU
        ]
        taken.append(max(free, key=lambda n: float(row[n]), default=None))
    return Matched(truth, ordered, taken, overlaps)


def f1(matched: Matched) -> float:
    """Harmonic mean of precision and recall of one image; 1 where nothing is and nothing was found."""
    right = len(matched.predictions) - len(matched.false)
    both = len(matched.predictions) + len(matched.truth)
    return 2 * right / both if both else 1.0


def kinds_of(iou: Floats, same: Bools, right: Bools) -> npt.NDArray[np.str_]:
    """What is wrong with each of P boxes [P], after TIDE (Bolya, Foley, Hays and Hoffman 2020): docs/gap.md.

    Args:
        iou: [P, T], with the objects of the image.
        same: [P, T], whether box and object have one category.
        right: [P], whether the box takes an object.
    """
    own, other = (np.where(which, iou, 0).max(axis=1, initial=0) for which in (same, ~same))
    rules: Mapping[str, Bools] = {
        RIGHT: right,
        "duplicate": own >= MIN_IOU,
        "classification": other >= MIN_IOU,
        "localisation": own >= NEAR_IOU,
        "both": other >= NEAR_IOU,
    }
    return np.select(list(rules.values()), list(rules), default="background")


def shown(results: Results, min_score: float) -> Results:
    """Boxes under their likeliest names, of at least this score: what somebody would draw."""
    return [r for r in likeliest(results) if r["score"] >= min_score]


def match_all(coco: Coco, predictions: Results, min_score: float = 0.0) -> dict[int, Matched]:
    """Match all images of a COCO file, by image id, those without objects or predictions included."""
    truth: dict[int, list[Entry]] = {i["id"]: [] for i in coco["images"]}
    found: dict[int, Results] = {i["id"]: [] for i in coco["images"]}
    for annotation in objects(coco):
        truth[annotation["image_id"]].append(annotation)
    for prediction in shown(predictions, min_score):
        found[prediction["image_id"]].append(prediction)
    return {i: match(truth[i], found[i]) for i in truth}


def best_min_score(coco: Coco, predictions: Results) -> float:
    """The score that predictions must have for the highest F1 over a COCO file; 0 without any right prediction.

    Predictions below a score never change how those above it match, so one matching serves all thresholds.
    """
    matches = match_all(coco, predictions).values()
    marks = [(p["score"], t is not None) for m in matches for p, t in zip(m.predictions, m.taken, strict=True)]
    if not any(right for _, right in marks):
        return 0.0
    scores, right = (np.array(v) for v in zip(*sorted(marks, key=lambda m: -m[0]), strict=True))
    f1 = 2 * right.cumsum() / (np.arange(len(right)) + 1 + len(objects(coco)))
    f1[:-1][scores[:-1] == scores[1:]] = 0  # a threshold cannot part equal scores
    return float(scores[f1.argmax()])
