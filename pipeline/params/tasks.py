"""The section of each task: its network, how that learns and from what."""

from typing import Annotated

from pydantic import Field

from pipeline.params.augmenting import ClassifierAugment, DetectorAugment
from pipeline.params.training import Fit
from pipeline.runs import Task
from pipeline.section import Count, Fraction


class Classifier(Fit):
    input_px: Annotated[int, Field(ge=8, le=1024)]
    grayscale: bool
    preprocessing: str
    margin: Annotated[float, Field(ge=0, le=2)]
    label_smoothing: Fraction
    augment: ClassifierAugment


class OnPictures(Fit):
    """What learns from squares out of whole pictures."""

    crop_px: Annotated[int, Field(ge=32, le=4096)]
    augment: DetectorAugment


class Detector(OnPictures):
    """Boxes with names."""

    backbone: str | None  # of torchvision's detectors; null: the network has one of its own
    keypoints: Count | None  # of each object, for keypointrcnn


class Segmenter(OnPictures):
    """A category for each pixel."""


FITS: dict[Task, type[Fit]] = {"classifier": Classifier, "detector": Detector, "segmenter": Segmenter}


def fit_task(fit: Fit) -> Task:
    """The task whose section this is."""
    return next(task for task, section in FITS.items() if isinstance(fit, section))


def fit_channels(fit: Fit) -> int:
    """Of what its network looks at: 1 of grey crops, else 3."""
    return 1 if isinstance(fit, Classifier) and fit.grayscale else 3
