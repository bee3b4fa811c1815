"""What the page says in tables: training data, confusion, classes, checks, versions."""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pipeline.coco import Coco, category_names
from pipeline.metrics.segmenter import BACKGROUND
from pipeline.report.load import Inputs, Run
from pipeline.report.table import METRICS, MISSING, number
from pipeline.runs import task_of

PACKAGES = (
    "bpy",
    "torch",
    "torchvision",
    "lightning",
    "numpy",
    "pillow",
    "pycocotools",
    "scikit-learn",
    "dvc",
    "dvclive",
    "matplotlib",
)


def versions() -> list[tuple[str, str]]:
    """Python's and those of the packages that results depend on."""
    return [("python", platform.python_version()), *((name, _version(name)) for name in PACKAGES)]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as (dotted key, text)."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _text(value)


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


def models_table(inputs: Inputs) -> list[tuple[str, ...]]:
    """Task, regime, what it was trained on, architecture, step and score of the weights that were kept."""
    return [
        (
            task,
            regime,
            trained_on(inputs.cocos[(task, regime, "train")])
            + colours_of(inputs.runs[(task, regime)].card, inputs.cocos[(task, "real", "train")]),
            *(_text(inputs.runs[(task, regime)].card.get(key)) for key in ("architecture", "step", "score")),
        )
        for task in inputs.tasks
        for regime in inputs.regimes
    ]


def trained_on(coco: Coco) -> str:
    """Numbers of images and objects, rendered and real; an image that stands there several times counts once."""
    parts = []
    for domain, word in (("synthetic", "rendered"), ("real", "real")):
        ids = set({i["file_name"]: i["id"] for i in coco["images"] if i.get("domain") == domain}.values())
        if ids:
            count = sum(a["image_id"] in ids for a in coco["annotations"])
            parts.append(f"{len(ids):,} {word} images ({count:,} objects)")
    return " and ".join(parts) or MISSING


def colours_of(card: Mapping[str, Any], real: Coco) -> str:
    """Says so where augment.histogram_matching took the colours of real train images, whatever the regime."""
    if not card.get("params", {}).get("augment", {}).get("histogram_matching"):
        return ""
    return f"; colours of {len(real['images']):,} real images"


@dataclass(frozen=True)
class Confusion:
    """Counts by actual (rows) and predicted (columns) category; shares are of the row."""

    names: list[str]
    counts: list[list[int]]
    shares: list[list[float]]


def confusion(coco: Coco, run: Run) -> Confusion:
    names = category_names(coco)
    index = {name: n for n, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for actual, predicted in run.confusion:
        counts[index[actual]][index[predicted]] += 1
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    return Confusion(names, counts, shares)


def class_metrics(name: str) -> list[str]:
    """Those of METRICS that a single category has, by their names there."""
    of_one = {"mIoU": "IoU"}
    return [of_one.get(metric, metric) for metric in METRICS[name] if metric != "AP50_class_agnostic"]


def class_table(inputs: Inputs, name: str, split: str) -> list[list[str]]:
    """A row for each category: its name, then each metric in each regime; `name` is that of a task or the cascade."""
    categories = [c["name"] for c in inputs.cocos[(task_of(name), "real", "test")]["categories"]]
    categories = [BACKGROUND, *categories] if name == "segmenter" else categories
    per_class = {r: inputs.runs[(name, r)].metrics[split]["per_class"] for r in inputs.regimes}
    columns = [(metric, regime) for metric in class_metrics(name) for regime in inputs.regimes]
    return [[c, *(number(m, _of_class(per_class[r].get(c), m)) for m, r in columns)] for c in categories]


def _of_class(entry: Any, metric: str) -> float | None:
    value = entry.get(metric) if isinstance(entry, Mapping) else entry
    return None if value is None else float(value)
