"""IoU, Dice and pixel accuracy by hand, on pictures of 7x11 px, and over resamples of images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.class_maps import IGNORED, results_of
from pipeline.coco import Coco, categories_of, write_json
from pipeline.errors import InputError
from pipeline.metrics import read_results, segmenter_metrics, segmenter_scorer
from pipeline.metrics.segmenter import pixel_confusion

ROWS, COLUMNS = 11, 7


def painted(*parts: tuple[int, int, int]) -> Any:
    """A map with (class, first row, last row) over all columns."""
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    for value, first, last in parts:
        pixels[first : last + 1] = value
    return pixels


def truth_of(*maps: Any) -> Coco:
    """Images with ids 4, 3, ..., as files need not be in order; one annotation for each class that is seen."""
    ids = [len(maps) + 2 - n for n in range(len(maps))]
    entries = [entry for i, pixels in zip(ids, maps, strict=True) for entry in results_of(i, pixels)]
    crowds = [(i, m) for i, m in zip(ids, maps, strict=True) if (m == IGNORED).any()]
    entries += [{**results_of(i, (m == IGNORED).astype(np.uint8))[0], "iscrowd": 1} for i, m in crowds]
    return {
        "images": [{"id": i, "width": COLUMNS, "height": ROWS} for i in ids],
        "annotations": [{"id": n, "bbox": [0, 0, 1, 1], **e} for n, e in enumerate(entries, start=1)],
        "categories": categories_of(["cat", "dog", "cow"]),
    }


def results_on(truth: Coco, *maps: Any) -> list[dict[str, Any]]:
    return [entry for i, pixels in zip(truth["images"], maps, strict=True) for entry in results_of(i["id"], pixels)]


def test_confusion_by_hand() -> None:
    actual = np.array([[0, 1, 1], [2, IGNORED, 0]], np.uint8)
    predicted = np.array([[0, 1, 2], [2, 1, 1]], np.uint8)
    assert pixel_confusion(actual, predicted, 3).tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_figures_by_hand() -> None:
    """Rows of 7 px: cat 4 true, 6 predicted, 3 in common; dog 2, 1, 1; background 5, 4, 3; no cow."""
    truth = truth_of(painted((1, 1, 4), (2, 5, 6)))
    found = segmenter_metrics(truth, results_on(truth, painted((1, 2, 4), (1, 6, 8), (2, 5, 5))))
    iou = {"background": 3 / 6, "cat": 3 / 7, "dog": 1 / 2}
    dice = {"cat": 6 / 10, "dog": 2 / 3}
    assert found["mIoU"] == pytest.approx(sum(iou.values()) / 3)
    assert found["Dice"] == pytest.approx(sum(dice.values()) / 2)
    assert found["pixel_accuracy"] == pytest.approx(7 / 11)
    assert found["images"] == 1
    assert {n: of["IoU"] for n, of in found["per_class"].items()} == pytest.approx({**iou, "cow": None})
    assert found["per_class"]["cow"] == {"IoU": None, "Dice": None}


def test_a_class_that_is_not_there_costs_where_it_is_seen() -> None:
    """A false cow has no IoU of its own: it lacks in background's, 10 of 11 rows."""
    truth = truth_of(painted())
    found = segmenter_metrics(truth, results_on(truth, painted((3, 0, 0))))
    assert found["mIoU"] == pytest.approx(10 / 11) and found["Dice"] is None


def test_pixels_are_summed_over_images_before_the_ratio() -> None:
    """A mean over images would be (1 + 1/3) / 2 for the cat."""
    truth = truth_of(painted((1, 0, 8)), painted((1, 0, 2)))
    found = segmenter_metrics(truth, results_on(truth, painted((1, 0, 8)), painted((1, 0, 0))))
    assert found["per_class"]["cat"]["IoU"] == pytest.approx(10 / 12)


def test_a_crowd_counts_nowhere() -> None:
    truth = truth_of(painted((1, 0, 1), (IGNORED, 2, 10)))
    found = segmenter_metrics(truth, results_on(truth, painted((1, 0, 1), (2, 5, 7))))
    assert (found["mIoU"], found["Dice"], found["pixel_accuracy"]) == (1, 1, 1)
    assert found["per_class"]["background"]["IoU"] is None


def test_nothing_predicted_and_no_image() -> None:
    truth = truth_of(painted((1, 0, 0)))
    assert segmenter_metrics(truth, [])["mIoU"] == pytest.approx((10 / 11 + 0) / 2)
    nothing = segmenter_metrics({**truth, "images": [], "annotations": []}, [])
    assert (nothing["mIoU"], nothing["Dice"], nothing["pixel_accuracy"]) == (None, None, None)


def test_resamples_are_data_sets_with_images_drawn_again() -> None:
    """Counts are by ascending id: here 3 is the second image of the file."""
    rng = np.random.default_rng(0)
    maps = [rng.integers(0, 3, (ROWS, COLUMNS)).astype(np.uint8) for _ in range(2)]
    guesses = [
        np.where(rng.random((ROWS, COLUMNS)) < p, m, 1).astype(np.uint8) for p, m in zip((0.9, 0.2), maps, strict=True)
    ]
    truth = truth_of(*maps)
    scored = segmenter_scorer(truth, results_on(truth, *guesses))(np.array([[1, 1], [2, 0], [1, 2]]))
    drawn = [(0, 1), (1, 1), (1, 0, 0)]
    for n, places in enumerate(drawn):
        again = truth_of(*(maps[p] for p in places))
        expected = segmenter_metrics(again, results_on(again, *(guesses[p] for p in places)))
        assert {k: v[n] for k, v in scored.items()} == pytest.approx({k: expected[k] for k in scored})


def test_a_resample_without_any_category_has_no_dice() -> None:
    truth = truth_of(painted((1, 0, 3)), painted())
    scored = segmenter_scorer(truth, [])(np.array([[2, 0], [0, 2]]))
    assert np.isnan(scored["Dice"]).tolist() == [True, False]
    assert scored["mIoU"].tolist() == pytest.approx([1, 7 / 22])


def test_a_result_of_another_size_is_named(tmp_path: Path) -> None:
    truth = truth_of(painted((1, 0, 0)))
    turned = results_of(3, np.ones((COLUMNS, ROWS), np.uint8))
    write_json(tmp_path / "val.json", turned)
    with pytest.raises(InputError, match=r"val\.json: entry 0: segmentation: expected run lengths of size \[11, 7\]"):
        read_results(tmp_path / "val.json", truth, per_object=False, masks=True)
    write_json(tmp_path / "val.json", results_on(truth, painted((1, 0, 0))))
    assert len(read_results(tmp_path / "val.json", truth, per_object=False, masks=True)) == 1
