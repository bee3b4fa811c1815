"""What a model scores: pure functions of a COCO truth and of COCO results, without pictures and without a network.

Two kinds of functions: `*_metrics` give what metrics.json holds, `*_scorer` give the same figures over many
resamples of the images at once, for intervals.
"""

from pipeline.metrics.classifier import classifier_metrics, classifier_scorer, confusion
from pipeline.metrics.detector import detector_metrics, precision_recall
from pipeline.metrics.inputs import Results, check_results, image_ids, read_results, read_truth
from pipeline.metrics.resample import Scorer, detector_scorer
from pipeline.metrics.shapes import shape_metrics

__all__ = [
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
    "shape_metrics",
]
