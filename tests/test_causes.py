"""Types of errors, calibration and parts, against values computed by hand and against pycocotools."""

import contextlib
import io
from collections import Counter
from typing import Any

import numpy as np
import pytest
from pycocotools.cocoeval import COCOeval
from test_metrics import BOXES, Boxes, results_of, truth_of

from pipeline.bootstrap import Estimate, estimate
from pipeline.causes.boxes import ap50, boxes_of, objects_of
from pipeline.causes.calibration import (
    BINS,
    answers,
    bins,
    calibration_scorer,
    classifier_answers,
    detector_answers,
)
from pipeline.causes.errors import KINDS, errors_of, gain_scorer
from pipeline.causes.parts import part_ap50, share
from pipeline.causes.tables import simultaneous
from pipeline.coco import Coco, likeliest
from pipeline.matching import match_all
from pipeline.metrics import Results, detector_metrics
from pipeline.metrics.detector import _index
from pipeline.report.photos import errors_on

NONE = dict.fromkeys(KINDS, 0)
DUPLICATED = (51 + 50 * 2 / 3) / 101  # AP50 of hit, error, hit


def errors_and_gains(truth: Coco, results: Results) -> tuple[dict[str, int], dict[str, float]]:
    """Counts of errors, and AP50 and dAP50 of each kind, rounded."""
    boxes, of = boxes_of(truth, results), objects_of(truth)
    once = np.ones((1, of.images), dtype=np.int64)
    gains = gain_scorer(boxes, of)(once)
    return errors_of(boxes, of).counts(), {name: round(float(values[0]), 9) for name, values in gains.items()}


# --- Errors by hand: boxes of 5x8 in images of 7x11


def test_perfect_boxes_have_no_errors() -> None:
    assert errors_and_gains(truth_of(BOXES), results_of(BOXES)) == (NONE, {"AP50": 1} | NONE)


def test_no_boxes_miss_everything() -> None:
    assert errors_and_gains(truth_of(BOXES), []) == (NONE | {"missed": 2}, {"AP50": 0} | NONE | {"missed": 1})


@pytest.mark.parametrize(
    ("shift_px", "expected"),  # IoU 4/6, 3/7, 1/9, 0
    [(1, {}), (2, {"localisation": 1}), (4, {"localisation": 1}), (5, {"background": 1, "missed": 1})],
)
def test_a_shifted_box(shift_px: int, expected: dict[str, int]) -> None:
    """Put right it is worth everything; a box on nothing costs nothing where its object was not found anyway."""
    counts, gains = errors_and_gains(truth_of(BOXES[:1]), results_of([(1, 1, [1 + shift_px, 2, 5, 8])]))
    assert counts == NONE | expected
    worth = {kind: 1.0 for kind in expected if kind != "background"}
    assert gains == {"AP50": float(not expected)} | NONE | worth


def test_swapped_names() -> None:
    swapped: Boxes = [(i, 3 - c, b) for i, c, b in BOXES]
    counts, gains = errors_and_gains(truth_of(BOXES), results_of(swapped))
    assert counts == NONE | {"classification": 2}
    assert gains == {"AP50": 0} | NONE | {"classification": 1}


def test_a_swapped_name_in_the_wrong_place_explains_no_object() -> None:
    counts, gains = errors_and_gains(truth_of(BOXES[:1]), results_of([(1, 2, [3, 2, 5, 8])]))
    assert counts == NONE | {"both": 1, "missed": 1}
    assert gains == {"AP50": 0} | NONE | {"missed": 1}


def test_a_duplicate_between_two_hits() -> None:
    boxes: Boxes = [(1, 1, [1, 2, 5, 8]), (2, 1, [0, 1, 3, 7])]
    counts, gains = errors_and_gains(truth_of(boxes), results_of([boxes[0], boxes[0], boxes[1]]))
    assert counts == NONE | {"duplicate": 1}
    assert gains["duplicate"] == pytest.approx(1 - DUPLICATED)
    assert gains == {"AP50": round(DUPLICATED, 9)} | NONE | {"duplicate": gains["duplicate"]}


def test_a_box_on_nothing_above_a_hit() -> None:
    counts, gains = errors_and_gains(truth_of(BOXES[:1]), results_of([(2, 1, [0, 0, 2, 3]), BOXES[0]]))
    assert counts == NONE | {"background": 1}
    assert gains == {"AP50": 0.5} | NONE | {"background": 0.5}


