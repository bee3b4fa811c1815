"""Class maps by hand: painted from masks of every kind, written as results, and what has no mask."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.class_maps import IGNORED, check_mask, check_masks, class_map, results_of
from pipeline.class_overlay import draw_map, voc_colours
from pipeline.coco import Coco, categories_of
from pipeline.errors import InputError
from pipeline.masks import decode, encode

SIZE_HW = (11, 7)


def annotation(category_id: int, rows: slice, columns: slice, **more: Any) -> dict[str, Any]:
    mask = np.zeros(SIZE_HW, bool)
    mask[rows, columns] = True
    return {"id": 5, "image_id": 1, "category_id": category_id, "segmentation": encode(mask), **more}


def test_a_mask_and_back() -> None:
    mask = np.random.default_rng(0).random(SIZE_HW) < 0.5
    assert np.array_equal(decode(encode(mask), SIZE_HW), mask)


def test_of_two_masks_the_smaller_is_seen_whatever_their_order() -> None:
    large, small = annotation(1, slice(2, 8), slice(1, 6)), annotation(2, slice(3, 5), slice(0, 3))
    expected = np.zeros(SIZE_HW, np.uint8)
    expected[2:8, 1:6] = 1
    expected[3:5, 0:3] = 2
    assert np.array_equal(class_map([large, small], SIZE_HW), expected)
    assert np.array_equal(class_map([small, large], SIZE_HW), expected)


def test_a_crowd_is_ignored_but_where_an_object_is() -> None:
    crowd, dog = annotation(1, slice(0, 4), slice(0, 3), iscrowd=1), annotation(2, slice(0, 11), slice(0, 2))
    found = class_map([dog, crowd], SIZE_HW)
    assert (found[:, :2] == 2).all() and (found[:4, 2] == IGNORED).all() and (found[4:, 2:] == 0).all()


def test_polygons_and_run_lengths_of_other_tools() -> None:
    """A rectangle of 4x3 px from (2, 1) on: its corners lie on the borders of pixels; and its runs by column."""
    polygon = [[2, 1, 6, 1, 6, 4, 2, 4]]
    runs = {"size": [11, 7], "counts": [2 * 11 + 1, 3, 8, 3, 8, 3, 8, 3, 7 + 11]}
    expected = np.zeros(SIZE_HW, bool)
    expected[1:4, 2:6] = True
    assert np.array_equal(decode(polygon, SIZE_HW), expected)
    assert np.array_equal(decode(runs, SIZE_HW), expected)


def test_a_picture_without_objects() -> None:
    assert not class_map([], SIZE_HW).any()
    assert results_of(3, class_map([], SIZE_HW)) == []


def test_results_give_the_map_again() -> None:
    pixels = np.random.default_rng(1).integers(0, 4, SIZE_HW).astype(np.uint8)
    pixels[pixels == 2] = 0
    results = results_of(9, pixels)
    assert [(r["image_id"], r["category_id"], r["score"]) for r in results] == [(9, 1, 1.0), (9, 3, 1.0)]
    assert np.array_equal(class_map(results, SIZE_HW), pixels)


def test_what_is_ignored_is_no_result() -> None:
    assert results_of(1, np.full(SIZE_HW, IGNORED, np.uint8)) == []


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        (None, "expected a mask, found none"),
        ([], "expected a mask, found none"),
        ({"size": [7, 11], "counts": "a"}, r"expected run lengths of size \[11, 7\] with counts, found size \[7, 11\]"),
        ({"size": [11, 7]}, "with counts"),
        ([[1, 2, 3, 4]], "three points or more"),
        ("abc", "three points or more"),
    ],
)
def test_a_mask_that_does_not_fit(segmentation: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"file: annotation 1: segmentation: .*{message}"):
        check_mask("file: annotation 1", segmentation, SIZE_HW)


def coco(*annotations: dict[str, Any], categories: int = 2) -> Coco:
    image = {"id": 1, "height": SIZE_HW[0], "width": SIZE_HW[1]}
    names = [str(n) for n in range(categories)]
    return {"images": [image], "annotations": list(annotations), "categories": categories_of(names)}


def test_boxes_alone_are_named_in_one_line() -> None:
    boxes = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}
    with pytest.raises(InputError, match=r"test\.json: .*found boxes alone: leave segmenter out of tasks\."):
        check_masks(Path("test.json"), coco(boxes))
    with pytest.raises(InputError, match=r"test\.json: annotation 1: segmentation: expected a mask, found none"):
        check_masks(Path("test.json"), coco(annotation(1, slice(1), slice(1)), boxes))
    check_masks(Path("test.json"), coco())


def test_more_categories_than_a_map_can_hold() -> None:
    with pytest.raises(InputError, match="expected fewer than 255 for a segmenter, found 255"):
        check_masks(Path("train.json"), coco(categories=255))
    check_masks(Path("train.json"), coco(categories=254))


def test_colours_are_those_of_pascal_voc() -> None:
    """Of its development kit: background, aeroplane, bicycle, bird, boat, ..., tv monitor, void."""
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128), 20: (0, 64, 128)}
    assert {n: tuple(voc_colours()[n].tolist()) for n in known} == known
    assert voc_colours()[255].tolist() == [224, 224, 192]


def test_a_map_on_its_picture() -> None:
    """6/10 of the colour of the class, names below; background and what is ignored stay as they are."""
    pixels = np.zeros(SIZE_HW, np.uint8)
    pixels[:, 3], pixels[:, 4] = 1, IGNORED
    drawn = np.asarray(draw_map(np.full((*SIZE_HW, 3), 100, np.uint8), pixels, {1: "dog"}, 10))
    assert drawn.shape[0] > 110 and drawn.shape[1] == 70
    assert drawn[5, 35].tolist() == [117, 40, 40]
    assert drawn[5, 5].tolist() == drawn[5, 45].tolist() == [100, 100, 100]
    empty = draw_map(np.full((*SIZE_HW, 3), 100, np.uint8), np.zeros(SIZE_HW, np.uint8), {1: "dog"})
    assert empty.size == (7, 11)
