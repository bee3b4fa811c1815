"""Curves over counts of images: fits of points from known curves, and how many more images a point takes, by hand."""

import math
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_study import plan_of, record

from pipeline.study.curves import (
    EXPONENTS,
    LOG,
    POWER,
    Fit,
    band,
    fit_curve,
    images_for_a_point,
    more_images,
    resampled_fits,
    scatter_of,
)
from pipeline.study.findings import findings
from pipeline.study.plots import draw_curve, save_figure, scale_counts
from pipeline.study.sentences import sentences

COUNTS = np.repeat([50.0, 100.0, 400.0, 1600.0], 3)
EXPONENT = float(EXPONENTS[22])  # one that the grid has


def test_a_power_law_is_found_again() -> None:
    fit = fit_curve(COUNTS, 0.02 + 0.9 * COUNTS**-EXPONENT)
    assert fit and fit.model == POWER and fit.c == EXPONENT
    assert (fit.a, fit.b) == (pytest.approx(0.02, abs=1e-6), pytest.approx(0.9, abs=1e-5))


def test_of_three_counts_a_logarithm_and_of_fewer_nothing() -> None:
    three = COUNTS[:9]
    fit = fit_curve(three, 0.5 - 0.05 * np.log(three))
    assert fit and (fit.model, fit.a, fit.b) == (LOG, pytest.approx(0.5), pytest.approx(0.05))
    assert fit_curve(COUNTS[:6], COUNTS[:6]) is None


def test_a_curve_never_rises_with_more_images() -> None:
    for errors, counts in ((0.1 + 1e-4 * COUNTS, COUNTS), (0.1 + 1e-4 * COUNTS[:9], COUNTS[:9])):
        fit = fit_curve(counts, errors)
        assert fit and fit.at(50.0) >= fit.at(1600.0)
        assert images_for_a_point(fit, 1600.0) == math.inf


def test_images_for_one_more_point_by_hand() -> None:
    """0.1 + 1 / n: at 20 it is 0.15; 0.14 needs 25. ln: 0.01 = 0.02 ln(n'/n). Below a there is nothing to be had."""
    assert images_for_a_point(Fit(POWER, 0.1, 1.0, 1.0), 20.0) == pytest.approx(5.0)
    assert images_for_a_point(Fit(POWER, 0.1, 1.0, 1.0), 101.0) == math.inf
    assert images_for_a_point(Fit(LOG, 0.5, 0.02, 0.0), 100.0) == pytest.approx(100 * (math.exp(0.5) - 1))
    assert images_for_a_point(Fit(LOG, 0.5, 0.001, 0.0), 100.0) == math.inf  # exp(10) times as many: nobody knows


def test_the_scatter_of_seeds_widens_the_answer() -> None:
    rng = np.random.default_rng(1)
    exact = 0.02 + 0.9 * COUNTS**-EXPONENT
    found = []
    for scatter in (1e-5, 2e-3):
        errors = exact + rng.normal(0, scatter, len(exact))
        fit = fit_curve(COUNTS, errors)
        assert fit
        found.append(more_images(COUNTS, fit, resampled_fits(COUNTS, errors, fit), 0.95))
    sharp, wide = found
    expected = images_for_a_point(Fit(POWER, 0.02, 0.9, EXPONENT), 1600.0)
    assert sharp.start == 1600 and sharp.low and sharp.high and sharp.low <= expected * 1.1
    assert wide.high is None or wide.high - (wide.low or 0) > sharp.high - sharp.low


def test_the_scatter_that_is_drawn_from_by_hand() -> None:
    """Residuals 1, 2, 3, 6 have the mean 3; of four runs and two parameters they are larger by sqrt(2)."""
    drawn = scatter_of(np.array([2.0, 3.0, 4.0, 7.0]), np.ones(4), 2)
    assert drawn == pytest.approx(2**0.5 * np.array([-2.0, -1.0, 0.0, 3.0]))


def test_the_band_is_as_wide_as_the_line_is_uncertain() -> None:
    """At the mean of ln n the line has the variance s^2 / M, s^2 = sum of squared residuals / (M - p)."""
    counts, rng = np.repeat([50.0, 100.0, 400.0], 2), np.random.default_rng(2)
    errors = 0.5 - 0.05 * np.log(counts) + rng.normal(0, 0.01, 6)
    fit = fit_curve(counts, errors)
    assert fit
    middle = np.array([float(np.exp(np.log(counts).mean()))])
    low, high = band(resampled_fits(counts, errors, fit), middle, 0.95)
    residuals = errors - fit.at(counts)
    deviation = float((residuals @ residuals / 4 / 6) ** 0.5)
    assert (high - low) / 2 == pytest.approx(1.96 * deviation, rel=0.1)


