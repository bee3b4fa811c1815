"""From the inputs to the page."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.draw import PREDICTED_COLOUR, TRUE_COLOUR
from pipeline.report.answer import answers
from pipeline.report.apart import apart
from pipeline.report.by_cause import by_cause
from pipeline.report.costs import costs_table
from pipeline.report.facts import (
    Confusion,
    class_metrics,
    class_table,
    confusion,
    flat,
    models_table,
    trained_on,
    versions,
)
from pipeline.report.figures import lines_plot, score_plot
from pipeline.report.histograms import DatasetPlots, dataset_plots
from pipeline.report.load import Curve, Inputs
from pipeline.report.pictures import pictures
from pipeline.report.reproduce import commands, revision
from pipeline.report.studied import questions, seeds_of, studied
from pipeline.report.table import METRICS, cells, label
from pipeline.report.tiles import KINDS, Gallery, block
from pipeline.runs import task_of
from pipeline.statistics import statistics

HERE = Path(__file__).parent


def render(inputs: Inputs) -> str:
    """The whole page as HTML. Text is escaped wherever it comes from; only svg.py's figures go in as they are."""
    page = environment().get_template("page.html.j2").render(**assets(), **context(inputs))
    return page.rstrip() + "\n"


def environment() -> Environment:
    """Templates of the page, with what they call."""
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["unbroken"] = unbroken
    made.globals.update(words=KINDS, block=block, numbers=lambda texts: list(enumerate(texts)), kinds=_kinds)
    return made


def assets() -> dict[str, str]:
    """Styles and script; the page's policy names the script by its hash, so that no other can run."""
    style, more, script = (_own(name) for name in ("style.css", "gallery.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": style + more, "script": script, "script_hash": f"sha256-{digest}"}


def _own(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))


def _kinds(gallery: Gallery) -> list[tuple[str, str]]:
    """Those to filter by: the type of TIDE and what it means."""
    return [(kind, KINDS[kind]) for kind in gallery.kinds]


def unbroken(text: str) -> str:
    """Intervals and units stay on one line with their numbers."""
    return re.sub(r" (?=%|points)|(?<=,) (?=[-+0-9.]+\])", "\u00a0", text)


def context(inputs: Inputs) -> dict[str, Any]:
    """What the template shows, by name."""
    return {
        "params": inputs.params,
        "params_text": inputs.params_text,
        "note": inputs.note,
        "tasks": inputs.tasks,
        "regimes": inputs.regimes,
        "class_metrics": {name: class_metrics(name) for name in inputs.names},
        "label": label,
        "colours": {"true": TRUE_COLOUR, "predicted": PREDICTED_COLOUR},
        "confidence": f"{100 * inputs.params.evaluate.confidence:g} %",
        **results(inputs),
        **pictures(inputs),
        **curves(inputs),
        **by_cause(inputs.optional.causes),
        **apart(inputs),
        "questions": questions(inputs.optional.studies, inputs.params.scene.name),
        "over_seeds": seeds_of(inputs.optional.studies),
        "studies": studied(inputs.optional.studies),
        "costs": costs_table(inputs),
        "revision": (commit := revision()),
        "commands": commands(inputs.params, commit),
        "statistics": {t: _statistics(inputs, t) for t in inputs.tasks},
        "checks": {t: list(flat(values)) for t, values in inputs.checks.items()},
        "models": models_table(inputs),
        "versions": versions(),
    }


def results(inputs: Inputs) -> dict[str, Any]:
    """The answer and the figures behind it."""
    names = inputs.names
    rows = {n: [r for m in METRICS[n] for r in inputs.rows if (r.task, r.metric) == (n, m)] for n in names}
    return {
        "answers": answers(inputs.rows),
        "score_plots": {n: score_plot(n, [r for r in rows[n] if r.metric == METRICS[n][0]]) for n in names},
        "rows": {n: [cells(r)[1:] for r in rows[n]] for n in names},
        "tested_on": {n: trained_on(inputs.cocos[(task_of(n), "real", "test")]) for n in names},
        "confusions": _confusions(inputs),
        "class_tables": {n: class_table(inputs, n, "real_test") for n in names},
    }


def _confusions(inputs: Inputs) -> dict[str, Confusion]:
    """Of each regime's classifier, where there is one and anything to take for something else."""
    if "classifier" not in inputs.tasks:
        return {}
    test = inputs.cocos[("classifier", "real", "test")]
    regimes = inputs.regimes if len(test["categories"]) > 1 else []
    return {r: confusion(test, inputs.runs[("classifier", r)]) for r in regimes}


def curves(inputs: Inputs) -> dict[str, Any]:
    """Precision over recall, and all that training logged."""
    return {"curves": {n: [*_precision_recall(inputs, n), *_training(inputs, n)] for n in inputs.names}}


def _precision_recall(inputs: Inputs, name: str) -> list[Markup]:
    if task_of(name) != "detector":
        return []
    recall: dict[str, Curve] = {r: inputs.runs[(name, r)].precision_recall for r in inputs.regimes}
    title = "precision over recall, real test"
    return [lines_plot(f"precision-recall-{name}", title, "recall at IoU 0.5, mean over categories", recall)]


def _training(inputs: Inputs, task: str) -> list[Markup]:
    """One plot for each name that was logged, with one line per regime."""
    by_regime = {r: inputs.runs[(task, r)].curves for r in inputs.regimes}
    names = sorted({name for of in by_regime.values() for name in of})
    return [
        lines_plot(f"training-{task}-{n}", n, "step", {r: of.get(n, []) for r, of in by_regime.items()}) for n in names
    ]


def _statistics(inputs: Inputs, task: str) -> DatasetPlots:
    used = (("synthetic", "train"), ("real", "train"), ("real", "test"))
    cocos = {f"{d} {s}": inputs.cocos[(task, d, s)] for d, s in used}
    return dataset_plots(
        task, {name: statistics(coco, inputs.images) for name, coco in cocos.items() if coco["images"]}
    )
