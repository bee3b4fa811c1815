"""Statistics of a dataset small enough to count by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.coco import Coco, categories_of
from pipeline.statistics import brightness, statistics


@pytest.fixture
def coco(tmp_path: Path) -> Coco:
    """A white picture of 7x11 with two boxes and a black one of 20x10 without."""
    Image.new("RGB", (7, 11), "#ffffff").save(tmp_path / "white.png")
    Image.new("L", (20, 10), 0).save(tmp_path / "black.png")
    return Coco(
        images=[
            {"id": 5, "file_name": "white.png", "width": 7, "height": 11},
            {"id": 3, "file_name": "black.png", "width": 20, "height": 10},
        ],
        annotations=[
            {"id": 1, "image_id": 5, "category_id": 2, "bbox": [0, 0, 7, 5.5]},
            {"id": 2, "image_id": 5, "category_id": 2, "bbox": [1, 2, 2, 8]},
        ],
        categories=categories_of(["a", "b", "c"]),
    )


def test_counts(coco: Coco, tmp_path: Path) -> None:
    found = statistics(coco, tmp_path)
    assert found.boxes_per_image.tolist() == [2, 0]
    assert found.class_counts == {"a": 0, "b": 2, "c": 0}


def test_boxes(coco: Coco, tmp_path: Path) -> None:
    found = statistics(coco, tmp_path)
    assert found.size_px.tolist() == [[7, 5.5], [2, 8]]
    np.testing.assert_allclose(found.size_relative, [[1, 0.5], [2 / 7, 8 / 11]])
    np.testing.assert_allclose(found.centre_relative, [[0.5, 0.25], [2 / 7, 6 / 11]])
    np.testing.assert_allclose(found.aspect, [7 / 5.5, 0.25])


def test_brightness(coco: Coco, tmp_path: Path) -> None:
    np.testing.assert_allclose(statistics(coco, tmp_path).brightness, [1, 0])


@pytest.mark.parametrize(("colour", "expected"), [("#ff0000", 0.299), ("#00ff00", 0.587), ("#0000ff", 0.114)])
def test_brightness_weighs_colours_as_the_eye_does(colour: str, expected: float, tmp_path: Path) -> None:
    Image.new("RGB", (7, 11), colour).save(tmp_path / "plain.png")
    assert brightness(tmp_path / "plain.png") == pytest.approx(expected)


def test_no_boxes_and_no_images(coco: Coco, tmp_path: Path) -> None:
    empty = statistics(Coco(images=[], annotations=[], categories=coco["categories"]), tmp_path)
    assert empty.boxes_per_image.shape == empty.brightness.shape == (0,)
    assert empty.size_px.shape == empty.centre_relative.shape == (0, 2)
    assert empty.aspect.shape == (0,)
    assert empty.class_counts == {"a": 0, "b": 0, "c": 0}
