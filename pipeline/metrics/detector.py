"""COCO's detection metrics, computed by pycocotools: AP at IoU .50:.05:.95, AP50, AP75, AR with 100 boxes per image.

As in COCO, a mean over classes leaves out a class without objects, and a class with objects that is never
predicted counts as 0. IoU is of boxes; all sizes of objects count.

`AP50_class_agnostic` takes all categories for one (pycocotools' useCats = 0): beside AP50 it tells whether a detector
does not find objects, or does not name them. A box that stands there under several names is one box.
"""

import contextlib
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pipeline.coco import Coco, category_names
from pipeline.metrics.inputs import Results

MAX_BOXES = 100  # per image and class, those of the highest score: part of COCO's definition
Array = npt.NDArray[np.float64]


def evaluate(
    truth: Coco, results: Results, class_agnostic: bool = False, kind: str = "bbox", sigmas: Array | None = None
) -> Any:
    """A COCOeval with `evalImgs` (by class, then by image) and `eval`; precision is [T, 101, K, 1, 1].

    With `class_agnostic` K is 1, and only IoU 0.5 is looked at. `kind` is what is compared: bbox, segm or keypoints,
    the last with a deviation for each point. The arguments stay as they are, while pycocotools
    itself writes into what it is given.
    """
    results = _best_names(results) if class_agnostic else results
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        evaluation = COCOeval(_index(truth, truth["annotations"]), _index(truth, results), kind)
        evaluation.params.areaRng = evaluation.params.areaRng[:1]  # all sizes
        evaluation.params.maxDets = [MAX_BOXES]
        if sigmas is not None:
            evaluation.params.kpt_oks_sigmas = sigmas
        if class_agnostic:
            evaluation.params.useCats = 0
            evaluation.params.iouThrs = evaluation.params.iouThrs[:1]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def _best_names(results: Results) -> Results:
    """The entry of the highest score for each box."""
    best = {(r["image_id"], *r["bbox"]): r for r in sorted(results, key=lambda r: float(r["score"]))}
    return [r for r in results if r is best[(r["image_id"], *r["bbox"])]]


def _index(truth: Coco, boxes: list[dict[str, Any]]) -> COCO:
    """Boxes as pycocotools wants them. Not its loadRes, which fails on an empty list.

    Ids are given anew, from 1: to pycocotools an object with the id 0 is never found.
    """
    annotations = [
        {
            "id": number,
            "image_id": b["image_id"],
            "category_id": b["category_id"],
            "bbox": b["bbox"],
            "area": b["bbox"][2] * b["bbox"][3],
            "iscrowd": b.get("iscrowd", 0),
            "score": b.get("score"),
            **_shapes(b),
        }
        for number, b in enumerate(boxes, start=1)
    ]
    coco = COCO()
    coco.dataset = {"images": truth["images"], "categories": truth["categories"], "annotations": annotations}
    coco.createIndex()
    return coco


def _shapes(box: dict[str, Any]) -> dict[str, Any]:
    """Mask and keypoints, where there are some; OKS measures distances by the area of the mask, or else of the box."""
    found: dict[str, Any] = {key: box[key] for key in ("segmentation", "area") if key in box}
    points = box.get("keypoints", [])
    return {**found, "keypoints": points, "num_keypoints": sum(v > 0 for v in points[2::3])}


def detector_metrics(truth: Coco, results: Results) -> dict[str, Any]:
    """`AP`, `AP50`, `AP75`, `AR`, `AP50_class_agnostic`, number of `images`, `per_class` AP and AP50 by name.

    None without objects.
    """
    evaluation = evaluate(truth, results)
    precision: Array = evaluation.eval["precision"][..., 0, 0]  # [T, 101, K]
    by_class = {name: by_iou(precision[..., k]) for k, name in enumerate(category_names(truth))}
    return {
        **by_iou(precision),
        "AR": _mean(evaluation.eval["recall"]),
        "AP50_class_agnostic": _mean(evaluate(truth, results, class_agnostic=True).eval["precision"]),
        "images": len(truth["images"]),
        "per_class": {name: {"AP": of["AP"], "AP50": of["AP50"]} for name, of in by_class.items()},
    }


def by_iou(precision: Array) -> dict[str, float | None]:
    """Means of [T, ...], T being the IoU .50:.05:.95."""
    return {"AP": _mean(precision), "AP50": _mean(precision[0]), "AP75": _mean(precision[5])}


def _mean(values: Array) -> float | None:
    """Mean of what is defined: pycocotools marks a class without objects by -1."""
    defined = values[values > -1]
    return float(np.mean(defined)) if defined.size else None


def precision_recall(truth: Coco, results: Results) -> list[tuple[float, float]]:
    """(recall, precision) at IoU 0.5, mean over classes, at recall 0, 0.01 ... 1; empty without objects.

    As in COCO, precision at a recall is the highest one at that recall or a higher one.
    """
    evaluation = evaluate(truth, results)
    precision: Array = evaluation.eval["precision"][0, :, :, 0, 0]  # [101, K]
    defined = precision[:, precision[0] > -1]
    if not defined.size:
        return []
    return list(zip(evaluation.params.recThrs.tolist(), defined.mean(axis=1).tolist(), strict=True))
