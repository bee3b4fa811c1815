"""What bench/seeds.py has measured: means over seeds with Student's interval (95 %).

The interval does not say what other test images would give, which the bootstrap of results/gap.json does.
"""

import itertools
from pathlib import Path
from typing import Any

from bench.spread import table
from pipeline.coco import read_json
from pipeline.intervals import seed_interval
from pipeline.params import Params
from pipeline.runs import EVALUATED, measured, results_of

UNITS = {
    "accuracy": 100,
    "AP50": 1,
    "AP50_class_agnostic": 1,
    "AP": 1,
    "mIoU": 1,
    "Dice": 1,
}  # metric -> unit: accuracy in %
SPLITS = tuple(EVALUATED)
REFERENCE = "real"  # the regime that `transfer gap` compares with
HEAD = ["task", "metric", "trained on", *(s.replace("_", " ") for s in SPLITS), "transfer gap"]


def rows(params: Params, works: list[Path]) -> list[list[str]]:
    """Task, metric, regime, the score on each split and the transfer gap, over the seeds of which `works` holds the
    results."""
    found = []
    for task, metric, regime in itertools.product(measured(params.tasks), UNITS, params.regimes):
        of_seeds = [_metrics(work, task, regime) for work in works]
        if all(metric in of[SPLITS[0]] for of in of_seeds):
            cells = [mean_text([of[s][metric] for of in of_seeds if s in of], UNITS[metric]) for s in SPLITS]
            found.append([task, metric, regime, *cells, _transfer_gap(params, works, task, metric, regime)])
    return found


def _transfer_gap(params: Params, works: list[Path], task: str, metric: str, regime: str) -> str:
    """Real training minus this one on real test, of runs with the same seed."""
    if regime == REFERENCE or REFERENCE not in params.regimes:
        return "-"
    pairs = [[_metrics(work, task, r)["real_test"][metric] for r in (REFERENCE, regime)] for work in works]
    return mean_text([real - own for real, own in pairs], UNITS[metric], signed=True)


def _metrics(work: Path, task: str, regime: str) -> Any:
    return read_json(results_of(work, task, regime) / "metrics.json", "what a run scores")


def mean_text(values: list[float], unit: int, signed: bool = False) -> str:
    """Mean and how far its interval reaches; of one value no interval is known."""
    if not values:
        return "-"
    form = f"{'+' if signed else ''}.{1 if unit == 100 else 3}f"
    found = seed_interval([v * unit for v in values])
    reach = f" ± {format(found.value - found.low, form.removeprefix('+'))}" if len(values) > 1 else ""
    return f"{format(found.value, form)}{reach}"


def times(params: Params, works: list[Path]) -> str:
    """Minutes of a run, training and evaluation together, those of all seeds."""
    lines = []
    for task, regime in itertools.product(params.tasks, params.regimes):
        files = [results_of(work, task, regime) / "seconds.txt" for work in works]
        minutes = [float(f.read_text(encoding="utf-8")) / 60 for f in files if f.exists()]
        lines.append([task, regime, ", ".join(f"{m:.1f}" for m in minutes) or "-"])
    return table(["task", "trained on", "minutes of each run"], lines)
