"""The steps of tuning before a search: on the tiny data set, and their rules on made-up numbers."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.report.svg import STYLE
from pipeline.runs import TASKS
from pipeline.tune import __main__ as tune
from pipeline.tune import curves, overfit, rate_range, start
from pipeline.tune.overfit import Moment
from pipeline.tune.verdict import Curves, fall_at_end, gap_growth, judge

pytestmark = pytest.mark.filterwarnings("ignore")


def run(data: Path, command: str, *arguments: Any, task: str = "classifier", **changes: dict[str, Any]) -> None:
    params = tiny.write_params(data.parent / "params.yaml", **changes)
    tiny.call(tune.main, command, "--params", params, "--task", task, "--data", data, *arguments)


@pytest.mark.parametrize(
    ("task", "expected"),
    [("classifier", "1.099 = -log(1/3)"), ("detector", "1.099 = -log(1/3)"), ("segmenter", "1.386 = -log(1/4)")],
)
def test_start_is_that_of_guessing(task: str, expected: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three categories; for a segmenter background is one more."""
    run(data, "start", task=task)
    found = capsys.readouterr().out
    assert re.search(rf"expected {re.escape(expected)}, found 1\.\d+: as it should be", found)


@pytest.mark.parametrize(("loss", "hint"), [(2.0, "too sure of itself"), (0.3, "knows too much")])
def test_another_start_comes_with_a_hint(loss: float, hint: str) -> None:
    assert "as it should be" in start.verdict(math.log(3) * 1.2, 3, tolerance=0.25)
    assert "nothing to compare" in start.verdict(None, 3, tolerance=0.25)
    with pytest.raises(InputError, match=rf"expected 1\.099 = -log\(1/3\), found {loss:.3f}.*{hint}"):
        start.verdict(loss, 3, tolerance=0.25)


def test_weights_that_know_categories_are_no_start(data: Path) -> None:
    with pytest.raises(InputError, match=r"classifier\.weights: expected null, imagenet or coco .* found models/x"):
        run(data, "start", classifier={"weights": "models/x"})


def test_few_objects_are_learned_by_heart(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(data, "overfit", "--objects", 4)
    head, first, *_, last = capsys.readouterr().out.splitlines()
    assert head == "step\tloss\tscore" and first.startswith("1\t")
    assert last.startswith("overfit: learned by heart in")


def test_a_segmenter_need_not_have_every_border(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(data, "overfit", "--objects", 4, task="segmenter", check={"mean_iou": 0.4})
    assert capsys.readouterr().out.splitlines()[-1].startswith("overfit: learned by heart in")


def test_a_rate_of_nothing_learns_nothing(data: Path) -> None:
    with pytest.raises(InputError, match=r"the rate, 1e-09, is too low.*`range` finds a rate"):
        run(data, "overfit", "--steps", 20, classifier={"learning_rate": 1e-9})


@pytest.mark.parametrize(
    ("last", "hint"),
    [
        (Moment(30, math.nan, math.nan), "a loss of nan at step 30: the rate, 0.01, is too high"),
        (Moment(30, 1.0, 0.3), "from 1.100 to 1.000: the rate, 0.01, is too low"),
        (Moment(30, 0.5, 0.7), "found 0.700 after 30 steps: the loss falls"),
    ],
)
def test_what_is_not_learned_comes_with_a_hint(last: Moment, hint: str) -> None:
    with pytest.raises(InputError, match=r"expected a score of 0\.99") as error:
        overfit.verdict([Moment(1, 1.1, 0.3), last], rate=0.01, known=0.99)
    assert hint in str(error.value)


def test_rates_rise_exponentially() -> None:
    """Smith 2015, here with the same factor at each step: 0.001 (1 / 0.001)^(t / 3)."""
    assert rate_range.exponential(0.001, 1.0, 4) == pytest.approx([0.001, 0.01, 0.1, 1.0])


def test_the_steepest_fall_is_over_the_logarithm_of_the_rate() -> None:
    """Falls of 0.1, 1 and 0.5 from decade to decade: the middle of the two largest, by central differences."""
    rates = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    assert rate_range.steepest(rates, np.array([2.0, 1.9, 0.9, 0.4, 3.0])) == 1e-2
    assert rate_range.steepest(rates, np.array([1.0, 1.0, 2.0, 3.0, 4.0])) is None


def test_a_loss_that_falls_again_at_high_rates_suggests_none_of_them() -> None:
    """From 5 to 1 after the lowest loss, of which 0.4 is: what counts are the falls of 0.1, 1 and 0.5 before it."""
    rates = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0])
    assert rate_range.steepest(rates, np.array([2.0, 1.9, 0.9, 0.4, 5.0, 1.0])) == 1e-2


def test_a_loss_explodes_at_four_times_its_lowest() -> None:
    """Twenty equal losses smooth out to themselves, whatever came before."""
    assert not rate_range.exploded([1.0] * 20 + [3.9] * 20)
    assert rate_range.exploded([1.0] * 20 + [4.2] * 20)
    assert rate_range.exploded([1.0, math.nan])


