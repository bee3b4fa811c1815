"""Every regime trained with several seeds on the data of one `dvc repro`: means, and what another seed changes.

    python -m bench.seeds --data data --seeds 3 --jobs 2

The pipeline's own stages, as processes; what an earlier call has made with the same parameters, data and code is used
again, so that an interrupted one goes on. Runs side by side share the cores.
"""

import argparse
import itertools
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from bench.kept import key
from bench.machine import describe
from bench.seed_table import HEAD, rows, times
from bench.spread import table
from bench.trial import stage, train_and_evaluate
from bench.values import read_values, write_values
from pipeline.cache import cache_folder
from pipeline.errors import run
from pipeline.params import load_params
from pipeline.runs import CASCADE, measured, results_of


def with_seed(given: Path, seed: int, data: Path, work: Path) -> Path:
    """A copy of the params file with this seed of training, in a folder for all that depends on the same."""
    values = read_values(given)
    values["train"]["seed"] = seed
    path = work / f"{seed}-{key(values, data, *values['tasks'])}" / "params.yaml"
    return write_values(path, values)


def one_run(params: Path, data: Path, task: str, regime: str) -> None:
    """Train and evaluate, unless that was done; `seconds.txt` says how long it took."""
    out = results_of(params.parent, task, regime)
    if (out / "metrics.json").exists():
        return
    start = time.perf_counter()
    train_and_evaluate(params, data, task, regime, params.parent / "models" / task / regime, out)
    (out / "seconds.txt").write_text(f"{time.perf_counter() - start:.0f}\n", encoding="utf-8")


def one_cascade(params: Path, data: Path, regime: str) -> None:
    work = params.parent
    out = results_of(work, CASCADE, regime)
    if not (out / "metrics.json").exists():
        folders = {"models": work / "models", "results": work, "data": data, "out": out}
        stage("pipeline.cascade", params, regime=regime, **folders)


def side_by_side(runs: list[tuple[Callable[..., None], tuple[object, ...]]], jobs: int) -> None:
    """All runs, `jobs` at a time, each with its part of the cores; after an error none is started any more."""
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(work, *given) for work, given in runs]
        try:
            for done in tqdm(as_completed(waiting), total=len(waiting), unit="run"):
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="with synthetic, real and mixed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--work", type=Path, default=cache_folder() / "bench" / "seeds", help="keeps what was made")
    args = parser.parse_args()
    params = load_params(args.params)
    paths = [with_seed(args.params, seed, args.data, args.work) for seed in range(args.seeds)]
    print(f"{describe()}, {args.jobs} runs side by side", flush=True)
    each = list(itertools.product(paths, params.regimes))
    side_by_side([(one_run, (p, args.data, task, r)) for p, r in each for task in params.tasks], args.jobs)
    if CASCADE in measured(params.tasks):
        side_by_side([(one_cascade, (p, args.data, r)) for p, r in each], args.jobs)
    works = [p.parent for p in paths]
    print(table(HEAD, rows(params, works)), times(params, works), sep="\n\n")


if __name__ == "__main__":
    run(main)
