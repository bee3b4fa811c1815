"""Everything that the report is made from, read and checked before the page is begun."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.causes.collect import least_score
from pipeline.coco import Coco, read_coco, read_json
from pipeline.errors import InputError
from pipeline.metrics import Results, results_of_task
from pipeline.params import Params, Regime, Task, load_params
from pipeline.report.optional import Optional, read_optional
from pipeline.report.table import Row, read_rows
from pipeline.runs import CASCADE, COMPARED, EVALUATED, measured, results_of, task_of

USED = (("synthetic", "train"), ("synthetic", "val"), ("real", "train"), ("real", "test"))
Curve = list[tuple[float, float]]  # (step, value)


@dataclass(frozen=True)
class Run:
    """One model, or the cascade of two: what it was trained to, and how it did."""

    card: dict[str, Any]  # model.json; as the curves empty for the cascade, which is not trained
    metrics: dict[str, dict[str, Any]]  # split -> metrics
    predictions: dict[str, Results]  # split -> COCO results
    curves: dict[str, Curve]  # name -> values by step
    confusion: list[tuple[str, str]]  # (actual, predicted), for a classifier
    precision_recall: Curve  # (recall, precision), for a detector and the cascade
    least_score: float  # of boxes that are shown, for a detector and the cascade: chosen on val


@dataclass(frozen=True)
class Inputs:
    """All of it; runs by (task or cascade, regime), COCO files by (task, domain, split)."""

    params: Params
    params_text: str
    rows: list[Row]
    runs: dict[tuple[str, str], Run]
    cocos: dict[tuple[str, str, str], Coco]
    checks: dict[str, dict[str, Any]]
    note: str
    images: Path
    optional: Optional

    @property
    def tasks(self) -> list[Task]:
        return self.params.tasks

    @property
    def names(self) -> list[str]:
        """The tasks, and the cascade where there is one."""
        return measured(self.params.tasks)

    @property
    def regimes(self) -> list[Regime]:
        return self.params.regimes


def load_inputs(results: Path, models: Path, data: Path, params: Path) -> Inputs:
    """Read the outputs of all stages. Raises InputError that names the file that is missing or damaged."""
    asked = load_params(params)
    used = [*USED, *[("mixed", "train")] * ("mixed" in asked.regimes)]
    files = {(str(task), *of): data / of[0] / task / f"{of[1]}.json" for task in asked.tasks for of in used}
    cocos = {key: read_coco(path, data) for key, path in files.items()}
    runs = [(name, str(regime)) for name in measured(asked.tasks) for regime in asked.regimes]
    note = data / "real" / "note.txt"
    return Inputs(
        params=asked,
        params_text=params.read_text(encoding="utf-8"),
        rows=_rows(results / "gap.json", set(runs)),
        runs={(n, r): _run(n, r, results_of(results, n, r), models / n / r, cocos, data) for n, r in runs},
        cocos=cocos,
        checks={t: read_json(results / "check" / t / "check.json", "sanity checks") for t in asked.tasks},
        note=note.read_text(encoding="utf-8").strip() if note.exists() else "",
        images=data,
        optional=read_optional(results, asked),
    )


def _rows(path: Path, runs: set[tuple[str, str]]) -> list[Row]:
    """Rows of gap.json. Raises InputError where it was made for other tasks or regimes than params.yaml asks for."""
    rows = read_rows(path)
    found = {(row.task, row.regime) for row in rows}
    if found != runs:
        one = min(found ^ runs)
        raise InputError(f"{path}: expected the tasks and regimes of params.yaml, found another list: see {one}.")
    return rows


def _run(
    name: str, regime: str, results: Path, model: Path, cocos: dict[tuple[str, str, str], Coco], data: Path
) -> Run:
    folder, task = results / "predictions", task_of(name)
    trained = name != CASCADE
    confusion, recall = folder / "confusion.csv", folder / "precision_recall.csv"
    truths = {split: cocos[(task, *EVALUATED[split])] for split in COMPARED}
    return Run(
        card=read_json(model / "model.json", "a description of the weights") if trained else {},
        metrics=read_json(results / "metrics.json", "metrics"),
        predictions={s: results_of_task(task, folder / f"{s}.json", truth) for s, truth in truths.items()},
        curves=read_curves(model / "curves") if trained else {},
        confusion=_table(confusion, ("actual", "predicted"), str) if task == "classifier" else [],
        precision_recall=_table(recall, ("recall", "precision"), float) if task == "detector" else [],
        least_score=least_score(task, regime, data, folder) if task == "detector" else 0.0,
    )


def _table(path: Path, columns: tuple[str, str], kind: Callable[[str], Any], delimiter: str = ",") -> list[Any]:
    """Two columns of a file with a heading. Raises InputError that names the file."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter=delimiter)
            return [(kind(row[columns[0]]), kind(row[columns[1]])) for row in rows]
    except FileNotFoundError:
        raise InputError(f"{path}: expected the columns {', '.join(columns)}, found no file.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected the columns {', '.join(columns)}, found a damaged file: {error}") from None


def read_curves(folder: Path) -> dict[str, Curve]:
    """DVCLive's files: `train/loss.tsv` with the columns step and loss. Phases of training follow one another."""
    curves: dict[str, Curve] = {}
    for path in sorted(folder.rglob("*.tsv")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = "/".join(parts[1:] if parts[0].startswith("phase") else parts)
        before = curves.setdefault(name, [])
        start = before[-1][0] if before else 0.0
        before += [(start + step, value) for step, value in _table(path, ("step", parts[-1]), float, "\t")]
    return {name: curve for name, curve in curves.items() if curve and not name.endswith("epoch")}
