"""Metrics against values computed by hand and against pycocotools itself."""

import contextlib
import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pipeline.coco import Coco, categories_of, write_json
from pipeline.errors import InputError
from pipeline.metrics import (
    check_results,
    classifier_metrics,
    classifier_scorer,
    confusion,
    detector_metrics,
    detector_scorer,
    precision_recall,
    read_results,
    read_truth,
)

ONE = pytest.approx(1, abs=1e-12)  # pycocotools adds an epsilon to each denominator: perfect is 0.9999999999999998
HALF = pytest.approx(0.5, abs=1e-12)

Boxes = list[tuple[int, int, list[float]]]  # image_id, category_id, [x, y, w, h]


def truth_of(boxes: Boxes, images: int = 2, names: tuple[str, ...] = ("cat", "dog"), first_id: int = 1) -> Coco:
    """A truth of images of 7x11 px."""
    return {
        "images": [{"id": i, "file_name": f"{i}.png", "width": 7, "height": 11} for i in range(1, images + 1)],
        "annotations": [
            {"id": n, "image_id": i, "category_id": c, "bbox": b, "area": b[2] * b[3], "iscrowd": 0}
            for n, (i, c, b) in enumerate(boxes, start=first_id)
        ],
        "categories": categories_of(names),
    }


def results_of(boxes: Boxes, scores: list[float] | None = None) -> list[dict[str, Any]]:
    """One result for each box; scores fall unless given. `annotation_id` counts from 1, as in `truth_of`."""
    scores = scores or [0.9 - 0.01 * n for n in range(len(boxes))]
    return [
        {"image_id": i, "category_id": c, "bbox": b, "score": s, "annotation_id": n}
        for n, ((i, c, b), s) in enumerate(zip(boxes, scores, strict=True), start=1)
    ]


BOXES: Boxes = [(1, 1, [1, 2, 5, 8]), (2, 2, [0, 1, 3, 7])]


# --- Detector: by hand


def test_perfect_boxes_score_one() -> None:
    found = detector_metrics(truth_of(BOXES), results_of(BOXES))
    perfect = {"AP": ONE, "AP50": ONE}
    rest = {"AP75": ONE, "AR": ONE, "AP50_class_agnostic": ONE, "images": 2}
    assert found == {**perfect, **rest, "per_class": {"cat": perfect, "dog": perfect}}


def test_no_boxes_score_zero() -> None:
    found = detector_metrics(truth_of(BOXES), [])
    assert (found["AP"], found["AP50"], found["AP75"], found["AR"]) == (0, 0, 0, 0)
    assert found["per_class"]["dog"] == {"AP": 0, "AP50": 0}


@pytest.mark.parametrize(
    ("shift_xy", "iou_levels"),  # of .50:.05:.95 that the IoU of two 5x8 boxes reaches
    [((0, 0), 10), ((0, 1), 6), ((1, 0), 4), ((1, 1), 1), ((2, 0), 0), ((0, 3), 0)],  # 1, 7/9, 4/6, 28/52, 3/7, 5/11
)
def test_a_shifted_box_counts_up_to_its_iou(shift_xy: tuple[int, int], iou_levels: int) -> None:
    shifted: Boxes = [(1, 1, [1 + shift_xy[0], 2 + shift_xy[1], 5, 8])]
    found = detector_metrics(truth_of(BOXES[:1]), results_of(shifted))
    assert found["AP"] == pytest.approx(iou_levels / 10, abs=1e-12)
    assert found["AR"] == pytest.approx(iou_levels / 10, abs=1e-12)
    assert (found["AP50"], found["AP75"]) == pytest.approx((int(iou_levels > 0), int(iou_levels >= 6)), abs=1e-12)


def test_swapped_labels_score_zero() -> None:
    swapped: Boxes = [(i, 3 - c, b) for i, c, b in BOXES]
    found = detector_metrics(truth_of(BOXES), results_of(swapped))
    assert (found["AP"], found["AP50"], found["AR"]) == (0, 0, 0)
    assert found["AP50_class_agnostic"] == ONE


def test_a_box_with_several_names_is_one_box_where_names_do_not_count() -> None:
    twice = results_of([BOXES[0], (1, 2, BOXES[0][2]), BOXES[1]])  # both names lie above the second object's
    found = detector_metrics(truth_of(BOXES), twice)
    assert found["AP50_class_agnostic"] == ONE
    assert found["AP50"] == pytest.approx((1 + 1 / 2) / 2, abs=1e-12)  # the wrong dog is above the right one
    nearly = results_of([BOXES[0], (1, 2, [1, 2, 5, 8.5]), BOXES[1]])  # another box: hit, error, hit
    found = detector_metrics(truth_of(BOXES), nearly)
    assert found["AP50_class_agnostic"] == pytest.approx((51 + 50 * 2 / 3) / 101, abs=1e-12)


