"""The two gaps: signs, pairing, coverage of the intervals, and the stage from files to gap.json."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline import gap
from pipeline.bootstrap import Estimate, domain_gap, draw_counts, estimate, stream, transfer_gap
from pipeline.coco import Coco, categories_of, read_json, write_json
from pipeline.errors import InputError
from pipeline.metrics import classifier_metrics, classifier_scorer, detector_metrics, detector_scorer
from pipeline.runs import results_of as results_of_run

PARAMS = Path(__file__).parent.parent / "presets" / "digits.yaml"
Results = list[dict[str, Any]]


def truth_of(objects_by_image: list[int]) -> Coco:
    """Images of 7x11 px with so many objects, of two categories in turn."""
    image_of = np.repeat(np.arange(1, len(objects_by_image) + 1), objects_by_image).tolist()
    return {
        "images": [{"id": i + 1, "width": 7, "height": 11} for i in range(len(objects_by_image))],
        "annotations": [
            {"id": n, "image_id": i, "category_id": 1 + n % 2, "bbox": [1, 2, 5, 8], "iscrowd": 0}
            for n, i in enumerate(image_of, start=1)
        ],
        "categories": categories_of(["cat", "dog"]),
    }


def results_of(truth: Coco, right: list[bool]) -> Results:
    """One entry for each object, of its own category or of the other one."""
    return [
        {
            "annotation_id": a["id"],
            "image_id": a["image_id"],
            "category_id": a["category_id"] if is_right else 3 - a["category_id"],
            "bbox": a["bbox"],
            "score": 0.5,
        }
        for a, is_right in zip(truth["annotations"], right, strict=True)
    ]


def accuracy(truth: Coco, right: list[bool], counts: Any) -> Estimate:
    return estimate(classifier_scorer(truth, results_of(truth, right)), counts)["accuracy"]


# --- Definitions


def test_signs() -> None:
    high, low = Estimate(0.9, np.array([0.8, 1.0])), Estimate(0.6, np.array([0.5, 0.7]))
    assert domain_gap(synthetic_val=high, real_test=low).value == pytest.approx(0.3)
    assert transfer_gap(real_trained=high, trained=low).value == pytest.approx(0.3)
    assert transfer_gap(real_trained=low, trained=high).value == pytest.approx(-0.3)


def test_interval_is_the_middle_of_the_resamples() -> None:
    interval = Estimate(0.25, np.random.default_rng(0).permutation(1001) / 1000).interval(0.95)
    assert interval == pytest.approx({"value": 0.25, "low": 0.025, "high": 0.975})


def test_all_images_once_give_the_value() -> None:
    truth = truth_of([2, 1, 0])
    found = accuracy(truth, [True, False, True], np.array([[1, 1, 1], [0, 3, 0], [1, 0, 2]]))
    assert found.value == 2 / 3
    assert found.resampled.tolist() == [2 / 3, 1, 1 / 2]


# --- Resamples


def test_draws_have_as_many_images_and_never_no_object() -> None:
    counts = draw_counts(truth_of([0, 0, 1, 0]), 500, stream(0, "a"))
    assert counts.shape == (500, 4)
    assert (counts.sum(axis=1) == 4).all()
    assert (counts[:, 2] >= 1).all()
    assert counts[:, 0].max() == 3


def test_draws_are_those_of_the_bootstrap() -> None:
    counts = draw_counts(truth_of([1] * 40), 4000, stream(0, "a"))
    assert counts.mean() == 1
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 40) ** 40, abs=0.005)


def test_draws_depend_on_seed_and_name_only() -> None:
    draws = {key: draw_counts(truth_of([1] * 9), 20, stream(*key)).tolist() for key in [(0, "a"), (0, "b"), (1, "a")]}
    assert draws[0, "a"] == draw_counts(truth_of([1] * 9), 20, stream(0, "a")).tolist()
    assert draws[0, "a"] != draws[0, "b"]
    assert draws[0, "a"] != draws[1, "a"]


# --- Intervals


def simulated(rng: np.random.Generator, mean: float, images: int = 120) -> Estimate:
    """Accuracy on images with 1 to 5 objects that share their image's difficulty."""
    truth = truth_of(rng.integers(1, 6, images).tolist())
    easiness = rng.beta(4 * mean, 4 * (1 - mean), images)
    right = [bool(rng.random() < easiness[a["image_id"] - 1]) for a in truth["annotations"]]
    return accuracy(truth, right, draw_counts(truth, 300, rng))


