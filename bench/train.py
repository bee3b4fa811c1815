"""Images/s of training: ours against a bare loop on batches in memory, and against torchvision's reference style.

    python -m bench.train                                 # the comparison
    python -m bench.train --settings                      # what each setting brings
    python -m bench.train --accuracy 0.95 --data data     # seconds until a score on rendered val

Each side is a process of its own; they take their steps in turn. Ratios are of neighbours, above 1 where ours
is faster. CPU: of processor time, which other work on the machine disturbs less than the clock on the wall.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench import train_files
from bench.machine import describe
from bench.spread import table
from bench.train_data import write_data
from bench.train_side import params_of
from bench.train_tables import compared, reached, settings_rows
from bench.train_turns import Way, in_turn, until
from pipeline.errors import InputError, run
from pipeline.params import load_params
from pipeline.train import precision_of


@dataclass(frozen=True)
class Case:
    """What is trained, and how many steps of a turn are counted."""

    task: str
    changes: list[str]  # of the params
    counted: int


PICTURES = 64
CASES = {
    "ResNet-18": Case(
        "classifier", ["classifier.model=resnet18", "classifier.grayscale=false", "classifier.batch_size=32"], 4
    ),
    "detector": Case("detector", [], 12),
}
WAYS = {"ours": Way(), "bare": Way("bare"), "reference": Way("reference", workers=train_files.WORKERS)}
TASKS = ["classifier", "detector"]  # of those with a reference
AS_IT_IS = "as it is"
SETTINGS = {
    "`train.precision: 32-true`": Way(changes=("train.precision=32-true",)),
    "`train.workers: 1`": Way(changes=("train.workers=1",), workers=1),
    "`train.workers: 2`": Way(changes=("train.workers=2",), workers=2),
    "channels last": Way(options={"change": "channels_last"}),
    "`torch.compile`": Way(options={"change": "compiled"}),
    "pictures decoded at every step": Way(options={"change": "decoded"}),
}


def compare(cases: list[str], params: Path, rounds: int, data: Path) -> str:
    rows = []
    for name in cases:
        case = CASES[name]
        found = in_turn(WAYS, work_of(case, params, data), case.counted, rounds)
        rows.append(compared(name, getattr(params_of(params, case.changes), case.task).batch_size, found))
    ratios = [f"{text} / {other}" for other in ("bare", "reference") for text in ("ours", "CPU")]
    return table(["training", "ours, images/s", *ratios, *(f"{side}, MB" for side in WAYS)], rows)


def settings(cases: list[str], wanted: list[str], params: Path, rounds: int, data: Path) -> str:
    ways, tables = {AS_IT_IS: Way()} | {name: SETTINGS[name] for name in wanted}, []
    for name in cases:
        found = in_turn(ways, work_of(CASES[name], params, data), CASES[name].counted, rounds)
        tables.append(table([name, "times as fast", "CPU", "MB"], settings_rows(found)))
    return "\n\n".join(tables)


def accuracy(score: float, tasks: list[str], params: Path, rounds: int, data: Path) -> str:
    ways, tables = {name: WAYS[name] for name in ("ours", "reference")}, []
    for task in tasks:
        work = {"params": str(params), "task": task, "changes": [], "images": str(data)}
        found = until(score, ways, {**work, "data": str(data / "synthetic" / task)}, rounds)
        tables.append(table([f"{task}, until {score}", "s", "CPU s", "score", "validations", "MB"], reached(found)))
    return "\n\n".join(tables)


def work_of(case: Case, params: Path, data: Path) -> dict[str, Any]:
    """What bench.train_side is told to work on."""
    return {"params": str(params), "task": case.task, "changes": case.changes, "data": str(data), "images": str(data)}


def check(args: argparse.Namespace) -> None:
    """Raises InputError for options that mean nothing together."""
    if args.accuracy is None and args.tasks:
        raise InputError("--tasks: expected with --accuracy; without it --cases says what is trained.")
    if args.accuracy is not None and args.cases:
        raise InputError("--cases: expected --tasks with --accuracy, which trains the networks of --params.")
    if args.accuracy is not None and args.data is None:
        raise InputError("--accuracy: expected --data, a folder with synthetic, found none.")


def choose(device: str | None) -> None:
    """The device of all processes. Raises InputError where it is absent."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: expected a GPU that torch can use, found none.")
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("presets/digits.yaml"))
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--cases", nargs="+", choices=CASES, help="all if not given; not for --accuracy")
    parser.add_argument("--settings", nargs="*", choices=SETTINGS, help="one or some; without a name: all")
    parser.add_argument("--accuracy", type=float, help="score on rendered val that --params' own networks must reach")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, help="for --accuracy; both if not given")
    parser.add_argument("--data", type=Path, help="with synthetic, for --accuracy")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of itself it takes a GPU where there is one")
    args = parser.parse_args()
    check(args)
    choose(args.device)
    params = load_params(args.params)
    print(f"{describe()}\n{torch.get_num_threads()} threads, {precision_of(params)}", flush=True)
    if args.accuracy is not None:
        print(accuracy(args.accuracy, args.tasks or TASKS, args.params, args.rounds, args.data))
        return
    cases = args.cases or list(CASES)
    with tempfile.TemporaryDirectory() as room:
        data = write_data(Path(room), PICTURES)
        if args.settings is None:
            print(compare(cases, args.params, args.rounds, data))
        else:
            print(settings(cases, args.settings or list(SETTINGS), args.params, args.rounds, data))


if __name__ == "__main__":
    run(main)
