"""From the inputs to the page."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.draw import PREDICTED_COLOUR, TRUE_COLOUR
from pipeline.report.answer import answers
from pipeline.report.facts import class_table, confusion, flat, models_table, trained_on, versions
from pipeline.report.figures import lines_plot, score_plot
from pipeline.report.gallery import Shown, predicted_examples, true_examples
from pipeline.report.histograms import DatasetPlots, dataset_plots
from pipeline.report.load import Inputs
from pipeline.report.matching import best_min_score
from pipeline.report.mistakes import Mistakes, classifier_mistakes, crop_examples
from pipeline.report.places import detector_mistakes
from pipeline.report.table import METRICS, REGIMES, cells, label
from pipeline.statistics import statistics

HERE = Path(__file__).parent
CROPS_PER_PICTURE = 2  # examples for the classifier to one for the detector


def render(inputs: Inputs) -> str:
    """The whole page as HTML. Text is escaped wherever it comes from; only svg.py's figures go in as they are."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["unbroken"] = unbroken
    style = Markup((HERE / "style.css").read_text(encoding="utf-8"))
    page = environment.get_template("page.html.j2").render(style=style, **context(inputs))
    return page.rstrip() + "\n"


def unbroken(text: str) -> str:
    """Intervals and units stay on one line with their numbers."""
    return re.sub(r" (?=%|points)|(?<=,) (?=[-+0-9.]+\])", "\u00a0", text)


def context(inputs: Inputs) -> dict[str, Any]:
    """What the template shows, by name."""
    return {
        "params": inputs.params,
        "params_text": inputs.params_text,
        "note": inputs.note,
        "regimes": REGIMES,
        "metrics": METRICS,
        "label": label,
        "colours": {"true": TRUE_COLOUR, "predicted": PREDICTED_COLOUR},
        "confidence": f"{100 * inputs.params.evaluate.confidence:g} %",
        **results(inputs),
        **pictures(inputs),
        **curves(inputs),
        "statistics": {t: _statistics(inputs, t) for t in METRICS},
        "checks": {t: list(flat(values)) for t, values in inputs.checks.items()},
        "models": models_table(inputs),
        "versions": versions(),
    }


def results(inputs: Inputs) -> dict[str, Any]:
    """The answer and the figures behind it."""
    rows = {(t, m): [r for r in inputs.rows if (r.task, r.metric) == (t, m)] for t, ms in METRICS.items() for m in ms}
    test = inputs.cocos[("classifier", "real", "test")]
    return {
        "answers": answers(inputs.rows),
        "score_plots": {t: score_plot(t, rows[(t, ms[0])]) for t, ms in METRICS.items()},
        "rows": {t: [cells(r)[1:] for m in ms for r in rows[(t, m)]] for t, ms in METRICS.items()},
        "tested_on": {t: trained_on(inputs.cocos[(t, "real", "test")]) for t in METRICS},
        "confusions": {r: confusion(test, inputs.runs[("classifier", r)]) for r in REGIMES},
        "class_tables": {t: class_table(inputs, t, "real_test") for t in METRICS},
    }


def min_scores(inputs: Inputs) -> dict[str, float]:
    """For each regime's detector the score with the best F1 on synthetic val: the test split chooses nothing."""
    val = inputs.cocos[("detector", "synthetic", "val")]
    return {r: best_min_score(val, inputs.runs[("detector", r)].predictions["synthetic_val"]) for r in REGIMES}


def pictures(inputs: Inputs) -> dict[str, Any]:
    count, least = inputs.params.report.examples, min_scores(inputs)
    train = {d: inputs.cocos[("detector", d, "train")] for d in ("synthetic", "real")}
    test = inputs.cocos[("detector", "real", "test")]
    found = {r: (inputs.runs[("detector", r)].predictions["real_test"], least[r]) for r in REGIMES}
    return {
        "min_scores": least,
        "rendered": true_examples(train["synthetic"], inputs.images, count, "Rendered image"),
        "real": true_examples(train["real"], inputs.images, count, "Real image"),
        "predicted": predicted_examples(test, inputs.images, count, found),
        "crops": {w: _crops(inputs, d, w) for d, w in (("synthetic", "Rendered"), ("real", "Real"))},
        "mistakes": {r: _mistakes(inputs, r, least[r]) for r in REGIMES},
    }


def _crops(inputs: Inputs, domain: str, what: str) -> list[Shown]:
    count = CROPS_PER_PICTURE * inputs.params.report.examples
    coco = inputs.cocos[("classifier", domain, "train")]
    return crop_examples(coco, inputs.images, count, inputs.params.classifier.margin, what)


def _mistakes(inputs: Inputs, regime: str, min_score: float) -> dict[str, Mistakes]:
    """Of one regime's two models, by kind."""
    count, margin = inputs.params.report.mistakes, inputs.params.classifier.margin
    crops, places = (
        (inputs.cocos[(t, "real", "test")], inputs.runs[(t, regime)].predictions["real_test"], inputs.images, count)
        for t in ("classifier", "detector")
    )
    return {"wrong names": classifier_mistakes(*crops, margin), **detector_mistakes(*places, min_score)}


def curves(inputs: Inputs) -> dict[str, Any]:
    """Precision over recall, and all that training logged."""
    recall = {r: inputs.runs[("detector", r)].precision_recall for r in REGIMES}
    title = "precision over recall, real test"
    precision_recall = lines_plot("precision-recall", title, "recall at IoU 0.5, mean over categories", recall)
    return {"curves": {t: [precision_recall] * (t == "detector") + _training(inputs, t) for t in METRICS}}


def _training(inputs: Inputs, task: str) -> list[Markup]:
    """One plot for each name that was logged, with one line per regime."""
    by_regime = {r: inputs.runs[(task, r)].curves for r in REGIMES}
    names = sorted({name for of in by_regime.values() for name in of})
    return [
        lines_plot(f"training-{task}-{n}", n, "step", {r: of.get(n, []) for r, of in by_regime.items()}) for n in names
    ]


def _statistics(inputs: Inputs, task: str) -> DatasetPlots:
    used = (("synthetic", "train"), ("real", "train"), ("real", "test"))
    of = {f"{d} {s}": statistics(inputs.cocos[(task, d, s)], inputs.images) for d, s in used}
    return dataset_plots(task, of)
