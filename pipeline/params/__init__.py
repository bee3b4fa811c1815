"""params.yaml -> typed sections. A wrong key, type or range stops here, with the key's name.

What a scene or a randomizer accepts is declared beside it, in `blender/`, as subclasses of `Section`;
here they are only known to be named values.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator

from pipeline.params.augmenting import (
    Augment,
    ClassifierAugment,
    DetectorAugment,
    Elastic,
    Light,
    RandAugment,
    RandomResized,
)
from pipeline.params.measuring import Check, Distance, Evaluate, Report, Views
from pipeline.params.reading import Yaml, read_yaml
from pipeline.params.rendering import Device, Labels, Layer, Mixed, RealImages, Render
from pipeline.params.tasks import FITS, Classifier, Detector, OnPictures, Segmenter, fit_channels, fit_task
from pipeline.params.training import Adapt, Average, Fit, Network, Optimizer, Schedule, SelfTraining, Train
from pipeline.runs import REGIMES, TASKS, Regime, Task
from pipeline.section import Named, NonNegative, Section, validate

Name = TypeVar("Name", bound=str)

__all__ = [
    "FITS",
    "Adapt",
    "Augment",
    "Average",
    "Check",
    "Classifier",
    "ClassifierAugment",
    "Detector",
    "DetectorAugment",
    "Device",
    "Distance",
    "Elastic",
    "Evaluate",
    "Fit",
    "Labels",
    "Layer",
    "Light",
    "Mixed",
    "Network",
    "OnPictures",
    "Optimizer",
    "Params",
    "RandAugment",
    "RandomResized",
    "RealImages",
    "Regime",
    "Render",
    "Report",
    "Schedule",
    "Segmenter",
    "SelfTraining",
    "Task",
    "Train",
    "Views",
    "Yaml",
    "fit_channels",
    "fit_task",
    "load_params",
    "read_yaml",
]


def _some_of(known: tuple[Name, ...]) -> Callable[[list[Name]], list[Name]]:
    """A check of a list without repeats; gives it in the order of `known`, as the order means nothing."""

    def check(names: list[Name]) -> list[Name]:
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected some of {', '.join(known)}, each once, found {names}")
        return sorted(names, key=known.index)

    return check


class Params(Section):
    seed: NonNegative
    scene: Named
    randomizers: dict[str, dict[str, Any]]
    render: Render
    labels: Labels
    benchmark: Named
    tasks: Annotated[list[Task], AfterValidator(_some_of(TASKS))]
    regimes: Annotated[list[Regime], AfterValidator(_some_of(REGIMES))]
    mixed: Mixed
    check: Check
    train: Train
    classifier: Classifier
    detector: Detector
    segmenter: Segmenter
    evaluate: Evaluate
    distance: Distance
    report: Report


def load_params(path: Path) -> Params:
    """Read and check params.yaml. Raises InputError that names the file and the key."""
    return validate(Params, read_yaml(path, "the parameters"), str(path))
