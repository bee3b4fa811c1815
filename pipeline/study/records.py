"""What is kept of each experiment: a JSON in `results/studies/<study>/`, which outlives commits and DVC's lists.

A record says what it was made of by two keys: that of the params and code that its targets depend on, and that of the
params alone. `run` repeats what has other code; `report` takes it and says so; runs of one repeat
are always of one code.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.coco import read_json, write_json
from pipeline.runs import results_of, task_of
from pipeline.study.plan import Plan, Planned

Record = dict[str, Any]  # see docs/studies.md


def measure(project: Path, plan: Plan, done: Planned, seconds: dict[str, float], commit: str) -> Record:
    """The record of an experiment whose results lie in the folder `project`."""
    return {
        "study": plan.name,
        "cell": done.cell.levels,
        "repeat": done.repeat,
        "settings": done.settings,
        "experiment": done.name,
        "commit": commit,
        "key": done.key,
        "params_key": done.params_key,
        "code_key": plan.code_key,
        "seconds": seconds,  # of the stages that ran; the others came from DVC's cache
        "metrics": _by_run(plan, lambda t, r: scores(results_of(project / "results", t, r) / "metrics.json")),
        "images": _by_run(plan, lambda t, r: images(project / "data" / r / task_of(t) / "train.json")),
    }


def _by_run(plan: Plan, of: Callable[[str, str], Any]) -> dict[str, dict[str, Any]]:
    """Task -> regime -> value."""
    return {task: {regime: of(task, regime) for regime in plan.study.regimes} for task in plan.study.tasks}


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
    """Experiment -> its record, all of a repeat by the same code, as differences are between runs of one repeat.

    Of each repeat it is the code with most of its runs; of several such, that with most runs of the study, then the
    code as it is.
    """
    by_code = _by_code(plan, records)
    found: dict[str, Record] = {}
    for repeat in range(plan.study.repeats):
        own = [planned for planned in plan.experiments if planned.repeat == repeat]
        of = max(by_code.values(), key=lambda runs: (_count(own, runs), _count(plan.experiments, runs)), default={})
        found |= {planned.name: of[planned.params_key] for planned in own if planned.params_key in of}
    return found


def _count(experiments: Iterable[Planned], runs: Mapping[str, Record]) -> int:
    return sum(planned.params_key in runs for planned in experiments)


def _by_code(plan: Plan, records: Iterable[Record]) -> dict[str, dict[str, Record]]:
    """Code, first as it is, then by its key -> params -> record."""
    now = {planned.key for planned in plan.experiments}
    found: dict[str, dict[str, Record]] = {plan.code_key: {}}
    for record in records:
        code: str = plan.code_key if record["key"] in now else record.get("code_key") or record["commit"]
        found.setdefault(code, {})[record["params_key"]] = record
    return {code: found[code] for code in sorted(found, key=lambda code: (code != plan.code_key, code))}
