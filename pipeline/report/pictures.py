"""The pictures of the page: examples, and what was found and mistaken on them."""

from typing import Any

from pipeline.report.galleries import Matches, galleries, min_scores, model_name, real_test_matches
from pipeline.report.gallery import Shown, true_examples
from pipeline.report.load import Inputs
from pipeline.report.mistakes import Mistakes, classifier_mistakes, crop_examples
from pipeline.report.places import detector_mistakes
from pipeline.report.segmented import segmented_examples

CROPS_PER_PICTURE = 2  # examples for the classifier to one for the detector


def pictures(inputs: Inputs) -> dict[str, Any]:
    count, matches = inputs.params.report.examples, real_test_matches(inputs)
    train = {d: inputs.cocos[(inputs.tasks[-1], d, "train")] for d in ("synthetic", "real")}  # whole pictures if any
    return {
        "min_scores": {model_name(*run): score for run, score in min_scores(inputs).items()},
        "rendered": true_examples(train["synthetic"], inputs.images, count, "Rendered image"),
        "real": true_examples(train["real"], inputs.images, count, "Real image"),
        "galleries": galleries(inputs, matches),
        "segmented": _segmented(inputs),
        "crops": {w: _crops(inputs, d, w) for d, w in (("synthetic", "Rendered"), ("real", "Real"))},
        "mistakes": {r: _mistakes(inputs, r, matches) for r in inputs.regimes},
    }


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


def _mistakes(inputs: Inputs, regime: str, matches: Matches) -> dict[str, Mistakes]:
    """Of one regime's models, by kind."""
    count, margin, found = inputs.params.report.mistakes, inputs.params.classifier.margin, {}
    for task in inputs.tasks:
        test = inputs.cocos[(task, "real", "test")]
        if task == "classifier":
            results = inputs.runs[(task, regime)].predictions["real_test"]
            found["wrong names"] = classifier_mistakes(test, results, inputs.images, count, margin)
        elif task == "detector":
            found |= detector_mistakes(test, matches[(task, regime)], inputs.images, count)
    return found
