"""Which galleries the page has: of the classifier's objects, and of detectors and cascades together."""

from collections.abc import Mapping

from pipeline.matching import Matched, match_all
from pipeline.report.load import Inputs
from pipeline.report.named import crop_gallery
from pipeline.report.photos import photo_gallery
from pipeline.report.tiles import Gallery
from pipeline.runs import task_of

Matches = Mapping[tuple[str, str], Mapping[int, Matched]]  # (detector or cascade, regime) -> image id -> boxes


def galleries(inputs: Inputs, matches: Matches) -> list[Gallery]:
    """`matches` as of real_test_matches."""
    return [*_photos(inputs, matches), *_crops(inputs)]


def model_name(name: str, regime: str) -> str:
    return f"{name}, trained on {regime}"


def min_scores(inputs: Inputs) -> dict[tuple[str, str], float]:
    """For each detector and cascade the score that a box must have to be shown."""
    runs = [(n, str(r)) for n in inputs.names if task_of(n) == "detector" for r in inputs.regimes]
    return {run: inputs.runs[run].least_score for run in runs}


def real_test_matches(inputs: Inputs) -> Matches:
    """The boxes that are shown, of each detector and cascade."""
    return {
        run: match_all(inputs.cocos[("detector", "real", "test")], inputs.runs[run].predictions["real_test"], least)
        for run, least in min_scores(inputs).items()
    }


def _photos(inputs: Inputs, matches: Matches) -> list[Gallery]:
    if not matches:
        return []
    test, named = inputs.cocos[("detector", "real", "test")], {model_name(*run): of for run, of in matches.items()}
    return [photo_gallery(test, inputs.images, named, inputs.params.report.gallery, inputs.params.report.examples)]


def _crops(inputs: Inputs) -> list[Gallery]:
    if "classifier" not in inputs.tasks:
        return []
    test, report = inputs.cocos[("classifier", "real", "test")], inputs.params.report
    found = {
        model_name("classifier", r): inputs.runs[("classifier", r)].predictions["real_test"] for r in inputs.regimes
    }
    margin, first = inputs.params.classifier.margin, 2 * report.examples
    return [crop_gallery(test, inputs.images, found, margin, report.gallery, first)]
