"""Everything that causes.json says of a task or the cascade, from truth and predictions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.bootstrap import draw_counts, stream
from pipeline.causes.boxes import Floats, Ints, boxes_of
from pipeline.causes.calibration import classifier_answers, detector_answers
from pipeline.causes.facts import THIRDS, Facts, facts_of
from pipeline.causes.parts import Found, Measured, measured, measured_classes
from pipeline.causes.tables import calibration_table, errors_table, parts_table
from pipeline.coco import Coco
from pipeline.matching import best_min_score, shown
from pipeline.metrics import Results, confusion, read_truth, results_of_task
from pipeline.metrics.segmenter import tallies
from pipeline.params import Evaluate
from pipeline.runs import COMPARED, Task, task_of, truth_path

Entry = dict[str, Any]
Outcome = tuple[Entry, dict[str, list[Measured]]]  # what is known by split, and what is measured on its parts


@dataclass(frozen=True)
class Split:
    """Images that are measured on, what is known of them, and how often each is in each resample."""

    truth: Coco
    facts: Facts
    counts: Ints  # [R, N]


@dataclass(frozen=True)
class Splits:
    """Those of a task; `edges` are those of THIRDS on real test."""

    task: Task
    by_name: Mapping[str, Split]
    edges: Mapping[str, Floats]
    confidence: float


def read_splits(task: Task, data: Path, evaluate: Evaluate) -> Splits:
    """Both splits that are compared. Raises InputError that names a file."""
    found = {}
    for name in COMPARED:
        truth = read_truth(truth_path(data, task, name))
        counts = draw_counts(truth, evaluate.resamples, stream(evaluate.seed, f"{task}/{name}"))  # those of gap.json
        found[name] = Split(truth, facts_of(truth, data), counts)
    edges = {dimension: found["real_test"].facts.thirds(dimension) for dimension in THIRDS}
    return Splits(task, found, edges, evaluate.confidence)


def least_score(task: Task, regime: str, data: Path, predictions: Path) -> float:
    """The score with the best F1 on real val for real training, if there is one, else on synthetic val.

    That is what picked the weights; the test split chooses nothing.
    """
    own = predictions / "real_val.json"
    split = "real_val" if regime == "real" and own.exists() else "synthetic_val"
    truth = read_truth(truth_path(data, task, split))
    return best_min_score(truth, results_of_task(task, predictions / f"{split}.json", truth))


def read_predictions(splits: Splits, folder: Path) -> dict[str, Results]:
    return {n: results_of_task(splits.task, folder / f"{n}.json", s.truth) for n, s in splits.by_name.items()}


def detector_causes(splits: Splits, results: Mapping[str, Results], least: float) -> Outcome:
    """Errors and calibration."""
    errors, calibration, parts = {}, {}, {}
    for name, split in splits.by_name.items():
        of, boxes = split.facts.of, boxes_of(split.truth, results[name])
        drawn = boxes_of(split.truth, shown(results[name], least))
        errors[name] = {"min_score": least, **errors_table(drawn, boxes, of, split.counts, splits.confidence)}
        answers = detector_answers(split.truth, results[name])
        calibration[name] = calibration_table(answers, split.counts, splits.confidence)
        right = np.isin(np.arange(len(of.image)), drawn.taken)
        parts[name] = list(measured(Found(right, boxes), split.facts, split.truth, splits.edges, split.counts))
    return {"errors": errors, "calibration": calibration}, parts


def classifier_causes(splits: Splits, results: Mapping[str, Results]) -> Outcome:
    """Calibration."""
    calibration, parts = {}, {}
    for name, split in splits.by_name.items():
        answers = classifier_answers(split.truth, results[name])
        calibration[name] = calibration_table(answers, split.counts, splits.confidence)
        right = np.array([actual == said for actual, said in confusion(split.truth, results[name])])
        parts[name] = list(measured(Found(right, None), split.facts, split.truth, splits.edges, split.counts))
    return {"calibration": calibration}, parts


def segmenter_causes(splits: Splits, results: Mapping[str, Results]) -> Outcome:
    """Nothing but classes."""
    tallied = {name: tallies(split.truth, results[name]) for name, split in splits.by_name.items()}
    parts = {n: list(measured_classes(tallied[n], s.truth, s.counts)) for n, s in splits.by_name.items()}
    return {}, parts


def causes(name: str, splits: Splits, folders: Mapping[str, Path], data: Path) -> Iterator[tuple[str, Entry]]:
    """(regime, causes) of a task or the cascade; `folders` is regime -> folder of its predictions."""
    of_regime: dict[str, Outcome] = {}
    for regime, folder in folders.items():
        results = read_predictions(splits, folder)
        if task_of(name) == "detector":
            least = least_score(splits.task, regime, data, folder)
            of_regime[regime] = detector_causes(splits, results, least)
        else:
            find = classifier_causes if name == "classifier" else segmenter_causes
            of_regime[regime] = find(splits, results)
    real = of_regime["real"][1]["real_test"] if "real" in of_regime else None
    for regime, (entry, parts) in of_regime.items():
        yield regime, {**entry, "parts": parts_table(parts, None if regime == "real" else real, splits.confidence)}
