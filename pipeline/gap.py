"""Stage: the two gaps of every task and metric, each with an interval over images: pipeline/bootstrap.py."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.bootstrap import Estimate, domain_gap, draw_counts, estimate, stream, transfer_gap
from pipeline.coco import Coco, write_json
from pipeline.errors import run
from pipeline.metrics import SCORERS, Scorer, read_truth, results_of_task
from pipeline.params import Evaluate, Params, load_params
from pipeline.runs import COMPARED, measured, results_of, task_of, truth_path


def gaps(of: Mapping[str, Mapping[str, Estimate]], confidence: float) -> dict[str, dict[str, dict[str, float]]]:
    """The part of gap.json for one metric; `of` is split -> regime -> estimate.

    No transfer gap without `real`; no gain over synthetic training without that and `mixed`.
    """
    synthetic_val, real_test = of["synthetic_val"], of["real_test"]
    estimates = {**of, "domain_gap": {r: domain_gap(synthetic_val[r], real_test[r]) for r in real_test}}
    if "real" in real_test:
        others = [r for r in real_test if r != "real"]
        estimates["transfer_gap"] = {r: transfer_gap(real_test["real"], real_test[r]) for r in others}
    if {"synthetic", "mixed"} <= set(real_test):
        estimates["gain_over_synthetic"] = {"mixed": real_test["mixed"] - real_test["synthetic"]}  # paired
    return {name: {r: e.interval(confidence) for r, e in by.items()} for name, by in estimates.items()}


def task_gaps(name: str, truths: Mapping[str, Path], results: Mapping[str, Path], evaluate: Evaluate) -> dict[str, Any]:
    """The part of gap.json for a task or the cascade: metric -> gaps.

    `truths` is split -> COCO file, `results` regime -> folder of an evaluation.
    """
    of: dict[str, dict[str, dict[str, Estimate]]] = {}  # metric -> split -> regime
    for split, path in truths.items():
        truth = read_truth(path)
        # the cascade is drawn for like its detector: the two may be compared
        counts = draw_counts(truth, evaluate.resamples, stream(evaluate.seed, f"{task_of(name)}/{split}"))
        for regime, folder in results.items():
            scorer = scorer_of(name, truth, folder / "predictions" / f"{split}.json")
            for metric, estimated in estimate(scorer, counts).items():
                of.setdefault(metric, {}).setdefault(split, {})[regime] = estimated
    return {metric: gaps(by_split, evaluate.confidence) for metric, by_split in of.items()}


def scorer_of(name: str, truth: Coco, predictions: Path) -> Scorer:
    task = task_of(name)
    return SCORERS[task](truth, results_of_task(task, predictions, truth))


def all_gaps(params: Params, results: Path, data: Path) -> dict[str, Any]:
    """gap.json: task or cascade -> metric -> gaps."""
    result = {}
    for name in measured(params.tasks):
        truths = {split: truth_path(data, task_of(name), split) for split in COMPARED}
        folders: dict[str, Path] = {regime: results_of(results, name, regime) for regime in params.regimes}
        result[name] = task_gaps(name, truths, folders, params.evaluate)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("results", "data", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    write_json(args.out, all_gaps(load_params(args.params), args.results, args.data))


if __name__ == "__main__":
    run(main)
