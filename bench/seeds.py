"""Every regime trained with several seeds on the data of one `dvc repro`: means, and what another seed changes.

    python -m bench.seeds --data data --seeds 3

The pipeline's own stages, as processes; what an earlier call has made is used again, so that an interrupted one goes
on. The interval is Student's for the mean over seeds (95 %): it does not say what other test images would give, which
the bootstrap of results/gap.json does.
"""

import argparse
import itertools
import json
import statistics
from pathlib import Path
from typing import Any

import yaml
from scipy.stats import t as student
from tqdm import tqdm

from bench.machine import describe
from bench.spread import table
from bench.trial import stage, train_and_evaluate
from pipeline.cache import cache_folder
from pipeline.errors import run
from pipeline.params import Params, Yaml, load_params
from pipeline.runs import CASCADE, EVALUATED, measured, results_of

SHOWN = {"accuracy": 100, "AP50": 1, "AP50_class_agnostic": 1, "AP": 1}  # metric -> unit: accuracy in %
SPLITS = tuple(EVALUATED)


def with_seed(given: Path, seed: int, work: Path) -> Path:
    """A copy of the params file with this seed of training."""
    values = yaml.load(given.read_text(encoding="utf-8"), Loader=Yaml)
    values["train"]["seed"] = seed
    path = work / str(seed) / "params.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def one_run(params: Path, data: Path, task: str, regime: str) -> None:
    """Train and evaluate, unless that was done."""
    out = results_of(params.parent, task, regime)
    if not (out / "metrics.json").exists():
        train_and_evaluate(params, data, task, regime, params.parent / "models" / task / regime, out)


def one_cascade(params: Path, data: Path, regime: str) -> None:
    work = params.parent
    out = results_of(work, CASCADE, regime)
    if not (out / "metrics.json").exists():
        folders = {"models": work / "models", "results": work / "runs", "data": data, "out": out}
        stage("pipeline.cascade", params, regime=regime, **folders)


def metrics_of(work: Path, task: str, regime: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((results_of(work, task, regime) / "metrics.json").read_text(encoding="utf-8"))
    return found


def mean_text(values: list[float], unit: int) -> str:
    """Mean and its interval; of one value no interval is known."""
    if not values:
        return "-"
    digits = 1 if unit == 100 else 3
    mean = statistics.mean(values) * unit
    if len(values) < 2:
        return f"{mean:.{digits}f}"
    error = statistics.stdev(values) * unit / len(values) ** 0.5
    reach = float(student.ppf(0.975, len(values) - 1)) * error
    return f"{mean:.{digits}f} ± {reach:.{digits}f}"


def rows(params: Params, works: list[Path]) -> list[list[str]]:
    """Task, metric, regime, and the score on each split over all seeds."""
    found = []
    for task, metric, regime in itertools.product(measured(params.tasks), SHOWN, params.regimes):
        of_seeds = [metrics_of(work, task, regime) for work in works]
        if all(metric in of[SPLITS[0]] for of in of_seeds):
            cells = [mean_text([of[s][metric] for of in of_seeds if s in of], SHOWN[metric]) for s in SPLITS]
            found.append([task, metric, regime, *cells])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="with synthetic, real and mixed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--work", type=Path, default=cache_folder() / "bench" / "seeds", help="keeps models and metrics"
    )
    args = parser.parse_args()
    params = load_params(args.params)
    paths = [with_seed(args.params, seed, args.work) for seed in range(args.seeds)]
    print(describe(), flush=True)
    for path, regime in tqdm(list(itertools.product(paths, params.regimes)), unit="run"):
        for task in params.tasks:
            one_run(path, args.data, task, regime)
        if CASCADE in measured(params.tasks):
            one_cascade(path, args.data, regime)
    head = ["task", "metric", "trained on", *(s.replace("_", " ") for s in SPLITS)]
    print(table(head, rows(params, [p.parent for p in paths])))


if __name__ == "__main__":
    run(main)
