"""Which box is on which object, and what is called a mistake."""

from typing import Any

import numpy as np
import pytest
from boxes import entry

from pipeline.matching import best_min_score, f1, iou_xywh, match, match_all
from pipeline.report.mistakes import window
from pipeline.report.places import false_places, missed_places


def test_iou_by_hand() -> None:
    iou = iou_xywh([[0, 0, 4, 2], [10, 10, 1, 1]], [[2, 0, 4, 2], [0, 0, 4, 2], [0, 0, 4, 0]])
    np.testing.assert_allclose(iou, np.array([[4 / 12, 1, 0], [0, 0, 0]]))


def test_best_score_takes_the_object_and_the_second_box_is_false() -> None:
    matched = match([entry(1, 0, 0, 7, 11)], [entry(1, 0, 0, 7, 10, score=0.5), entry(1, 1, 0, 6, 11, score=0.8)])
    assert matched.taken == [0, None]
    assert matched.predictions[0]["score"] == 0.8
    assert (matched.false, matched.missed) == ([1], [])


def test_overlap_below_one_half_takes_nothing() -> None:
    matched = match([entry(1, 0, 0, 4, 10)], [entry(1, 2, 0, 4, 10)])  # 20 of 60
    assert (matched.false, matched.missed) == ([0], [0])


def test_f1_by_hand() -> None:
    """Three of four found and one box too many: 2 * 3 / (4 + 4)."""
    truth = [entry(1, 20 * n, 0, 7, 11) for n in range(4)]
    assert f1(match(truth, [*truth[:3], entry(1, 0, 50, 7, 11)])) == pytest.approx(0.75)
    assert f1(match([], [])) == 1
    assert f1(match(truth, [])) == f1(match([], truth)) == 0


def test_kinds_of_mistakes() -> None:
    names = {1: "one", 2: "two"}
    truth = [entry(1, 0, 0, 10, 10), entry(1, 50, 0, 10, 20), entry(2, 0, 50, 10, 10)]
    found = [
        entry(1, 0, 0, 10, 10, score=0.9),
        entry(1, 0, 1, 10, 9, score=0.8),
        entry(2, 50, 0, 10, 20, score=0.7),
        entry(2, 5, 50, 10, 10, score=0.6),
        entry(2, 90, 90, 5, 5, score=0.5),
    ]
    matched = match(truth, found)
    assert [p.caption for p in false_places(1, matched, names)] == [
        "second box: one 0.80",
        "wrong name: two 0.70, true one",
        "misplaced: two 0.60, overlap 0.33 with two",
        "no object: two 0.50",
    ]
    assert [p.caption for p in missed_places(1, matched, names)] == ["missed: two"]


def coco_of(*truth: dict[str, Any]) -> Any:
    return {"images": [{"id": 1}, {"id": 2}], "annotations": list(truth), "categories": []}


def test_images_without_predictions_or_objects_are_there() -> None:
    matches = match_all(coco_of(entry(1, 0, 0, 5, 5)), [])
    assert (matches[1].missed, matches[2].missed, matches[2].false) == ([0], [], [])


def test_min_score_is_where_f1_is_highest() -> None:
    truth = coco_of(entry(1, 0, 0, 5, 5), entry(1, 20, 0, 5, 5))
    right, also_right = entry(1, 0, 0, 5, 5, score=0.9), entry(1, 20, 0, 5, 5, score=0.4)
    wrong = [entry(1, 40, 0, 5, 5, score=0.3), entry(1, 60, 0, 5, 5, score=0.2)]
    assert best_min_score(truth, [right, also_right, *wrong]) == 0.4  # F1 = 1
    assert best_min_score(truth, [right, *wrong]) == 0.9  # F1 = 2 / 3
    assert best_min_score(truth, []) == best_min_score(truth, wrong) == 0.0


def test_min_score_does_not_part_equal_scores() -> None:
    truth = coco_of(entry(1, 0, 0, 5, 5))
    same = [entry(1, 0, 0, 5, 5, score=0.5), entry(1, 40, 0, 5, 5, score=0.5)]
    assert best_min_score(truth, same) == 0.5


@pytest.mark.parametrize(
    ("box", "expected"),
    [([2, 3, 2, 4], (0, 1, 7, 9)), ([0, 0, 7, 11], (0, 0, 7, 11)), ([6, 10, 1, 1], (5, 9, 7, 11))],
)
def test_window_is_square_as_far_as_the_picture_reaches(box: list[float], expected: tuple[int, ...]) -> None:
    assert window((7, 11), box, around=0.5) == expected