def test_of_several_boxes_the_best_is_put_right_and_the_others_are_left_out() -> None:
    """Two misplaced boxes of one object, and the other object found below both of them: one hit becomes two."""
    boxes: Boxes = [(1, 1, [1, 2, 5, 8]), (2, 1, [0, 1, 3, 7])]
    found = results_of([(1, 1, [3, 2, 5, 8]), (1, 1, [4, 2, 5, 8]), boxes[1]])
    counts, gains = errors_and_gains(truth_of(boxes), found)
    assert counts == NONE | {"localisation": 2}
    assert gains["localisation"] == pytest.approx(1 - 51 / 101 / 3)


def test_second_guesses_are_wrong_names() -> None:
    """And leaving them out is worth nothing where they lie below all that is right."""
    guesses: Boxes = [*BOXES, (1, 2, BOXES[0][2]), (2, 1, BOXES[1][2])]
    counts, gains = errors_and_gains(truth_of(BOXES), results_of(guesses))
    assert counts == NONE | {"classification": 2}
    assert gains == {"AP50": 1} | NONE


def test_what_lies_on_a_crowd_is_no_error() -> None:
    truth = truth_of([*BOXES, (1, 1, [0, 0, 7, 2])])
    truth["annotations"][-1]["iscrowd"] = 1
    counts, gains = errors_and_gains(truth, results_of([(1, 1, [0, 0, 3, 2]), *BOXES]))
    assert (counts, gains) == (NONE, {"AP50": 1} | NONE)
    assert objects_of(truth).image.tolist() == [0, 1]


def test_each_box_has_its_kind_and_each_object_its_state() -> None:
    boxes: Boxes = [(1, 1, [0, 0, 3, 4]), (1, 2, [4, 0, 3, 4]), (1, 1, [0, 6, 3, 4]), (2, 1, [0, 0, 7, 11])]
    found = results_of([boxes[0], boxes[0], (1, 1, boxes[1][2]), (1, 1, [0, 8, 3, 3]), (1, 2, [4, 6, 3, 5])])
    errors = errors_of(boxes_of(truth_of(boxes), found), objects_of(truth_of(boxes)))
    assert errors.kind.tolist() == ["right", "duplicate", "classification", "localisation", "background"]
    assert errors.target.tolist() == [-1, -1, 1, 2, -1]
    assert errors.missed.tolist() == [False, False, False, True]


# --- Errors against pycocotools


