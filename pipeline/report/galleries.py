"""Which galleries the page has: of the classifier's objects, and of detectors and cascades together."""

from collections.abc import Mapping

from pipeline.matching import Matched, match_all
from pipeline.report.load import Inputs
from pipeline.report.named import crop_gallery
from pipeline.report.photos import photo_gallery
from pipeline.report.tiles import Gallery
from pipeline.runs import task_of


def galleries(inputs: Inputs, least: Mapping[tuple[str, str], float]) -> list[Gallery]:
    """`least`: min_scores."""
    return [*_photos(inputs, least), *_crops(inputs)]


def model_name(name: str, regime: str) -> str:
    return f"{name}, trained on {regime}"


def min_scores(inputs: Inputs) -> dict[tuple[str, str], float]:
    """For each detector and cascade the score that a box must have to be shown."""
    runs = [(n, str(r)) for n in inputs.names if task_of(n) == "detector" for r in inputs.regimes]
    return {run: inputs.runs[run].least_score for run in runs}


def _photos(inputs: Inputs, least: Mapping[tuple[str, str], float]) -> list[Gallery]:
    if not least:
        return []
    test = inputs.cocos[("detector", "real", "test")]
    matches: dict[str, dict[int, Matched]] = {
        model_name(*run): match_all(test, inputs.runs[run].predictions["real_test"], score)
        for run, score in least.items()
    }
    return [photo_gallery(test, inputs.images, matches, inputs.params.report.gallery, inputs.params.report.examples)]


def _crops(inputs: Inputs) -> list[Gallery]:
    if "classifier" not in inputs.tasks:
        return []
    test, report = inputs.cocos[("classifier", "real", "test")], inputs.params.report
    found = {
        model_name("classifier", r): inputs.runs[("classifier", r)].predictions["real_test"] for r in inputs.regimes
    }
    margin, first = inputs.params.classifier.margin, 2 * report.examples
    return [crop_gallery(test, inputs.images, found, margin, report.gallery, first)]
