"""One scan of an id picture against pycocotools on one full-size mask after the other."""

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from pipeline.masks import scan


def check_against_pycocotools(ids: Any) -> None:
    regions = scan(ids)
    assert set(regions) == set(np.unique(ids).tolist()) - {0}
    for number, region in regions.items():
        rle = coco_mask.encode(np.asfortranarray(ids == number, np.uint8))
        found = region.rle()
        assert found == {"size": list(ids.shape), "counts": rle["counts"].decode()}
        assert region.area_px == coco_mask.area(rle)
        assert list(region.box_xywh) == coco_mask.toBbox(rle).tolist()
        np.testing.assert_array_equal(coco_mask.decode(found), ids == number)


@pytest.mark.parametrize("shape", [(11, 7), (7, 11), (1, 9), (9, 1), (1, 1), (30, 40)])
@pytest.mark.parametrize("present", [1, 3, 40])
def test_random_ids(shape: tuple[int, int], present: int) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        check_against_pycocotools(rng.integers(0, present + 1, shape).astype(np.uint16))


def test_random_rectangles_over_each_other() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        ids = np.zeros((30, 40), np.uint16)
        for number in range(1, 12):
            x, y = rng.integers(0, (40, 30))
            ids[y : y + rng.integers(1, 20), x : x + rng.integers(1, 20)] = number * 500
        check_against_pycocotools(ids)


@pytest.mark.parametrize("number", [1, 256, 65_535])
def test_full_picture_and_single_pixels(number: int) -> None:
    check_against_pycocotools(np.full((11, 7), number, np.uint16))
    for y, x in np.ndindex(11, 7):
        ids = np.zeros((11, 7), np.uint16)
        ids[y, x] = number
        check_against_pycocotools(ids)
        assert scan(ids)[number].box_xywh == (x, y, 1, 1)


def test_run_on_from_the_foot_of_a_column_to_the_head_of_the_next() -> None:
    """Two pixels that follow on each other in column-major order; their box has the full height."""
    ids = np.zeros((11, 7), np.uint16)
    ids[10, 2] = ids[0, 3] = 5
    check_against_pycocotools(ids)
    assert scan(ids)[5].box_xywh == (2, 0, 2, 11)


def test_empty() -> None:
    assert scan(np.zeros((11, 7), np.uint16)) == {}
    assert scan(np.zeros((0, 7), np.uint16)) == {}