def test_intervals_contain_a_known_domain_gap_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(0)
    intervals = [domain_gap(simulated(rng, 0.9), simulated(rng, 0.75)).interval(0.95) for _ in range(200)]
    contained = np.mean([i["low"] <= 0.9 - 0.75 <= i["high"] for i in intervals])
    assert 0.90 <= contained <= 0.98


def test_intervals_contain_a_known_transfer_gap_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(1)
    contained = []
    for _ in range(200):
        truth = truth_of([1, 2, 3] * 30)
        easiness = rng.beta(4, 1, 90)[[a["image_id"] - 1 for a in truth["annotations"]]]  # 0.8 in the mean, shared
        counts = draw_counts(truth, 300, rng)
        real, trained = (accuracy(truth, (rng.random(180) < part * easiness).tolist(), counts) for part in (1.0, 0.75))
        interval = transfer_gap(real, trained).interval(0.95)
        contained.append(interval["low"] <= 0.8 - 0.75 * 0.8 <= interval["high"])
    assert 0.90 <= np.mean(contained) <= 0.98


def test_identical_models_have_no_transfer_gap_at_all() -> None:
    rng = np.random.default_rng(2)
    truth = truth_of([1, 2, 3] * 5)
    results = results_of(truth, (rng.random(30) < 0.6).tolist())
    counts = draw_counts(truth, 100, rng)
    for scorer in (classifier_scorer, detector_scorer):
        for metric, found in estimate(scorer(truth, results), counts).items():
            assert found.resampled.std() > 0, metric
            assert transfer_gap(found, found).interval(0.95) == {"value": 0, "low": 0, "high": 0}


def test_pairing_narrows_the_interval() -> None:
    rng = np.random.default_rng(5)
    truth = truth_of([1] * 200)
    right = (rng.random(200) < 0.7).tolist()
    nearly = [*right[:-4], *(not r for r in right[-4:])]
    paired, others = draw_counts(truth, 300, rng), draw_counts(truth, 300, rng)
    real = accuracy(truth, right, paired)
    widths = []
    for counts in (paired, others):
        interval = transfer_gap(real, accuracy(truth, nearly, counts)).interval(0.95)
        widths.append(interval["high"] - interval["low"])
    assert widths[0] < widths[1] / 2


# --- The stage

NAMES = {"classifier": ["classifier"], "detector": ["detector", "cascade"]}
RIGHT = {"synthetic": 0.9, "real": 0.6, "mixed": 0.7}  # part of right answers on synthetic val; 0.2 less on real test


def write_tree(root: Path, rng: np.random.Generator) -> None:
    """Truth and predictions of both tasks and of the cascade, as the stages before leave them."""
    for task in ("classifier", "detector"):
        for split, path, less in (
            ("synthetic_val", "synthetic/{}/val.json", 0.0),
            ("real_test", "real/{}/test.json", 0.2),
        ):
            truth = truth_of([0, *rng.integers(1, 4, 20).tolist()])
            write_json(root / path.format(task), truth)
            for regime, part in RIGHT.items():
                right = (rng.random(len(truth["annotations"])) < part - less).tolist()
                for name in NAMES[task]:
                    path = results_of_run(root / "results", name, regime) / "predictions" / f"{split}.json"
                    write_json(path, results_of(truth, right))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_tree(tmp_path, np.random.default_rng(0))
    return tmp_path


