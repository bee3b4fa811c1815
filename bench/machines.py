"""How far the same params and seed move on other machines: training again as processors of other kinds compute.

    python -m bench.machines --data data

Processors differ in how they add: with wider or narrower instructions, with bf16 or without, on more threads. This
machine can be told to compute like a smaller one; what another operating system or a GPU would change is not seen.
"""

import argparse
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tqdm import tqdm

from bench.kept import key
from bench.machine import describe
from bench.seed_table import UNITS
from bench.spread import table
from bench.trial import train_and_evaluate
from bench.values import read_values, write_values
from pipeline.cache import cache_folder
from pipeline.coco import read_json
from pipeline.errors import run
from pipeline.runs import Task
from pipeline.tune.search_file import SCORES

Environment = dict[str, str]
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
KINDS: dict[str, tuple[Environment, dict[str, Any]]] = {  # environment, and values of the section train
    "as it is, one thread": ({"OMP_NUM_THREADS": "1"}, {}),
    "again": ({"OMP_NUM_THREADS": "1"}, {}),
    "two threads": ({"OMP_NUM_THREADS": "2"}, {}),
    "32 bits": ({"OMP_NUM_THREADS": "1"}, {"precision": "32-true"}),
    "AVX2, 32 bits": ({"OMP_NUM_THREADS": "1", **AVX2}, {"precision": "32-true"}),
}


def scores(kind: str, given: Path, data: Path, task: Task, work: Path) -> list[float]:
    """On synthetic val and real test after synthetic training; what an earlier call has made is used again."""
    environment, changes = KINDS[kind]
    values = read_values(given)
    values["train"] |= changes
    folder = work / key({"kind": kind, "environment": environment, **values}, data, task)
    if not (folder / task / "metrics.json").exists():
        params = write_values(folder / "params.yaml", values)
        with patch.dict(os.environ, environment):
            train_and_evaluate(params, data, task, "synthetic", folder / f"{task}-model", folder / task)
    found = read_json(folder / task / "metrics.json", "what a run scores")
    return [UNITS[SCORES[task]] * found[split][SCORES[task]] for split in ("synthetic_val", "real_test")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="with synthetic and real, of one dvc repro")
    parser.add_argument("--tasks", nargs="+", choices=SCORES, default=["classifier", "detector"])
    parser.add_argument("--work", type=Path, default=cache_folder() / "bench" / "machines", help="keeps what was made")
    args = parser.parse_args()
    print(describe(), flush=True)
    for task in args.tasks:
        rows = []
        for kind in tqdm(KINDS, unit="run"):
            rows.append([kind, *(f"{s:.4f}" for s in scores(kind, args.params, args.data, task, args.work))])
        print(table([f"{task}, {SCORES[task]}", "synthetic val", "real test"], rows), flush=True)


if __name__ == "__main__":
    run(main)
