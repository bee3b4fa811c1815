"""The stage causes: from truth and predictions to causes.json and the tables of DVC's plots."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_tree import ask_for, detected, write_tree
from tiny import call

from pipeline import gap
from pipeline.causes import __main__ as stage
from pipeline.causes import tables
from pipeline.causes.facts import Facts, Part, facts_of, parts_of
from pipeline.coco import read_json, write_json
from pipeline.errors import InputError
from pipeline.runs import results_of

REGIMES = ["synthetic", "real", "mixed"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of four images for each split, one with no object."""
    monkeypatch.setattr(tables, "MIN_IMAGES", 1)
    return write_tree(tmp_path)


def run_stage(tree: Path, main: Any = stage.main, name: str = "causes") -> Any:
    plots = ["--plots", tree / "results" / "reliability"] if name == "causes" else []
    out = tree / f"{name}.json"
    params = ["--params", tree / "params.yaml"]
    call(main, "--results", tree / "results", "--data", tree / "data", "--out", out, *plots, *params)
    return json.loads(out.read_text(encoding="utf-8"))


def intervals_in(value: Any) -> list[dict[str, float]]:
    """All `value, low, high` of a JSON document."""
    if isinstance(value, dict) and set(value) == {"value", "low", "high"}:
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for part in parts for found in intervals_in(part)]


def test_every_task_and_regime_has_its_causes(tree: Path) -> None:
    ask_for(tree, ["classifier", "detector", "segmenter"], REGIMES)
    found = run_stage(tree)
    keys = {name: {frozenset(of) for of in by.values()} for name, by in found.items()}
    assert keys == {
        "classifier": {frozenset({"calibration", "parts"})},
        "detector": {frozenset({"errors", "calibration", "parts"})},
        "segmenter": {frozenset({"parts"})},
        "cascade": {frozenset({"errors", "calibration", "parts"})},
    }
    assert all(set(by) == set(REGIMES) for by in found.values())
    intervals = intervals_in(found)
    assert len(intervals) > 100
    assert all(i["low"] <= i["high"] for i in intervals)


def test_errors_and_parts_by_hand(tree: Path) -> None:
    """Six objects, of which the last is not found; one box lies on nothing, in the image without objects."""
    for folder in [results_of(tree / "results", "detector", r) / "predictions" for r in REGIMES]:
        assert len(read_json(folder / "real_test.json", "results")) == 6
    found = run_stage(tree)["detector"]["synthetic"]
    errors = found["errors"]["real_test"]
    assert {k: errors[k] for k in ("boxes", "right", "objects")} == {"boxes": 6, "right": 5, "objects": 6}
    assert {kind: of["count"] for kind, of in errors["kinds"].items() if of["count"]} == {"background": 1, "missed": 1}
    parts = found["parts"]["brightness"]
    assert parts["metric"] == "AP50"
    assert [p["part"] for p in parts["parts"]] == ["dark", "medium", "bright"]
    assert sum(p["objects"]["real_test"] for p in parts["parts"]) == 6
    for part in parts["parts"]:
        by_hand = part["synthetic_val"]["value"] - part["real_test"]["value"]
        assert part["domain_gap"]["value"] == pytest.approx(by_hand)
        assert part["domain_gap_simultaneous"]["value"] == part["domain_gap"]["value"]
        assert part["transfer_gap"] == {"value": 0, "low": 0, "high": 0}  # all regimes predict the same here
    assert set(found["parts"]) == {"brightness"}  # one class in real test, one size, one density, no visible_fraction


def test_figures_are_those_of_the_gaps(tree: Path) -> None:
    """Also the intervals: the resamples are the same."""
    gaps, found = run_stage(tree, gap.main, "gap"), run_stage(tree)
    for regime in REGIMES:
        for split in ("synthetic_val", "real_test"):
            ours = found["detector"][regime]["errors"][split]["AP50"]
            assert ours == pytest.approx(gaps["detector"]["AP50"][split][regime], abs=1e-12)


def test_without_real_training_there_is_no_transfer_gap(tree: Path) -> None:
    whole = run_stage(tree)
    ask_for(tree, ["detector"], ["synthetic"])
    found = run_stage(tree)
    assert set(found) == {"detector"}
    rows = found["detector"]["synthetic"]["parts"]["brightness"]["parts"]
    assert all("transfer_gap" not in row for row in rows)
    assert found["detector"]["synthetic"]["errors"] == whole["detector"]["synthetic"]["errors"]
    assert all("transfer_gap" not in r for r in whole["detector"]["real"]["parts"]["brightness"]["parts"])


def test_visibility_is_known_of_rendered_objects_alone(tree: Path) -> None:
    path = tree / "data" / "synthetic" / "detector" / "val.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    for n, annotation in enumerate(truth["annotations"]):
        annotation["visible_fraction"] = [0.4, 0.8, 1.0][n % 3]
    write_json(path, truth)
    found = run_stage(tree)["detector"]["synthetic"]["parts"]["visibility"]
    assert found["metric"] == "found"
    hidden, partly, whole = found["parts"]
    assert (hidden["synthetic_val"]["value"], partly["synthetic_val"]["value"]) == (1, 1)
    assert whole["synthetic_val"]["value"] == 0.5  # the last object is not found
    assert all(p["real_test"] is None and p["domain_gap"] is None for p in found["parts"])