def run_stage(tree: Path, monkeypatch: pytest.MonkeyPatch, out: str = "gap.json", **changes: list[str]) -> Path:
    params = tree / "params.yaml"
    params.write_text(yaml.safe_dump(yaml.safe_load(PARAMS.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    paths = {"results": tree / "results", "data": tree, "out": tree / out, "params": params}
    options = [str(part) for name, path in paths.items() for part in (f"--{name}", path)]
    monkeypatch.setattr(sys, "argv", ["gap", *options])
    gap.main()
    return tree / out


def test_gap_json_has_every_figure(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(run_stage(tree, monkeypatch).read_text())
    assert {task: sorted(metrics) for task, metrics in found.items()} == {
        "classifier": ["accuracy"],
        "detector": ["AP", "AP50", "AP50_class_agnostic"],
        "cascade": ["AP", "AP50", "AP50_class_agnostic"],
    }
    regimes = {"synthetic", "real", "mixed"}
    for metrics in found.values():
        for figures in metrics.values():
            assert set(figures) == {"domain_gap", "transfer_gap", "gain_over_synthetic", "synthetic_val", "real_test"}
            assert set(figures["gain_over_synthetic"]) == {"mixed"}
            assert set(figures["transfer_gap"]) == {"synthetic", "mixed"}
            assert set(figures["domain_gap"]) == set(figures["synthetic_val"]) == set(figures["real_test"]) == regimes
            for interval in (i for by_regime in figures.values() for i in by_regime.values()):
                assert set(interval) == {"value", "low", "high"}
                assert interval["low"] <= interval["high"]
    assert (
        found["detector"]["AP50"]["real_test"]["real"]["low"] < found["detector"]["AP50"]["real_test"]["real"]["high"]
    )
    assert found["cascade"] == found["detector"]  # the same boxes here: also drawn with the same images


@pytest.mark.parametrize(
    ("tasks", "names"),
    [(["classifier"], {"classifier"}), (["detector"], {"detector"}), (["detector", "classifier"], {*NAMES, "cascade"})],
)
def test_only_what_is_asked_for(tree: Path, monkeypatch: pytest.MonkeyPatch, tasks: list[str], names: set[str]) -> None:
    whole = json.loads(run_stage(tree, monkeypatch).read_text())
    found = json.loads(
        run_stage(tree, monkeypatch, "some.json", tasks=tasks, regimes=["mixed", "synthetic"]).read_text()
    )
    assert set(found) == names
    for name, metrics in found.items():
        for metric, figures in metrics.items():
            kept = {"domain_gap", "gain_over_synthetic", "synthetic_val", "real_test"}
            assert set(figures) == kept  # no real training, no transfer gap
            for key, by_regime in figures.items():
                expected = {r: of for r, of in whole[name][metric][key].items() if r in ("mixed", "synthetic")}
                assert by_regime == expected


@pytest.mark.parametrize("regimes", [["mixed", "real"], ["synthetic", "real"]])
def test_no_gain_without_both_regimes(tree: Path, monkeypatch: pytest.MonkeyPatch, regimes: list[str]) -> None:
    found = json.loads(run_stage(tree, monkeypatch, tasks=["classifier"], regimes=regimes).read_text())
    assert "gain_over_synthetic" not in found["classifier"]["accuracy"]


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_gap_json_agrees_with_the_metrics(tree: Path, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
    metric, metrics = {"classifier": ("accuracy", classifier_metrics), "detector": ("AP50", detector_metrics)}[task]
    figures = json.loads(run_stage(tree, monkeypatch).read_text())[task][metric]
    expected = {}
    for split, truth_path in (("synthetic_val", "synthetic/{}/val.json"), ("real_test", "real/{}/test.json")):
        truth = read_json(tree / truth_path.format(task), "truth")
        for regime in RIGHT:
            results = read_json(tree / "results" / "runs" / task / regime / "predictions" / f"{split}.json", "results")
            expected[split, regime] = metrics(truth, results)[metric]
            assert figures[split][regime]["value"] == pytest.approx(expected[split, regime], abs=1e-12)
    for regime in RIGHT:
        by_hand = expected["synthetic_val", regime] - expected["real_test", regime]
        assert figures["domain_gap"][regime]["value"] == pytest.approx(by_hand, abs=1e-12)
    for regime in ("synthetic", "mixed"):
        by_hand = expected["real_test", "real"] - expected["real_test", regime]
        assert figures["transfer_gap"][regime]["value"] == pytest.approx(by_hand, abs=1e-12)
    if task == "classifier":
        assert figures["domain_gap"]["synthetic"]["value"] > 0
        assert figures["transfer_gap"]["synthetic"]["value"] < 0  # the synthetic regime was made the better one


def test_the_two_sets_of_images_are_drawn_independently(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in ("classifier", "detector"):  # the same images and answers on both sides
        (tree / "real" / task / "test.json").write_bytes((tree / "synthetic" / task / "val.json").read_bytes())
        for regime in RIGHT:
            folder = tree / "results" / "runs" / task / regime / "predictions"
            (folder / "real_test.json").write_bytes((folder / "synthetic_val.json").read_bytes())
    found = json.loads(run_stage(tree, monkeypatch).read_text())
    for task, metric in (("classifier", "accuracy"), ("detector", "AP"), ("detector", "AP50")):
        interval = found[task][metric]["domain_gap"]["real"]
        assert interval["value"] == 0
        assert interval["low"] < 0 < interval["high"]


def test_gap_json_has_the_same_bytes_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = run_stage(tree, monkeypatch, "a.json"), run_stage(tree, monkeypatch, "b.json")
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_image_is_named_and_nothing_is_written(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tree / "results" / "runs" / "detector" / "mixed" / "predictions" / "real_test.json"
    results = read_json(path, "results")
    write_json(path, [{**results[0], "image_id": 99}, *results[1:]])
    with pytest.raises(InputError, match="entry 0: image_id: expected an id of the annotations, found 99") as error:
        run_stage(tree, monkeypatch)
    assert str(path) in str(error.value)
    assert not list(tree.glob("gap.json*"))


def test_a_missing_prediction_file_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tree / "results" / "runs" / "classifier" / "real" / "predictions" / "synthetic_val.json"
    path.unlink()
    with pytest.raises(InputError, match="expected COCO results, found no file") as error:
        run_stage(tree, monkeypatch)
    assert str(path) in str(error.value)


# --- Intervals by hand


def test_an_interval_by_hand() -> None:
    """One of two images is right: resamples are 0, 1/2 and 1, with chances 1/4, 1/2 and 1/4."""
    truth = truth_of([1, 1])
    found = accuracy(truth, [True, False], draw_counts(truth, 4000, stream(0, "a")))
    assert found.interval(0.95) == {"value": 0.5, "low": 0, "high": 1}
    assert found.interval(0.40) == {"value": 0.5, "low": 0.5, "high": 0.5}


@pytest.mark.parametrize(
    ("shift_px", "again", "score"),  # boxes of 5x8: an IoU of 1, of 4/6, which 4 of COCO's 10 thresholds admit, 3/7
    [(0, 1, (1, 1, 1)), (0, 2, (1, 1, 1)), (1, 1, (0.4, 1, 1)), (2, 1, (0, 0, 0)), (0, 0, (0, 0, 0))],
)
def test_intervals_have_no_width_where_all_images_are_alike(
    shift_px: int, again: int, score: tuple[float, float, float]
) -> None:
    """Perfect boxes, duplicated ones below them, shifted ones and none; `score`: AP, AP50, class-agnostic."""
    truth = truth_of([1] * 4)
    near = {"bbox": [1 + shift_px, 2, 5, 8]}
    boxes = [{**r, **near, "score": 0.5 - 0.1 * k} for k in range(again) for r in results_of(truth, [True] * 4)]
    found = estimate(detector_scorer(truth, boxes), draw_counts(truth, 50, stream(0, "a")))
    for (name, estimated), expected in zip(found.items(), score, strict=True):
        assert estimated.interval(0.95) == pytest.approx(dict.fromkeys(("value", "low", "high"), expected)), name


def test_the_gain_over_synthetic_by_hand() -> None:
    """Four images with an object each. Mixed is right where synthetic is, and on the last image as well.

    So on each resample the gain is the part that the last image has in it; the scores' own intervals overlap.
    """
    truth = truth_of([1] * 4)
    counts = np.array([[1, 1, 1, 1], [4, 0, 0, 0], [0, 1, 1, 2], [2, 1, 1, 0], [1, 0, 0, 3]])
    synthetic, mixed = (accuracy(truth, [True, False, False, last], counts) for last in (False, True))
    assert synthetic.resampled.tolist() == [0.25, 1, 0, 0.5, 0.25]
    assert mixed.resampled.tolist() == [0.5, 1, 0.5, 0.5, 1]
    of = {split: {"synthetic": synthetic, "mixed": mixed} for split in ("synthetic_val", "real_test")}
    found = gap.gaps(of, 0.5)  # ends: the second and the fourth of 0, 0, 0.25, 0.5, 0.75
    assert found["gain_over_synthetic"] == {"mixed": {"value": 0.25, "low": 0, "high": 0.5}}
    assert found["real_test"]["mixed"]["low"] <= found["real_test"]["synthetic"]["high"]


def test_swapped_names_have_places_and_no_names() -> None:
    truth = truth_of([1] * 4)
    results, counts = results_of(truth, [False] * 4), draw_counts(truth, 50, stream(0, "a"))
    found = estimate(detector_scorer(truth, results), counts) | estimate(classifier_scorer(truth, results), counts)
    ends = {name: [round(end, 9) for end in e.interval(0.95).values()] for name, e in found.items()}
    assert ends == {"AP": [0] * 3, "AP50": [0] * 3, "AP50_class_agnostic": [1] * 3, "accuracy": [0] * 3}
