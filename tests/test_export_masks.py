"""Export of masks as pictures: ids by hand in pictures of 7x11 px, of run lengths, polygons, crowds and overlaps."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from tiny import call

from pipeline.coco import sha256_of, write_json
from pipeline.errors import InputError
from pipeline.export import __main__ as export

WIDTH, HEIGHT = 7, 11
NAMES = {200: "dog", 3: "cat"}  # with gaps, the higher first


def rectangle(x: int, y: int, w: int, h: int) -> npt.NDArray[np.bool_]:
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[y : y + h, x : x + w] = True
    return pixels


def rle(pixels: npt.NDArray[np.bool_]) -> dict[str, Any]:
    encoded = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {**encoded, "counts": encoded["counts"].decode()}


SMALL, LARGE, CROWD = rectangle(2, 3, 2, 2), rectangle(1, 2, 5, 6), rectangle(0, 9, 7, 2)
PARTS = rectangle(0, 0, 1, 4) | rectangle(5, 8, 2, 3)  # two pieces, both at the border
POLYGON = [[1.0, 2.0, 3.0, 2.0, 3.0, 8.0, 1.0, 8.0]]  # columns 1 and 2, rows 2 to 7


def annotation(number: int, image_id: int, category_id: int, segmentation: Any, **fields: Any) -> dict[str, Any]:
    ids = {"id": number, "image_id": image_id, "category_id": category_id, "iscrowd": 0}
    return {**ids, "bbox": [0, 0, WIDTH, HEIGHT], "area": 1, "segmentation": segmentation, **fields}


OBJECTS = [
    annotation(70_000, 1, 200, rle(SMALL)),  # lies over the next, which is larger
    annotation(12, 1, 3, rle(LARGE)),
    annotation(13, 1, 3, rle(CROWD), iscrowd=1),
    annotation(14, 3, 200, rle(PARTS)),
    annotation(15, 4, 3, POLYGON),
]


def write_coco(data: Path, **changes: Any) -> Path:
    """Four images; the second is empty."""
    images = []
    for n in range(1, 5):
        path = data / f"{n}" / "rgb.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT), (n, 0, 0)).save(path)
        facts = {"width": WIDTH, "height": HEIGHT, "sha256": sha256_of(path)}
        images.append({"id": n, "file_name": f"{n}/rgb.png", **facts})
    categories = [{"id": n, "name": name} for n, name in NAMES.items()]
    write_json(data / "train.json", {"images": images, "annotations": OBJECTS, "categories": categories, **changes})
    return data


def run_export(data: Path) -> Path:
    out = data.parent / "masks"
    call(export.main, "--to", "masks", "--coco", data / "train.json", "--images", data, "--out", out)
    return out


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_coco(tmp_path / "data")


def pixels_of(path: Path, mode: str) -> npt.NDArray[Any]:
    picture = Image.open(path)
    assert picture.mode == mode
    return np.asarray(picture)


def test_files_are_named_as_in_the_other_exports(data: Path) -> None:
    out = run_export(data)
    names = [f"train/train_00000{n}.png" for n in range(1, 5)]
    expected = [f"{kind}/{name}" for kind in ("images", "instances", "semantic") for name in names]
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert found == {*expected, "categories.json", "instances/train.json"}
    assert (out / "images/train/train_000002.png").samefile(data / "2" / "rgb.png")


def test_ids_by_hand(data: Path) -> None:
    out = run_export(data)
    expected = {
        1: [(LARGE, 2, 3), (SMALL, 1, 200)],  # the crowd is no object
        2: [],
        3: [(PARTS, 1, 200)],
        4: [(rectangle(1, 2, 2, 6), 1, 3)],
    }
    for n, objects in expected.items():
        instances, semantic = np.zeros((HEIGHT, WIDTH), int), np.zeros((HEIGHT, WIDTH), int)
        for mask, number, category in objects:
            instances[mask], semantic[mask] = number, category
        found = pixels_of(out / f"instances/train/train_00000{n}.png", "I;16")
        np.testing.assert_array_equal(found, instances)
        np.testing.assert_array_equal(pixels_of(out / f"semantic/train/train_00000{n}.png", "L"), semantic)


def test_numbers_lead_to_annotations_and_names(data: Path) -> None:
    out = run_export(data)
    assert json.loads((out / "categories.json").read_text()) == {"3": "cat", "200": "dog"}
    assert json.loads((out / "instances/train.json").read_text()) == {
        "train_000001": [70_000, 12],
        "train_000002": [],
        "train_000003": [14],
        "train_000004": [15],
    }


@pytest.mark.parametrize("category_id", [0, 256])
def test_ids_that_do_not_fit(category_id: int, data: Path) -> None:
    write_coco(data, annotations=[], categories=[{"id": category_id, "name": "cat"}])
    with pytest.raises(InputError, match=f"train.json: categories: expected ids from 1 to 255, found {category_id}"):
        run_export(data)


def test_annotations_without_a_mask(data: Path) -> None:
    write_coco(data, annotations=[*OBJECTS, annotation(16, 2, 3, None)])
    with pytest.raises(InputError, match=r"train.json: annotation 16: expected 'segmentation', found none"):
        run_export(data)
    assert [p.name for p in data.parent.iterdir()] == ["data"]


def test_same_inputs_give_the_same_bytes(data: Path) -> None:
    first = {p.name: p.read_bytes() for p in run_export(data).rglob("*.*")}
    (data.parent / "masks").rename(data.parent / "first")
    assert {p.name: p.read_bytes() for p in run_export(data).rglob("*.*")} == first
