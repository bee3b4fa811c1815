"""What a model scores: pure functions of a COCO truth and of COCO results, without pictures and without a network.

Two kinds of functions: `*_metrics` give what metrics.json holds, `*_scorer` give the same figures over many
resamples of the images at once, for intervals. METRICS_OF and SCORERS have them by task.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.coco import Coco
from pipeline.metrics.classifier import classifier_metrics, classifier_scorer, confusion
from pipeline.metrics.detector import detector_metrics, precision_recall
from pipeline.metrics.inputs import Results, check_results, image_ids, read_results, read_truth
from pipeline.metrics.resample import Scorer, detector_scorer
from pipeline.metrics.segmenter import segmenter_metrics, segmenter_scorer
from pipeline.metrics.shapes import shape_metrics
from pipeline.runs import Task

METRICS_OF: dict[Task, Callable[[Coco, Results], dict[str, Any]]] = {
    "classifier": classifier_metrics,
    "detector": detector_metrics,
    "segmenter": segmenter_metrics,
}
SCORERS: dict[Task, Callable[[Coco, Results], Scorer]] = {
    "classifier": classifier_scorer,
    "detector": detector_scorer,
    "segmenter": segmenter_scorer,
}


def results_of_task(task: Task, path: Path, truth: Coco) -> Results:
    """Read and check the results of a model of this task. Raises InputError that names the file."""
    return read_results(path, truth, per_object=task == "classifier", masks=task == "segmenter")


__all__ = [
    "METRICS_OF",
    "SCORERS",
    "Results",
    "Scorer",
    "check_results",
    "classifier_metrics",
    "classifier_scorer",
    "confusion",
    "detector_metrics",
    "detector_scorer",
    "image_ids",
    "precision_recall",
    "read_results",
    "read_truth",
    "results_of_task",
    "segmenter_metrics",
    "segmenter_scorer",
    "shape_metrics",
]