def test_a_duplicate_between_two_hits_costs_precision() -> None:
    boxes: Boxes = [(1, 1, [1, 2, 5, 8]), (2, 1, [0, 1, 3, 7])]
    duplicated = [boxes[0], boxes[0], boxes[1]]  # hit, error, hit: precision 1 up to recall 1/2, then 2/3
    by_hand = (51 * 1 + 50 * 2 / 3) / 101
    found = detector_metrics(truth_of(boxes), results_of(duplicated))
    assert found["AP50"] == pytest.approx(by_hand, abs=1e-12)
    assert found["AR"] == 1


def test_a_duplicate_after_the_last_hit_costs_nothing() -> None:
    found = detector_metrics(truth_of(BOXES), results_of([*BOXES, BOXES[0]]))
    assert found["AP"] == ONE


def test_a_class_without_objects_is_left_out_and_one_never_found_is_not() -> None:
    truth = truth_of(BOXES, names=("cat", "dog", "bird"))
    found = detector_metrics(truth, results_of([BOXES[0], (1, 3, [0, 0, 2, 2])]))
    assert found["per_class"] == {
        "cat": {"AP": ONE, "AP50": ONE},
        "dog": {"AP": 0, "AP50": 0},
        "bird": {"AP": None, "AP50": None},
    }
    assert found["AP"] == HALF


def test_a_truth_without_objects_has_no_metric() -> None:
    for results in ([], results_of(BOXES)):
        found = detector_metrics(truth_of([]), results)
        assert [found[k] for k in ("AP", "AP50", "AP75", "AR", "images")] == [None, None, None, None, 2]
        assert precision_recall(truth_of([]), results) == []


def test_an_error_on_an_image_without_objects_counts() -> None:
    wrong: Boxes = [(2, 1, [0, 0, 2, 3]), BOXES[0]]  # the error has the higher score
    found = detector_metrics(truth_of(BOXES[:1]), results_of(wrong))
    assert found["AP50"] == pytest.approx(0.5, abs=1e-12)


def test_an_object_with_the_id_zero_can_be_found() -> None:
    assert detector_metrics(truth_of(BOXES, first_id=0), results_of(BOXES))["AP"] == ONE


def test_arguments_stay_as_they_are() -> None:
    truth, results = truth_of(BOXES), results_of(BOXES)
    before = copy.deepcopy((truth, results))
    detector_metrics(truth, results)
    detector_scorer(truth, results)
    assert (truth, results) == before


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    detector_metrics(truth_of(BOXES), results_of(BOXES))
    assert capsys.readouterr().out == ""


def test_precision_recall_is_the_mean_over_classes() -> None:
    boxes: Boxes = [(1, 1, [1, 2, 5, 8]), (2, 1, [0, 1, 3, 7]), (1, 2, [0, 0, 2, 3])]
    curve = precision_recall(truth_of(boxes), results_of([boxes[0], boxes[2]]))  # cat: one of two found
    assert len(curve) == 101
    assert curve[0] == pytest.approx((0, 1), abs=1e-12)
    assert curve[50] == pytest.approx((0.5, 1), abs=1e-12)
    assert curve[51] == pytest.approx((0.51, 0.5), abs=1e-12)
    assert curve[100] == pytest.approx((1, 0.5), abs=1e-12)


# --- Detector: against pycocotools, and resampled


def random_boxes(rng: np.random.Generator, images: int = 12, classes: int = 4) -> tuple[Coco, list[dict[str, Any]]]:
    """Images with up to 5 objects, some of them crowds; jittered, mislabelled, missing and spurious boxes."""
    boxes, found = [], []
    for image_id in range(1, images + 1):
        for _ in range(rng.integers(0, 6)):
            box_xywh = [*rng.uniform(0, 60, 2), *rng.uniform(8, 30, 2)]
            category_id = int(rng.integers(1, classes + 1))
            boxes.append((image_id, category_id, box_xywh))
            if rng.random() < 0.8:
                label = category_id if rng.random() < 0.9 else int(rng.integers(1, classes + 1))
                found.append((image_id, label, (np.array(box_xywh) + rng.normal(0, 1.5, 4)).tolist()))
        for _ in range(rng.integers(0, 4)):
            found.append((image_id, int(rng.integers(1, classes + 1)), [*rng.uniform(0, 60, 2), 9.0, 12.0]))
    truth = truth_of(boxes, images, tuple("abcdefgh"[: classes + 1]))  # the last class has no objects
    for annotation in truth["annotations"]:
        annotation["iscrowd"] = int(rng.random() < 0.1)
    return truth, results_of(found, rng.permutation(len(found) * 3)[: len(found)].astype(float).tolist())


