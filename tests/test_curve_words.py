"""What is said of curves: scores at the corners, rises by kind of images, and what one more point takes."""

from typing import Any

import pytest

from pipeline.study.curve_words import corner_sentences, curve_sentences, more_words, unclear_rises_by_range
from pipeline.study.first_screen import curve_answers

WHO = "Classifier, mixed training"
MANY = "800 synthetic images instead of 50"
NONE = f"{WHO}: {MANY} makes no distinguishable difference on real test, in accuracy points"


def point(synthetic: int, real: int, value: float) -> dict[str, Any]:
    images = {"synthetic": synthetic, "real": real}
    return {"cell": f"{synthetic}+{real}", "images": images, "value": value, "low": value - 0.01, "high": value + 0.01}


def curve(real: int, rise: float, verdict: str = "not distinguishable", **more: Any) -> dict[str, Any]:
    """Along synthetic images, 50, 200 and 800 of them: 90 %, more and more."""
    of = {"value": rise, "low": rise - 0.01, "high": rise + 0.01}
    points = [point(n, real, 0.9 + part * rise) for n, part in ((50, 0.0), (200, 0.5), (800, 1.0))]
    about = {"task": "classifier", "regime": "mixed", "metric": "accuracy", "along": "synthetic"}
    told = {"fewest": 50, "most": 800, "real_test": of, "p_holm": 0.01, "verdict": verdict}
    return {**about, "at": {"real": str(real)}, "points": points, "rise": told, "fit": None, "more": None, **more}


def test_corners_are_the_fewest_and_the_most_of_each_kind() -> None:
    (said,) = corner_sentences([curve(0, 0.05), curve(7, 0.02), curve(10, 0.03)])
    of = ["90.0 [89.0, 91.0] with 50 synthetic images", "95.0 [94.0, 96.0] with 800 synthetic images"]
    of += ["90.0 [89.0, 91.0] with 50 synthetic and 10 real images"]
    of += ["93.0 [92.0, 94.0] with 800 synthetic and 10 real images"]
    assert said == f"{WHO}: accuracy in % on real test is {', '.join(of)}."


def test_a_corner_that_was_not_run_is_not_named_and_one_count_has_one_score() -> None:
    lacking = curve(10, 0.0)
    lacking["points"] = lacking["points"][:1]
    (said,) = corner_sentences([curve(0, 0.05), lacking])
    assert "50 synthetic and 10 real" in said and "800 synthetic and 10" not in said
    alone = {**curve(0, 0.0), "points": [point(0, 9, 0.5)]}
    assert corner_sentences([alone]) == [f"{WHO}: accuracy in % on real test is 50.0 [49.0, 51.0] with 9 real images."]


def test_rises_that_are_not_distinguishable_share_a_sentence() -> None:
    clear, unclear = curve(0, 0.05, "better"), [curve(10, 0.003), curve(20, -0.011)]
    said = curve_sentences([*unclear, clear])
    rise = "accuracy +5.0 [+4.0, +6.0] points, p = 0.01 after Holm"
    assert said[1] == f"{WHO} (real images: 0): with {MANY} real test is better: {rise}."
    own = "+0.3 [-0.7, +1.3] (real images: 10), -1.1 [-2.1, -0.1] (real images: 20)"
    assert said[2] == f"{NONE}: {own}."
    assert unclear_rises_by_range(unclear) == [f"{NONE}: -1.1 to +0.3 (real images: 10, 20)."]
    assert unclear_rises_by_range(unclear[:1]) == [f"{NONE}: +0.3 (real images: 10)."]


def test_a_first_screen_has_three_rises_the_largest_first() -> None:
    said = curve_answers([curve(n, size, "better") for n, size in ((0, 0.02), (1, 0.05), (2, 0.01), (3, -0.03))])
    assert [text.split("(real images: ")[1][0] for text in said[1:]] == ["1", "3", "0"]


def test_curves_without_rises_have_none() -> None:
    assert len(curve_sentences([{**curve(0, 0.05), "rise": None}])) == 2  # scores, and that nothing more can be said


FIT = {"model": "a - b ln n", "a": 0.1, "b": 0.01, "c": 0.0}


POINT = "one more point of accuracy"
NOT_SAID = "cannot be had, or how many it takes cannot be said"


@pytest.mark.parametrize(
    ("fit", "more", "said"),
    [
        (None, None, f"how many more real images {POINT} takes cannot be said from so few counts."),
        (FIT, (None, 80.4, None), f"from 50 real images on, {POINT} {NOT_SAID}; at least 80 more."),
        (FIT, (120.0, 80.0, 200.0), f"from 50 real images on, {POINT} takes about 120 more [80, 200]."),
        ({**FIT, "b": 0.0}, (None, None, None), "the error does not fall with more real images."),
    ],
)
def test_what_cannot_be_said_of_a_curve_is_not_said(fit: Any, more: Any, said: str) -> None:
    of = more and {"start": 50, **dict(zip(("images", "low", "high"), more, strict=True))}
    assert more_words({"metric": "accuracy", "along": "real", "fit": fit, "more": of}) == said


def test_curves_of_which_the_same_is_said_share_a_sentence() -> None:
    more = {"start": 800, "images": None, "low": None, "high": None}
    said = curve_sentences([curve(real, 0.0, fit=FIT, more=more) for real in (0, 10)])
    assert said[-1].startswith(f"{WHO} (real images: 0, 10): from 800 synthetic images on, one more point")
