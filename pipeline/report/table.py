"""gap.json as rows of a table. Standard library only, so that the summary on the command line starts at once."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.runs import CASCADE, REGIMES

BOXES = ("AP50", "AP", "AP50_class_agnostic")
MASKS = ("mIoU", "Dice")
# the first one answers the question
METRICS = {"classifier": ("accuracy",), "detector": BOXES, "segmenter": MASKS, CASCADE: BOXES}
MISSING = "\u2013"  # en dash
REFERENCE = "reference"  # real training is what the transfer gap is measured against


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval; NaN where the metric is not defined."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return all(map(math.isfinite, (self.value, self.low, self.high)))

    @property
    def negated(self) -> "Interval":
        return Interval(-self.value, -self.high, -self.low)


UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Row:
    """One task or cascade, metric and regime. A score's domain gap is its fall from synthetic val to real test."""

    task: str
    metric: str
    regime: str
    synthetic_val: Interval
    real_test: Interval
    domain_gap: Interval
    transfer_gap: Interval | None  # None: this is the reference; NaN: there is none
    gain_over_synthetic: Interval | None = None  # of mixed training, where there is synthetic too


def read_rows(path: Path) -> list[Row]:
    """The rows of gap.json by task, metric and regime, as far as they were asked for.

    Raises:
        InputError: naming the file and the key.
    """
    try:
        gaps = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected the gaps, found no file.") from None
    except ValueError as error:
        raise InputError(f"{path}: expected the gaps, found damaged JSON: {error}") from None
    asked = [name for name in METRICS if isinstance(gaps, dict) and name in gaps]
    if not asked:
        raise InputError(f"{path}: expected the gaps of {', '.join(METRICS)}, found none of them.")
    return [row for name in asked for metric in METRICS[name] for row in _rows(path, gaps, name, metric)]


def _rows(path: Path, gaps: Any, task: str, metric: str) -> list[Row]:
    scores = _entry(gaps, (task, metric, "real_test"))
    if not isinstance(scores, dict) or not set(scores) & set(REGIMES):
        raise InputError(f"{path}: {task}.{metric}.real_test: expected {', '.join(REGIMES)}, found {scores!r}.")
    return [_row(path, gaps, task, metric, r, set(scores)) for r in REGIMES if r in scores]


def _row(path: Path, gaps: Any, task: str, metric: str, regime: str, there: set[str]) -> Row:
    def at(name: str) -> Interval:
        return _interval(path, gaps, (task, metric, name, regime))

    transfer_gap = None if regime == "real" else at("transfer_gap") if "real" in there else UNKNOWN
    gain = at("gain_over_synthetic") if regime == "mixed" and "synthetic" in there else None
    return Row(task, metric, regime, at("synthetic_val"), at("real_test"), at("domain_gap"), transfer_gap, gain)


def _interval(path: Path, gaps: Any, keys: tuple[str, ...]) -> Interval:
    entry = _entry(gaps, keys)
    if not isinstance(entry, dict) or not {"value", "low", "high"} <= set(entry):
        raise InputError(f"{path}: {'.'.join(keys)}: expected value, low and high, found {entry!r}.")
    numbers = [entry[name] for name in ("value", "low", "high")]
    if not all(n is None or (isinstance(n, (int, float)) and not isinstance(n, bool)) for n in numbers):
        raise InputError(f"{path}: {'.'.join(keys)}: expected three numbers, found {numbers}.")
    return Interval(*(math.nan if n is None else float(n) for n in numbers))


def _entry(gaps: Any, keys: tuple[str, ...]) -> Any:
    """What stands at the end of the keys; None where there is nothing."""
    for key in keys:
        gaps = gaps.get(key) if isinstance(gaps, dict) else None
    return gaps


def label(metric: str) -> str:
    """The metric's name as a heading, with its unit."""
    return {"accuracy": "accuracy (%)", "AP50_class_agnostic": "AP50, class-agnostic"}.get(metric, metric)


def number(metric: str, value: float | None, sign: bool = False) -> str:
    """Accuracy in percent with one decimal, others as a fraction with three; a dash for None, NaN and COCO's -1."""
    if value is None or not math.isfinite(value) or (value == -1 and not sign):
        return MISSING
    text = f"{100 * value:+.1f}" if metric == "accuracy" else f"{value:+.3f}"
    if text.strip("+-0.") == "":
        text = text.replace("-", "+")  # no -0.0
    return text if sign else text.removeprefix("+")


def span(metric: str, interval: Interval, sign: bool = False) -> str:
    """`[low, high]`, or nothing where there is none."""
    if not interval.known:
        return ""
    return f"[{number(metric, interval.low, sign)}, {number(metric, interval.high, sign)}]"


def cell(metric: str, interval: Interval | None, sign: bool = False) -> str:
    """`value [low, high]`."""
    if interval is None:
        return REFERENCE
    return f"{number(metric, interval.value, sign)} {span(metric, interval, sign)}".rstrip()


HEADINGS = ("task", "metric", "trained on", "synthetic val", "real test", "domain gap", "transfer gap")


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, one cell for each of HEADINGS."""
    scores = (cell(row.metric, row.synthetic_val), cell(row.metric, row.real_test))
    gaps = (cell(row.metric, row.domain_gap, True), cell(row.metric, row.transfer_gap, True))
    return (row.task, label(row.metric), row.regime, *scores, *gaps)