def scattered(rng: np.random.Generator, images: int = 12) -> tuple[Coco, Results]:
    """Objects of three categories in cells of 20 px, boxes near them with several names, and boxes on nothing."""
    truth: Boxes = []
    found: Boxes = []
    for image in range(1, images + 1):
        for cell in rng.permutation(16)[:6].tolist():
            x, y, category = 20 * (cell % 4), 20 * (cell // 4), int(rng.integers(1, 4))
            truth.append((image, category, [x, y, 12, 15]))
            moved = [x + int(rng.integers(0, 8)), y + int(rng.integers(0, 4)), 12, 15]
            named = category if rng.random() < 0.8 else 1 + category % 3
            found += [(image, named, moved), (image, 1 + named % 3, moved), (image, named, [x, y, 12, 14])][
                : int(rng.integers(0, 4))
            ]
        found.append((image, 1, [80, 80, 10, 10]))
    scores = np.round(rng.permutation(len(found)) / len(found), 3).tolist()
    return truth_of(truth, images, ("a", "b", "c")), results_of(found, scores)


@pytest.mark.parametrize("seed", range(3))
def test_gains_are_those_of_files_that_were_put_right(seed: int) -> None:
    """The results and the truth themselves are changed, and pycocotools looks at them."""
    truth, results = scattered(np.random.default_rng(seed))
    boxes, of = boxes_of(truth, results), objects_of(truth)
    errors, (counts, gains) = errors_of(boxes, of), errors_and_gains(truth, results)
    assert min(counts.values()) > 0
    whole = detector_metrics(truth, results)["AP50"]
    assert gains["AP50"] == pytest.approx(whole, abs=1e-8)
    for kind in KINDS:
        assert gains[kind] == pytest.approx(put_right(truth, boxes, of, errors, kind) - whole, abs=1e-8), kind


def put_right(truth: Coco, boxes: Any, of: Any, errors: Any, kind: str) -> float:
    """AP50 by pycocotools of a truth and results as TIDE would change them, box by box."""
    if kind == "missed":
        left = [a for a, missed in zip(truth["annotations"], errors.missed, strict=True) if not missed]
        truth = {**truth, "annotations": left}
    taken, results = set(boxes.taken.tolist()), []
    for n in np.argsort(-boxes.score).tolist():
        entry = {"image_id": int(boxes.image[n]) + 1, "category_id": int(boxes.category[n])}
        entry |= {"bbox": boxes.box_xywh[n].tolist(), "score": float(boxes.score[n])}
        if errors.kind[n] == kind:
            target = int(errors.target[n])
            if target in taken or target < 0:
                continue
            taken.add(target)
            entry |= {"category_id": int(of.category[target]), "bbox": of.box_xywh[target].tolist()}
        results.append(entry)
    return float(detector_metrics(truth, results)["AP50"])


# --- Parts


def test_ap50_of_a_size_is_that_of_cocos_range_of_areas() -> None:
    """Two sizes far apart, so that boxes and objects agree on where they belong."""
    rng = np.random.default_rng(0)
    truth, results = scattered(rng)
    for entries in (truth["annotations"], results):
        for entry in entries:
            if (entry["image_id"] + entry["category_id"]) % 2:
                entry["bbox"] = [v / 2 for v in entry["bbox"]]
            entry["area"] = entry["bbox"][2] * entry["bbox"][3]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCOeval(_index(truth, truth["annotations"]), _index(truth, results), "bbox")
        coco.params.areaRng, coco.params.areaRngLbl, coco.params.maxDets = [[0, 80], [80, 1e5]], ["s", "l"], [100]
        coco.evaluate()
        coco.accumulate()
    boxes, of, once = boxes_of(truth, results), objects_of(truth), np.ones((1, 12), np.int64)
    for n, (low, high) in enumerate([(0, 80), (80, 1e5)]):
        members = [(low <= b[:, 2] * b[:, 3]) & (b[:, 2] * b[:, 3] < high) for b in (of.box_xywh, boxes.box_xywh)]
        assert 0 < members[0].sum() < len(of.image)
        precision = coco.eval["precision"][0, :, :, n, 0]
        expected = precision[precision > -1].mean()
        assert part_ap50(boxes, of, *members)(once) == pytest.approx(expected, abs=1e-12)


def test_a_part_without_objects_is_undefined() -> None:
    truth = truth_of(BOXES)
    boxes, of = boxes_of(truth, results_of(BOXES)), objects_of(truth)
    never = np.zeros(2, dtype=bool)
    once = np.ones((1, 2), np.int64)
    assert np.isnan(part_ap50(boxes, of, never, never)(once)).all()
    assert np.isnan(share(~never, of, never)(once)).all()


def test_shares_by_hand() -> None:
    of = objects_of(truth_of([(1, 1, [0, 0, 2, 2])] * 3 + [(2, 1, [0, 0, 2, 2])]))
    right, member = np.array([True, False, True, False]), np.array([True, True, False, True])
    counts = np.array([[1, 1], [2, 0], [0, 2]])
    assert share(right, of, member)(counts).tolist() == [1 / 3, 1 / 2, 0]


def test_ap50_of_all_objects_is_ap50() -> None:
    truth, results = scattered(np.random.default_rng(3))
    boxes, of = boxes_of(truth, results), objects_of(truth)
    assert ap50(boxes, of, np.ones((1, 12), np.int64)) == pytest.approx(detector_metrics(truth, results)["AP50"])


# --- Intervals of all parts at once


def test_simultaneous_intervals_by_hand() -> None:
    """Deviations 1, sqrt(8) and 0; in these the farthest figure is sqrt(2), 1, 1 and sqrt(2) away on the resamples."""
    narrow = Estimate(0.5, np.array([1.5, -0.5, 1.5, -0.5]))
    wide = Estimate(10, np.array([6.0, 10, 10, 14]))
    still, undefined = Estimate(0.25, np.full(4, 0.25)), Estimate(np.nan, np.full(4, np.nan))
    root = 2**0.5
    for confidence, reaches in ((1 / 3, (1, 2 * root, 0)), (1.0, (root, 4, 0))):
        *found, none = simultaneous([narrow, wide, still, undefined], confidence)
        assert none is None
        for interval, value, reach in zip(found, (0.5, 10, 0.25), reaches, strict=True):
            assert interval == pytest.approx({"value": value, "low": value - reach, "high": value + reach})
    assert simultaneous([undefined], 0.95) == [None]


def test_a_part_that_is_not_on_a_resample_leaves_the_others_alone() -> None:
    rare = Estimate(2, np.array([1.0, 3.0, np.nan, np.nan]))
    found = simultaneous([Estimate(0, np.array([-1.0, 1.0, -1.0, 1.0])), rare], 1.0)
    assert found == [{"value": 0, "low": -1, "high": 1}, {"value": 2, "low": 1, "high": 3}]


def test_of_many_parts_without_a_gap_none_stands_out_more_often_than_claimed() -> None:
    """200 experiments with 15 parts of 60 objects on either side: the parts' own intervals find a gap in most."""
    rng, alone, at_once = np.random.default_rng(0), 0, 0
    for _ in range(200):
        gaps = [accuracy_of(rng, 0.8) - accuracy_of(rng, 0.8) for _ in range(15)]
        alone += any(not i["low"] <= 0 <= i["high"] for i in (g.interval(0.95) for g in gaps))
        at_once += any(i is not None and not i["low"] <= 0 <= i["high"] for i in simultaneous(gaps, 0.95))
    assert alone > 80
    assert 2 <= at_once <= 20


def accuracy_of(rng: np.random.Generator, mean: float, objects: int = 60) -> Estimate:
    """On as many images, with 300 resamples."""
    right = rng.random(objects) < mean
    return Estimate(float(right.mean()), rng.multinomial(objects, np.full(objects, 1 / objects), 300) @ right / objects)


# --- Calibration by hand


def test_calibration_by_hand() -> None:
    """Four answers of 0.75, three of them right, and one of 1 that is wrong."""
    of = answers(np.array([0, 0, 0, 1, 1]), np.array([0.75] * 4 + [1.0]), np.array([1, 1, 1, 0, 0], bool), 2)
    found = [b for b in bins(of) if b["count"]]
    assert found == [
        {"low": 0.7, "high": 0.8, "count": 4, "score": 0.75, "right": 0.75},
        {"low": 0.9, "high": 1.0, "count": 1, "score": 1.0, "right": 0.0},
    ]
    counts = np.array([[1, 1], [2, 0], [0, 2]])
    figures = calibration_scorer(of)(counts)
    assert figures["ECE"].tolist() == pytest.approx([1 / 5, 1 / 4, (0.75 + 1) / 2])
    assert figures["overconfidence"].tolist() == pytest.approx([1 / 5, -1 / 4, (0.75 + 1) / 2])


def test_a_bin_holds_its_upper_edge() -> None:
    of = answers(np.zeros(4, np.int64), np.array([0.0, 0.1, 0.100001, 1.0]), np.ones(4, bool), 1)
    assert [b["count"] for b in bins(of)] == [2, 1, *[0] * (BINS - 3), 1]


def test_honest_scores_have_no_overconfidence() -> None:
    rng = np.random.default_rng(0)
    score = rng.random(20_000)
    of = answers(rng.integers(0, 100, 20_000), score, rng.random(20_000) < score, 100)
    figures = estimate(calibration_scorer(of), rng.multinomial(100, np.full(100, 0.01), 200))
    assert figures["ECE"].value < 0.015
    interval = figures["overconfidence"].interval(0.95)
    assert interval["low"] < 0 < interval["high"]


def test_answers_of_a_classifier_and_of_a_detector() -> None:
    """The cat is right, the dog is called a cat; second guesses and what is hardly said are no answers."""
    wrong: Boxes = [BOXES[0], (2, 1, BOXES[1][2])]
    named = classifier_answers(truth_of(BOXES), results_of(wrong, [0.9, 0.6]))
    assert (named.count.sum(), named.right.sum(), named.score.sum()) == (2, 1, 1.5)
    more: Boxes = [*wrong, (2, 2, BOXES[1][2]), (1, 1, [0, 0, 1, 1])]
    found = detector_answers(truth_of(BOXES), results_of(more, [0.9, 0.6, 0.3, 0.05]))
    assert all((getattr(found, k) == getattr(named, k)).all() for k in ("count", "right", "score"))


def test_no_answers_have_no_calibration() -> None:
    found = detector_answers(truth_of(BOXES), [])
    assert np.isnan(calibration_scorer(found)(np.ones((1, 2), np.int64))["ECE"]).all()
    assert {b["right"] for b in bins(found)} == {None}


@pytest.mark.parametrize("seed", range(3))
def test_the_galleries_call_errors_by_the_same_names(seed: int) -> None:
    """What is drawn, box by box and image by image, against all at once."""
    truth, results = scattered(np.random.default_rng(seed))
    matches = match_all(truth, results, 0.3)
    drawn = [r for r in likeliest(results) if r["score"] >= 0.3]
    errors = errors_of(boxes_of(truth, drawn), objects_of(truth))
    kinds = Counter(kind for m in matches.values() for kind in errors_on(m)[0])
    assert kinds == Counter(errors.kind.tolist())
    assert min(kinds.values()) > 0 and len(kinds) == 6
