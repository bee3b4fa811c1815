"""What is trained and measured, by name, in the order of every table. Standard library only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.errors import InputError

Task = Literal["classifier", "detector", "segmenter"]
Regime = Literal["synthetic", "real", "mixed"]  # what a model is trained on
TASKS: tuple[Task, ...] = get_args(Task)
REGIMES: tuple[Regime, ...] = get_args(Regime)
CASCADE = "cascade"  # the detector's boxes with the classifier's names: measured, not trained
HALVES: frozenset[Task] = frozenset({"classifier", "detector"})  # of the cascade

EVALUATED = {"synthetic_val": ("synthetic", "val"), "real_val": ("real", "val"), "real_test": ("real", "test")}
COMPARED = ("synthetic_val", "real_test")  # by gaps and intervals


def measured(tasks: Sequence[Task]) -> list[str]:
    """The tasks, and the cascade where it has both of its halves."""
    return [*tasks, CASCADE] if set(tasks) >= HALVES else list(tasks)


def task_of(name: str) -> Task:
    """The task whose images and truth a task or the cascade is measured on."""
    return next((task for task in TASKS if task == name), "detector")


def results_of(results: Path, name: str, regime: str) -> Path:
    """Where metrics and predictions of a task or the cascade lie, under the folder of all results."""
    return results / CASCADE / regime if name == CASCADE else results / "runs" / name / regime


def truth_path(data: Path, task: Task, split: str) -> Path:
    """The COCO file of one of EVALUATED, under the folder of all data."""
    domain, part = EVALUATED[split]
    return data / domain / task / f"{part}.json"


def check_real(path: Path, annotations: Sequence[Any]) -> None:
    """Raises InputError where a regime trains on real images and a benchmark, read from `path`, has none."""
    if not annotations:
        found = "found none: leave out real and mixed."
        raise InputError(f"params.yaml: regimes: expected images with objects in {path}, {found}")


def write_none(folder: Path, key: str) -> None:
    """In place of an output that DVC expects, and that `key` of params.yaml does not ask for."""
    folder.mkdir(exist_ok=True)
    (folder / "none.txt").write_text(f"Not asked for: see {key} in params.yaml.\n", encoding="utf-8")