@pytest.mark.parametrize("task", TASKS)
def test_range_writes_table_and_plot(task: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for out in (tmp_path / "a", tmp_path / "b"):
        run(data, "range", "--steps", 12, "--low", 1e-4, "--high", 1e-2, "--out", out, task=task)
    table, plot = (tmp_path / "a" / f"range-{task}-synthetic.{end}" for end in ("tsv", "svg"))
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["rate", "loss", "smoothed"] and [rows[1][0], rows[-1][0]] == ["0.0001", "0.01"]
    assert "Learning-rate range test" in plot.read_text(encoding="utf-8")
    assert all((tmp_path / "b" / path.name).read_bytes() == path.read_bytes() for path in (table, plot))
    assert "range: suggested rate" in capsys.readouterr().out


def test_range_stops_when_the_loss_explodes(data: Path, tmp_path: Path) -> None:
    params = load_params(tiny.write_params(tmp_path / "params.yaml"))
    work = rate_range.Work("detector", data / "synthetic" / "detector", data, params)
    found = rate_range.measure(work, np.array([1e-3, 1e30, 1e30, 1e30, 1e30]))
    assert len(found.rates) < 5 and np.isfinite(found.losses).all()


def test_wrong_rates_are_named(data: Path) -> None:
    with pytest.raises(InputError, match=r"--low, --high, --steps: expected 0 < low < high .*found 1, 0\.1, 5"):
        run(data, "range", "--low", 1, "--high", 0.1, "--steps", 5)


def line(*values: float) -> list[tuple[float, float]]:
    """Values at steps 0, 100, 200, ..."""
    return [(100.0 * n, value) for n, value in enumerate(values)]


FLAT = line(2.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("name", "made_up"),
    [
        ("over-fitting", Curves(FLAT, line(0.5, 0.8, 0.95, 0.99), line(0.5, 0.8, 0.78, 0.75))),
        ("over-fitting", Curves(FLAT, line(0.5, 0.7, 0.8, 0.99), line(0.5, 0.68, 0.75, 0.8))),
        ("still falling", Curves(line(*np.linspace(2, 1, 11)), line(0.3, 0.4, 0.5), line(0.3, 0.4, 0.5))),
        ("under-fitting", Curves(FLAT, line(0.3, 0.6, 0.62), line(0.3, 0.59, 0.6))),
        ("fine", Curves(FLAT, line(0.5, 0.93, 0.96), line(0.5, 0.92, 0.95))),
        ("fine", Curves(FLAT, line(0.5, 0.96, 0.97), line(0.4, 0.89, 0.9))),  # a gap that does not grow
    ],
)
def test_verdicts_on_made_up_curves(name: str, made_up: Curves) -> None:
    assert judge(made_up, good=0.9).name == name


def test_the_fall_at_the_end_is_a_part_of_the_loss() -> None:
    """From 1.2 at step 800 to 1.0 at step 1000, a straight line: 0.2 / 1.2."""
    assert fall_at_end(line(*np.linspace(2.0, 1.0, 11))) == pytest.approx(0.2 / 1.2)
    assert fall_at_end(FLAT) == pytest.approx(0.0)
    assert fall_at_end(line(1.0)) == 0.0


def test_the_gap_grows_from_the_middle_to_the_end() -> None:
    """0.9 - 0.8 in the middle, 1.0 - 0.7 at the end."""
    assert gap_growth(Curves(FLAT, line(0.5, 0.9, 1.0), line(0.5, 0.8, 0.7))) == pytest.approx(0.2)


def write_curves(models: Path, names: list[str]) -> Path:
    for name in names:
        path = models / "detector" / "mixed" / "curves" / "phase0" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"step\t{path.stem}\n9\t0.5\n19\t0.6\n", encoding="utf-8")
    return models


def test_curves_are_drawn_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = write_curves(tmp_path, ["train/loss", "train/score", "val/score"])
    given = ["--models", models, "--task", "detector", "--regime", "mixed", "--out", tmp_path]
    tiny.call(tune.main, "curves", *given)
    assert "Score" in (tmp_path / "curves-detector-mixed.svg").read_text(encoding="utf-8")
    assert "under-fitting: train 0.600, val 0.600" in capsys.readouterr().out
    assert STYLE["grid.color"] == "#040506"  # of the report, left as it was


def test_a_curve_that_is_missing_is_named(tmp_path: Path) -> None:
    models = write_curves(tmp_path, ["train/loss", "val/score"])
    with pytest.raises(InputError, match=r"phase0/train/score\.tsv: expected a learning curve, found none"):
        curves.read(models / "detector" / "mixed" / "curves")
    with pytest.raises(InputError, match=r"real.curves: expected the curves of a trained model, found none"):
        curves.read(models / "detector" / "real" / "curves")


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"synthetic.classifier: expected the data of `dvc repro mix`, found no"):
        run(tmp_path / "data", "overfit")