def test_real_val_sets_the_least_score_of_real_training(tree: Path) -> None:
    """And of no other: there a right box of 0.3 is worth having."""
    truth = json.loads((tree / "data" / "real" / "detector" / "test.json").read_text(encoding="utf-8"))
    write_json(tree / "data" / "real" / "detector" / "val.json", truth)
    for regime in REGIMES:
        path = results_of(tree / "results", "detector", regime) / "predictions" / "real_val.json"
        write_json(path, [{**r, "score": 0.3} for r in detected(truth)])
    found = run_stage(tree)["detector"]
    least = {regime: of["errors"]["real_test"]["min_score"] for regime, of in found.items()}
    assert least == {"synthetic": 0.9, "real": 0.3, "mixed": 0.9}


def test_real_test_chooses_nothing(tree: Path) -> None:
    before = run_stage(tree)["detector"]["synthetic"]["errors"]
    path = results_of(tree / "results", "detector", "synthetic") / "predictions" / "real_test.json"
    write_json(path, [{**r, "score": 0.2} for r in read_json(path, "results")])
    after = run_stage(tree)["detector"]["synthetic"]["errors"]
    assert after["real_test"]["min_score"] == before["real_test"]["min_score"]
    assert after["real_test"]["boxes"] == 0


def test_parts_of_few_images_are_not_scored(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MIN_IMAGES", 2)
    for part in run_stage(tree)["detector"]["synthetic"]["parts"]["brightness"]["parts"]:
        assert part["images"] == {"synthetic_val": 1, "real_test": 1}
        keys = ("synthetic_val", "real_test", "domain_gap", "transfer_gap", "domain_gap_simultaneous")
        assert {part[key] for key in keys} == {None}


def test_plots_have_the_bins_that_hold_something(tree: Path) -> None:
    found = run_stage(tree)
    folder = tree / "results" / "reliability"
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.csv")) == sorted(
        f"{name}/{regime}.csv" for name in found for regime in REGIMES
    )
    assert (folder / "classifier" / "real.csv").read_text() == "score,right\n0.8,1.0\n0.9,0.0\n"


def test_the_same_bytes_again(tree: Path) -> None:
    run_stage(tree)
    first = (tree / "causes.json").read_bytes()
    run_stage(tree)
    assert (tree / "causes.json").read_bytes() == first


def test_missing_predictions_are_named(tree: Path) -> None:
    path = results_of(tree / "results", "detector", "mixed") / "predictions" / "real_test.json"
    path.unlink()
    with pytest.raises(InputError, match="expected COCO results, found no file") as error:
        run_stage(tree)
    assert str(path) in str(error.value)
    assert not list(tree.glob("causes.json*"))


# --- Facts


def facts(tree: Path) -> Facts:
    return facts_of(read_json(tree / "data" / "real" / "detector" / "test.json", "truth"), tree / "data")


def test_facts_by_hand(tree: Path) -> None:
    found = facts(tree)
    assert found.by_image["density"].tolist() == [0, 2, 2, 2]
    assert found.area_px.tolist() == [77, 768, 768, 768]
    assert found.values("size", found.of.image, found.of.box_xywh).tolist() == pytest.approx([(108 / 768) ** 0.5] * 6)
    assert found.values("density", found.of.image, found.of.box_xywh).tolist() == [2] * 6
    assert found.thirds("density").tolist() == [2]  # three of four images have two objects


def test_parts_cover_everything_once() -> None:
    names = ("small", "medium", "large")
    assert parts_of(names, np.array([1.0, 2.0])) == [
        Part("small", None, 1),
        Part("medium", 1, 2),
        Part("large", 2, None),
    ]
    assert parts_of(names, np.array([1.0])) == [Part("small", None, 1), Part("large", 1, None)]


# --- Other tasks


def test_accuracy_of_a_classifier_by_hand(tree: Path) -> None:
    """Three images with two objects each; the first object of all has the wrong name."""
    parts = run_stage(tree)["classifier"]["synthetic"]["parts"]["brightness"]
    assert parts["metric"] == "accuracy"
    assert sorted(p["real_test"]["value"] for p in parts["parts"]) == [0.5, 1, 1]


def test_iou_of_a_segmenter_by_class(tree: Path) -> None:
    """The same figures as the metrics have, with pixels of each class in all images that have one."""
    ask_for(tree, ["segmenter"], ["synthetic"])
    parts = run_stage(tree)["segmenter"]["synthetic"]["parts"]["class"]
    assert parts["metric"] == "IoU"
    metrics = read_json(results_of(tree / "results", "segmenter", "synthetic") / "metrics.json", "metrics")
    for split in ("synthetic_val", "real_test"):
        expected = {name: of["IoU"] for name, of in metrics[split]["per_class"].items()}
        found = {p["part"]: p[split] and p[split]["value"] for p in parts["parts"]}
        assert found == expected