AMOUNTS: dict[str, Any] = {
    "synthetic": {str(n): {"render.train": n} for n in (50, 100, 400, 1600)},
    "real": {str(n): {"mixed.real_images.classifier": n} for n in (0, 10)},
}


def test_a_study_of_amounts(tmp_path: Any) -> None:
    """Lines along synthetic for each count of real; the other way round two counts, 0 and 10, are too few."""
    plan = plan_of(design="curve", factors=AMOUNTS, regimes=["mixed"], repeats=3)
    rng, table = np.random.default_rng(2), {}
    for planned in plan.experiments:
        synthetic, real = (int(planned.cell.levels[kind]) for kind in ("synthetic", "real"))
        score = 0.98 - 0.9 * synthetic**-EXPONENT + 0.01 * (real > 0) + rng.normal(0, 1e-4)
        counts = {"classifier": {"mixed": {"synthetic": synthetic, "real": real}}}
        table[planned.name] = record(planned, score, images=counts)
    found = findings(plan, table)
    assert [(one["along"], one["at"], one["fit"] is not None) for one in found["curves"]] == [
        *[("synthetic", {"real": n}, True) for n in ("0", "10")],
        *[("real", {"synthetic": str(n)}, False) for n in (50, 100, 400, 1600)],
    ]
    assert found["curves"][0]["fit"]["c"] == pytest.approx(EXPONENT, rel=0.2)
    rise = found["curves"][0]["rise"]  # 0.9 (50^-c - 1600^-c), far beyond the noise, and corrected with the five others
    assert (rise["fewest"], rise["most"], rise["verdict"]) == (50, 1600, "better")
    assert rise["real_test"]["value"] == pytest.approx(0.9 * (50**-EXPONENT - 1600**-EXPONENT), abs=1e-3)
    assert rise["p_holm"] >= rise["real_test"]["p_value"] * 2
    count = "with 1600 synthetic images instead of 50"
    said = next(text for text in found["answers"] if count in text and "(real images: 0)" in text)
    assert said.startswith("Classifier, mixed training (real images: 0): with") and "real test is better" in said
    assert any("from 1600 synthetic images on, one more point of accuracy" in text for text in sentences(found))
    save_figure(tmp_path / "curves.svg", found)
    drawn = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "synthetic images" in drawn and "real images" in drawn


def test_no_interval_of_a_curve_goes_beyond_what_scores_can_be() -> None:
    """Student's of 0.1 and 0.9 reaches 12.7 x 0.4 to both sides of 0.5."""
    plan = plan_of(design="curve", factors=AMOUNTS, regimes=["mixed"], repeats=2)
    table = {}
    for planned in plan.experiments:
        counts = {kind: int(planned.cell.levels[kind]) for kind in ("synthetic", "real")}
        table[planned.name] = record(planned, (0.1, 0.9)[planned.repeat], images={"classifier": {"mixed": counts}})
    points = [point for one in findings(plan, table)["curves"] for point in one["points"]]
    assert points and {(point["low"], point["high"]) for point in points} == {(0.0, 1.0)}


@pytest.mark.parametrize(("sign", "bands"), [(1, 1), (-1, 0)])
def test_an_error_that_does_not_fall_has_no_line(sign: int, bands: int) -> None:
    """A bounded fit would be flat, beside points that are not."""
    counts = np.repeat([50.0, 100.0, 200.0, 800.0], 2)
    fit = fit_curve(counts, 0.1 - sign * 0.01 * np.log(counts))
    assert fit
    of = {"value": 0.9, "low": 0.8, "high": 1.0}
    points = [{"images": {"synthetic": n}, **of} for n in (50, 800)]
    line = {"images": [50.0, 800.0], **{key: [0.9, 0.95] for key in ("score", "low", "high")}}
    axes = Figure().subplots()
    facts = {"metric": "accuracy", "at": {}, "points": points, "fit": {"b": fit.b, "line": line}}
    draw_curve(axes, facts, "synthetic", "black", "o")
    assert len(axes.collections) == bands


@pytest.mark.parametrize(("counts", "scale"), [([0, 10, 700], "symlog"), ([50, 200], "log"), ([0], "symlog")])
def test_no_images_have_a_place_on_the_axis(counts: list[int], scale: str) -> None:
    axes = Figure().subplots()
    scale_counts(axes, counts)
    assert axes.get_xscale() == scale and [text.get_text() for text in axes.get_xticklabels()] == list(map(str, counts))
