"""COCO's AP of masks and of keypoints, by pycocotools, where both the truth and the results have them.

Keypoints are compared by object keypoint similarity, whose deviations for the points of people (0.025 to 0.107) were
measured on many annotators. There are none for other things: here every point has SIGMA.
"""

from typing import Any

import numpy as np

from pipeline.coco import Coco
from pipeline.metrics.detector import by_iou, evaluate
from pipeline.metrics.inputs import Results, objects

SIGMA = 0.05  # deviation of a point, in square roots of the object's area
KINDS = {"mask": ("segmentation", "segm"), "keypoint": ("keypoints", "keypoints")}  # -> COCO's field, pycocotools' name


def shape_metrics(truth: Coco, results: Results) -> dict[str, Any]:
    """`mask_AP`, `mask_AP50`, `mask_AP75`, and the same of `keypoint_`; nothing for what one of both lacks."""
    found: dict[str, Any] = {}
    for name, (field, kind) in KINDS.items():
        if _have(field, objects(truth)) and _have(field, results):
            evaluation = evaluate(truth, results, kind=kind, sigmas=_sigmas(results))
            means = by_iou(evaluation.eval["precision"][..., 0, 0])
            found |= {f"{name}_{metric}": value for metric, value in means.items()}
    return found


def _have(field: str, entries: list[dict[str, Any]]) -> bool:
    return bool(entries) and all(e.get(field) for e in entries)


def _sigmas(results: Results) -> Any:
    return np.full(len(results[0].get("keypoints", [])) // 3, SIGMA)