def by_pycocotools(truth: Coco, results: list[dict[str, Any]]) -> dict[str, float]:
    """The twelve figures as anyone would compute them; those that we use."""
    coco = COCO()
    coco.dataset = copy.deepcopy(dict(truth))
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(copy.deepcopy(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        agnostic = COCOeval(coco, coco.loadRes(copy.deepcopy(results)), "bbox")
        agnostic.params.useCats = 0
        agnostic.evaluate()
        agnostic.accumulate()
        agnostic.summarize()
    return {
        "AP": evaluation.stats[0],
        "AP50": evaluation.stats[1],
        "AP75": evaluation.stats[2],
        "AR": evaluation.stats[8],
        "AP50_class_agnostic": agnostic.stats[1],
    }


@pytest.mark.parametrize("seed", range(8))
def test_random_boxes_score_as_with_pycocotools(seed: int) -> None:
    truth, results = random_boxes(np.random.default_rng(seed))
    expected = by_pycocotools(truth, results)
    assert 0.1 < expected["AP"] < 0.9
    found = detector_metrics(truth, results)
    assert {k: found[k] for k in expected} == pytest.approx(expected, abs=1e-12)
    all_once = detector_scorer(truth, results)(np.ones((1, 12), dtype=np.int64))
    assert {k: v[0] for k, v in all_once.items()} == pytest.approx({k: expected[k] for k in all_once}, abs=1e-12)


def test_equal_scores_count_as_with_pycocotools() -> None:
    truth, results = random_boxes(np.random.default_rng(20), images=30)
    for result in results:
        result["score"] = result["score"] // 20  # many boxes share one
    assert len({r["score"] for r in results}) < len(results) / 2
    all_once = detector_scorer(truth, results)(np.ones((1, 30), dtype=np.int64))
    assert all_once["AP"][0] == pytest.approx(by_pycocotools(truth, results)["AP"], abs=1e-12)


def resampled(truth: Coco, results: list[dict[str, Any]], counts: list[int]) -> tuple[Coco, list[dict[str, Any]]]:
    """A dataset that really holds image n + 1 `counts[n]` times."""
    copies = [n + 1 for n, count in enumerate(counts) for _ in range(count)]
    entries: list[list[dict[str, Any]]] = [
        [{**e, "image_id": new} for new, old in enumerate(copies, start=1) for e in entries if e["image_id"] == old]
        for entries in (truth["annotations"], results)
    ]
    annotations = [{**a, "id": n} for n, a in enumerate(entries[0], start=1)]
    images = [{"id": n, "width": 7, "height": 11} for n in range(1, len(copies) + 1)]
    return {"images": images, "annotations": annotations, "categories": truth["categories"]}, entries[1]


@pytest.mark.parametrize("seed", range(4))
def test_a_resample_scores_as_a_dataset_that_repeats_its_images(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    truth, results = random_boxes(rng)
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=6)
    found = detector_scorer(truth, results)(counts)
    assert set(found) == {"AP", "AP50", "AP50_class_agnostic"}
    for n, row in enumerate(counts.tolist()):
        expected = by_pycocotools(*resampled(truth, results, row))
        assert {k: v[n] for k, v in found.items()} == pytest.approx({k: expected[k] for k in found}, abs=1e-12)


def test_a_class_absent_from_a_resample_is_left_out_of_its_mean() -> None:
    score = detector_scorer(truth_of(BOXES), results_of(BOXES[:1]))  # cat on image 1 found, dog on image 2 missed
    assert score(np.array([[1, 1], [2, 0], [0, 2]]))["AP"].tolist() == [HALF, ONE, 0]


def test_a_scorer_without_results_scores_zero() -> None:
    assert detector_scorer(truth_of(BOXES), [])(np.array([[1, 1], [2, 0]]))["AP50"].tolist() == [0, 0]


def test_resamples_in_blocks_score_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, results = random_boxes(np.random.default_rng(3))
    counts = np.random.default_rng(4).multinomial(12, np.full(12, 1 / 12), size=9)
    whole = detector_scorer(truth, results)(counts)
    monkeypatch.setattr("pipeline.metrics.resample.CELLS", 20)
    assert detector_scorer(truth, results)(counts)["AP"].tolist() == whole["AP"].tolist()


# --- Classifier

THREE: Boxes = [(1, 1, [1, 2, 5, 8]), (1, 2, [0, 1, 3, 7]), (2, 2, [2, 3, 4, 5])]


def labelled(labels: list[int]) -> list[dict[str, Any]]:
    """Results that give the three objects these categories."""
    return results_of([(i, label, b) for (i, _, b), label in zip(THREE, labels, strict=True)])


@pytest.mark.parametrize(
    ("labels", "accuracy", "cat", "dog"), [([1, 2, 2], 1, 1, 1), ([2, 1, 1], 0, 0, 0), ([1, 1, 2], 2 / 3, 1, 1 / 2)]
)
def test_accuracy(labels: list[int], accuracy: float, cat: float, dog: float) -> None:
    found = classifier_metrics(truth_of(THREE), labelled(labels))
    assert found == {"accuracy": accuracy, "images": 2, "per_class": {"cat": cat, "dog": dog}}


def test_accuracy_of_nothing_is_none() -> None:
    truth = truth_of(THREE, names=("cat", "dog", "bird"))
    assert classifier_metrics(truth, labelled([1, 2, 2]))["per_class"]["bird"] is None
    assert classifier_metrics(truth_of([]), [])["accuracy"] is None


def test_confusion_follows_the_annotations_not_the_results() -> None:
    results = labelled([1, 1, 2])
    expected = [("cat", "cat"), ("dog", "cat"), ("dog", "dog")]
    assert confusion(truth_of(THREE), results) == expected
    assert confusion(truth_of(THREE), results[::-1]) == expected


def test_accuracy_over_resamples_is_a_ratio_of_sums() -> None:
    score = classifier_scorer(truth_of(THREE, images=3), labelled([1, 1, 2]))  # 1 of 2, 1 of 1, none of none
    counts = np.array([[1, 1, 1], [2, 1, 0], [0, 3, 0], [0, 0, 3]])
    assert score(counts)["accuracy"] == pytest.approx([2 / 3, 3 / 5, 1, np.nan], nan_ok=True)


def test_counts_follow_ascending_image_ids_not_the_file() -> None:
    truth = truth_of(BOXES)  # cat on image 1, dog on image 2
    truth["images"].reverse()
    counts = np.array([[2, 0], [0, 2]])
    only_first_right = results_of([BOXES[0], (2, 1, BOXES[1][2])])
    assert classifier_scorer(truth, only_first_right)(counts)["accuracy"].tolist() == [1, 0]
    assert detector_scorer(truth, only_first_right)(counts)["AP"].tolist() == [ONE, 0]


# --- Files


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 9}, "entry 1: image_id: expected an id of the annotations, found 9"),
        ({"category_id": 0}, "entry 1: category_id: expected an id of the annotations, found 0"),
        ({"score": float("nan")}, "entry 1: score: expected 1 finite"),
        ({"bbox": [0, 1, 2]}, "entry 1: bbox: expected 4 finite"),
        ({"bbox": None}, "entry 1: bbox: expected 4 finite"),
        ({"annotation_id": 1}, "annotation 1: expected one entry, found 2"),
    ],
)
def test_wrong_results_are_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "real_test.json"
    results = results_of(BOXES)
    write_json(path, results)
    assert read_results(path, truth_of(BOXES), per_object=True) == results
    write_json(path, [results[0], {**results[1], **change}])
    with pytest.raises(InputError, match=message) as error:
        read_results(path, truth_of(BOXES), per_object=True)
    assert str(path) in str(error.value)


def test_a_missing_entry_concerns_classifiers_only() -> None:
    path, results = Path("results.json"), results_of(BOXES[:1])
    check_results(path, results, truth_of(BOXES), per_object=False)
    with pytest.raises(InputError, match="annotation 2: expected one entry, found 0"):
        check_results(path, results, truth_of(BOXES), per_object=True)


@pytest.mark.parametrize("value", [{}, [1], "text"])
def test_a_file_that_is_no_list_of_results_is_named(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "r.json", value)
    with pytest.raises(InputError, match=r"r\.json: expected a list of COCO results"):
        read_results(tmp_path / "r.json", truth_of(BOXES), per_object=False)


def test_a_truth_without_objects_or_sections_is_named(tmp_path: Path) -> None:
    path = tmp_path / "test.json"
    write_json(path, truth_of(BOXES))
    assert read_truth(path) == truth_of(BOXES)
    write_json(path, truth_of([]))
    with pytest.raises(InputError, match=r"test\.json: annotations: expected at least one object"):
        read_truth(path)
    write_json(path, {"images": []})
    with pytest.raises(InputError, match=r"test\.json: annotations: expected a list"):
        read_truth(path)
