"""A study as Markdown: answers, effects with their cost, cells, curves."""

from collections.abc import Mapping
from typing import Any

from pipeline.report.table import MISSING, label
from pipeline.study.words import figure, lines, named
from pipeline.summary import markdown

Found = Mapping[str, Any]
LEGEND = """\
Means over seeds of training and Student's interval, on one set of test images and, where the study does not say
otherwise, of frames; a difference is that of runs with the same seed. p: after Holm, over all
comparisons of this study on real test. Domain gap: score on synthetic val - score on real test. Settings are to be
chosen by val; real test says what a choice was worth."""


def document(found: Found, plot: str) -> str:
    """`plot` is the name of the figure's file, which lies beside it."""
    parts = [f"# {found['study']}", str(found["question"]), lines(found["sentences"]), f"![{found['study']}]({plot})"]
    for title, table in (("Effects", effects(found)), ("Cells", cells(found)), ("Curves", curves(found))):
        parts += [f"## {title}\n\n{markdown(table)}"] if len(table) > 1 else []
    return "\n\n".join([*parts, LEGEND, command(found)]) + "\n"


def command(found: Found) -> str:
    done = found["experiments"]["planned"] - len(found["experiments"]["missing"])
    return f"`{found['command']}`: {done} of {found['experiments']['planned']} experiments, {found['repeats']} seeds."


def effects(found: Found) -> list[list[str]]:
    scores = ["real test", "p", "verdict", "real val", "domain gap"]
    head = ["task", "trained on", "change", "metric", *scores, "training s"]
    return [head, *(effect(one) for one in found["effects"])]


def effect(one: Found) -> list[str]:
    test, val, gap = (shown(one["metric"], one[key], True) for key in ("real_test", "real_val", "domain_gap"))
    cost = MISSING if one["train_seconds"] is None else f"{one['train_seconds']:+.0f}"
    what = [one["task"], one["regime"], named(one), label(one["metric"])]
    return [*what, test, f"{one['p_holm']:.2g}", one["verdict"], val, gap, cost]


def cells(found: Found) -> list[list[str]]:
    head = ["task", "trained on", "cell", "metric", "synthetic val", "real val", "real test", "images", "training s"]
    return [head, *(one_cell(one) for one in found["cells"] if one["real_test"])]


def one_cell(one: Found) -> list[str]:
    scores = [shown(one["metric"], one[split], False) for split in ("synthetic_val", "real_val", "real_test")]
    images = " + ".join(f"{n} {kind}" for kind, n in one["images"].items() if n) or MISSING
    cost = MISSING if one["train_seconds"] is None else f"{one['train_seconds']:.0f}"
    return [one["task"], one["regime"], one["cell"], label(one["metric"]), *scores, images, cost]


def curves(found: Found) -> list[list[str]]:
    head = ["task", "trained on", "along", "at", "error", "a", "b", "c", "scatter"]
    return [head, *(one_curve(one) for one in found["curves"] if one["fit"])]


def one_curve(one: Found) -> list[str]:
    fit, at = one["fit"], ", ".join(f"{kind} {level}" for kind, level in one["at"].items())
    values = [f"{fit[key]:.3g}" for key in ("a", "b", "c", "deviation")]
    return [one["task"], one["regime"], one["along"], at, fit["model"], *values]


def shown(metric: str, value: Found | None, sign: bool) -> str:
    return figure(metric, value, sign) if value else MISSING
