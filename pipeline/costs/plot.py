"""Accuracy against cost: the classifiers that were trained, as points."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.coco import read_json
from pipeline.costs.summary import cost_of
from pipeline.errors import InputError
from pipeline.models.checkpoint import fit_of, read_card
from pipeline.params import Classifier

AREA_OF_A_MILLION = 30.0  # parameters, in points squared
LEAST_AREA = 12.0
OF_PLACE = "results of a classifier"


@dataclass(frozen=True)
class Trained:
    """A network that was trained, and measured."""

    name: str
    accuracy: float  # %
    multiply_adds: int
    parameters: int


def read_trained(model: Path, results: Path, split: str) -> Trained:
    """A model folder and the folder that `evaluate` wrote for it. Raises InputError for others."""
    card = read_card(model)
    fit = fit_of(card)
    if not isinstance(fit, Classifier):
        raise InputError(f"{model}: expected a classifier, found a {card.task}.")
    metrics = read_json(results / "metrics.json", OF_PLACE)
    if "accuracy" not in metrics.get(split, {}):
        raise InputError(f"{results / 'metrics.json'}: expected the accuracy on {split}, found {sorted(metrics)}.")
    cost = cost_of(fit, len(card.categories), card.channels)
    return Trained(card.architecture, 100 * metrics[split]["accuracy"], cost.multiply_adds, cost.parameters)


def plot(trained: Sequence[Trained], split: str, out: Path) -> None:
    """Multiply-adds to the right, accuracy upwards, parameters as area."""
    with matplotlib.rc_context({"svg.hashsalt": "costs", "svg.fonttype": "none"}):
        figure = Figure((7, 4.5), layout="constrained")
        draw(figure.subplots(), trained, split)
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def draw(axes: Axes, trained: Sequence[Trained], split: str) -> None:
    operations, accuracies = [t.multiply_adds / 1e6 for t in trained], [t.accuracy for t in trained]
    areas = [LEAST_AREA + AREA_OF_A_MILLION * t.parameters / 1e6 for t in trained]
    axes.scatter(operations, accuracies, areas, alpha=0.6)
    for x, y, one in zip(operations, accuracies, trained, strict=True):
        axes.annotate(one.name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", xlabel="multiply-adds of a picture (million); area: parameters")
    axes.set(ylabel=f"accuracy on {split} (%)")
    axes.grid(alpha=0.3)
