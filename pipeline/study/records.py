"""What is kept of each experiment: a JSON in `results/studies/<study>/`, which outlives commits and DVC's lists.

A record says what it was made of by two keys: that of the params and code that its targets depend on, and that of the
params alone. `run` repeats what has other code; `report` takes it and says so.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.coco import read_json, write_json
from pipeline.runs import results_of, task_of
from pipeline.study.plan import Plan, Planned

Record = dict[str, Any]  # see docs/studies.md


def measure(project: Path, plan: Plan, done: Planned, seconds: dict[str, float], commit: str) -> Record:
    """The record of an experiment whose results lie in the folder `project`."""
    asked: list[tuple[str, str]] = [(task, regime) for task in plan.study.tasks for regime in plan.study.regimes]
    return {
        "study": plan.name,
        "cell": done.cell.levels,
        "repeat": done.repeat,
        "settings": done.settings,
        "experiment": done.name,
        "commit": commit,
        "key": done.key,
        "params_key": done.params_key,
        "seconds": seconds,  # of the stages that ran; the others came from DVC's cache
        "metrics": _by_run(asked, lambda t, r: scores(results_of(project / "results", t, r) / "metrics.json")),
        "images": _by_run(asked, lambda t, r: images(project / "data" / r / task_of(t) / "train.json")),
    }


def _by_run(asked: list[tuple[str, str]], of: Any) -> dict[str, dict[str, Any]]:
    """Task -> regime -> value."""
    return {task: {r: of(task, r) for t, r in asked if t == task} for task, _ in asked}


def scores(path: Path) -> dict[str, dict[str, float]]:
    """Split -> metric -> value; without those of single classes."""
    splits = read_json(path, "metrics of an experiment")
    return {s: {m: v for m, v in found.items() if isinstance(v, (int, float))} for s, found in splits.items()}


def images(path: Path) -> dict[str, int]:
    """How many training images are rendered and how many real; an image that is repeated counts once."""
    if not path.exists():
        return {}
    found = {(image["domain"], image["file_name"]) for image in read_json(path, "COCO annotations")["images"]}
    return {domain: sum(d == domain for d, _ in found) for domain in ("synthetic", "real")}


def write_record(folder: Path, record: Record) -> None:
    write_json(folder / f"{record['experiment']}.json", record)


def read_records(folder: Path) -> list[Record]:
    return [read_json(path, "an experiment of a study") for path in sorted(folder.glob("*.json"))]


def finished(plan: Plan, records: Iterable[Record]) -> set[str]:
    """Names of the experiments that need not be run: the same params and code have been measured."""
    keys = {record["key"] for record in records}
    return {planned.name for planned in plan.experiments if planned.key in keys}


def table(plan: Plan, records: list[Record]) -> dict[str, Record]:
    """Experiment -> its record; one of other code only where there is none of the code as it is."""
    of = {record["params_key"]: record for record in records} | {record["key"]: record for record in records}
    found = {p.name: of.get(p.key) or of.get(p.params_key) for p in plan.experiments}
    return {name: record for name, record in found.items() if record}
