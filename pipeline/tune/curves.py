"""Step 6: the learning curves of a trained model as a plot, and what they say in words."""

import argparse
from pathlib import Path

from matplotlib.axes import Axes

from pipeline.errors import InputError
from pipeline.figure import save_plots
from pipeline.report.load import Curve, read_curves
from pipeline.runs import REGIMES, TASKS
from pipeline.tune.verdict import Curves, judge

NAMES = {"loss": "train/loss", "train": "train/score", "val": "val/score"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of <task>/<regime>")
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--regime", choices=REGIMES, default="synthetic", help="what was trained on")
    parser.add_argument("--good", type=float, default=0.9, help="score on train that is not under-fitting")
    parser.add_argument("--out", type=Path, default=Path("tune"), help="folder for the plot")


def command(args: argparse.Namespace) -> None:
    curves = read(args.models / args.task / args.regime / "curves")
    path = args.out / f"curves-{args.task}-{args.regime}.svg"
    save_plots(path, [lambda axes: draw_loss(axes, curves), lambda axes: draw_scores(axes, curves)])
    print(f"{path}\n{judge(curves, args.good)}")


def read(folder: Path) -> Curves:
    """The curves of the last phase. Raises InputError for one that is missing or has no values."""
    phases = sorted(folder.glob("phase*"))
    if not phases:
        raise InputError(f"{folder}: expected the curves of a trained model, found none: run `dvc repro`.")
    found = read_curves(phases[-1])
    for name in NAMES.values():
        if not found.get(name):
            path = phases[-1] / f"{name}.tsv"
            raise InputError(f"{path}: expected a learning curve, found none: the model is older; train it again.")
    return Curves(**{key: found[name] for key, name in NAMES.items()})


def draw_loss(axes: Axes, curves: Curves) -> None:
    line(axes, curves.loss, "-", "#0072b2", "")
    axes.set(title="Loss on augmented batches", xlabel="step")


def draw_scores(axes: Axes, curves: Curves) -> None:
    line(axes, curves.train, "--", "#0072b2", "train")
    line(axes, curves.val, "-", "#d55e00", "val")
    axes.set(title="Score", xlabel="step")


def line(axes: Axes, curve: Curve, style: str, colour: str, label: str) -> None:
    steps, values = zip(*curve, strict=True)
    axes.plot(steps, values, style, color=colour, label=label or None)
