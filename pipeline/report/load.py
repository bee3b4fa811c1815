"""Everything that the report is made from, read and checked before the page is begun."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.coco import Coco, read_coco, read_json
from pipeline.errors import InputError
from pipeline.metrics.inputs import Results, read_results
from pipeline.params import Params, load_params
from pipeline.report.table import METRICS, REGIMES, Row, read_rows

SPLITS = {"synthetic_val": ("synthetic", "val"), "real_test": ("real", "test")}  # evaluated on -> COCO file
USED = (("synthetic", "train"), ("synthetic", "val"), ("real", "train"), ("real", "test"), ("mixed", "train"))
Curve = list[tuple[float, float]]  # (step, value)


@dataclass(frozen=True)
class Run:
    """One model: what it was trained to, and how it did."""

    card: dict[str, Any]  # model.json
    metrics: dict[str, dict[str, Any]]  # split -> metrics
    predictions: dict[str, Results]  # split -> COCO results
    curves: dict[str, Curve]  # name -> values by step
    confusion: list[tuple[str, str]]  # (actual, predicted), for a classifier
    precision_recall: Curve  # (recall, precision), for a detector


@dataclass(frozen=True)
class Inputs:
    """All of it; runs by (task, regime), COCO files by (task, domain, split)."""

    params: Params
    params_text: str
    rows: list[Row]
    runs: dict[tuple[str, str], Run]
    cocos: dict[tuple[str, str, str], Coco]
    checks: dict[str, dict[str, Any]]
    note: str
    images: Path


def load_inputs(results: Path, models: Path, data: Path, params: Path) -> Inputs:
    """Read the outputs of all stages. Raises InputError that names the file that is missing or damaged."""
    cocos = {(t, d, s): read_coco(data / d / t / f"{s}.json", data) for t in METRICS for d, s in USED}
    note = data / "real" / "note.txt"
    return Inputs(
        params=load_params(params),
        params_text=params.read_text(encoding="utf-8"),
        rows=read_rows(results / "gap.json"),
        runs={(t, r): _run(t, results / t / r, models / t / r, cocos) for t in METRICS for r in REGIMES},
        cocos=cocos,
        checks={t: read_json(results / "check" / t / "check.json", "sanity checks") for t in METRICS},
        note=note.read_text(encoding="utf-8").strip() if note.exists() else "",
        images=data,
    )


def _run(task: str, results: Path, model: Path, cocos: dict[tuple[str, str, str], Coco]) -> Run:
    folder = results / "predictions"
    per_object = task == "classifier"
    return Run(
        card=read_json(model / "model.json", "a description of the weights"),
        metrics=read_json(results / "metrics.json", "metrics"),
        predictions={s: read_results(folder / f"{s}.json", cocos[(task, *of)], per_object) for s, of in SPLITS.items()},
        curves=read_curves(model / "curves"),
        confusion=_table(folder / "confusion.csv", ("actual", "predicted"), str) if per_object else [],
        precision_recall=[] if per_object else _table(folder / "precision_recall.csv", ("recall", "precision"), float),
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
