"""The pictures of the page: examples, and what was found and mistaken on them."""

from typing import Any

from pipeline.report.gallery import Shown, predicted_examples, true_examples
from pipeline.report.load import Inputs
from pipeline.report.matching import best_min_score
from pipeline.report.mistakes import Mistakes, classifier_mistakes, crop_examples
from pipeline.report.places import detector_mistakes
from pipeline.report.segmented import segmented_examples

CROPS_PER_PICTURE = 2  # examples for the classifier to one for the detector


def min_scores(inputs: Inputs) -> dict[str, float]:
    """For each regime's detector the score with the best F1 on synthetic val: the test split chooses nothing."""
    regimes = inputs.regimes if "detector" in inputs.tasks else []
    val = {r: inputs.runs[("detector", r)].predictions["synthetic_val"] for r in regimes}
    return {r: best_min_score(inputs.cocos[("detector", "synthetic", "val")], found) for r, found in val.items()}


def pictures(inputs: Inputs) -> dict[str, Any]:
    count, least = inputs.params.report.examples, min_scores(inputs)
    train = {d: inputs.cocos[(inputs.tasks[-1], d, "train")] for d in ("synthetic", "real")}  # whole pictures if any
    return {
        "min_scores": least,
        "rendered": true_examples(train["synthetic"], inputs.images, count, "Rendered image"),
        "real": true_examples(train["real"], inputs.images, count, "Real image"),
        "predicted": _predicted(inputs, least),
        "segmented": _segmented(inputs),
        "crops": {w: _crops(inputs, d, w) for d, w in (("synthetic", "Rendered"), ("real", "Real"))},
        "mistakes": {r: _mistakes(inputs, r, least) for r in inputs.regimes},
    }


def _predicted(inputs: Inputs, least: dict[str, float]) -> list[list[Shown]]:
    found = {r: (inputs.runs[("detector", r)].predictions["real_test"], score) for r, score in least.items()}
    if not found:
        return []
    test = inputs.cocos[("detector", "real", "test")]
    return predicted_examples(test, inputs.images, inputs.params.report.examples, found)


def _segmented(inputs: Inputs) -> list[list[Shown]]:
    if "segmenter" not in inputs.tasks:
        return []
    found = {str(r): inputs.runs[("segmenter", r)].predictions["real_test"] for r in inputs.regimes}
    test = inputs.cocos[("segmenter", "real", "test")]
    return segmented_examples(test, inputs.images, inputs.params.report.examples, found)


def _crops(inputs: Inputs, domain: str, what: str) -> list[Shown]:
    if "classifier" not in inputs.tasks:
        return []
    count = CROPS_PER_PICTURE * inputs.params.report.examples
    coco = inputs.cocos[("classifier", domain, "train")]
    return crop_examples(coco, inputs.images, count, inputs.params.classifier.margin, what)


def _mistakes(inputs: Inputs, regime: str, least: dict[str, float]) -> dict[str, Mistakes]:
    """Of one regime's models, by kind."""
    count, margin, found = inputs.params.report.mistakes, inputs.params.classifier.margin, {}
    for task in inputs.tasks:
        test, results = inputs.cocos[(task, "real", "test")], inputs.runs[(task, regime)].predictions["real_test"]
        if task == "classifier":
            found["wrong names"] = classifier_mistakes(test, results, inputs.images, count, margin)
        elif task == "detector":
            found |= detector_mistakes(test, results, inputs.images, count, least[regime])
    return found
