"""COCO files: stable bytes, and every claim checked against the pictures."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.coco import (
    Coco,
    categories_of,
    category_names,
    check_categories,
    names_of,
    read_coco,
    read_json,
    sha256_of,
    subset,
    write_json,
)
from pipeline.errors import InputError

GOOD: Any = {
    "images": [
        {"id": 5, "file_name": "a.png", "width": 7, "height": 11},
        {"id": 2, "file_name": "deep/b.png", "width": 7, "height": 11},
    ],
    "annotations": [
        {"id": 1, "image_id": 5, "category_id": 1, "bbox": [0, 0, 7, 11], "area": 77, "iscrowd": 0},
        {"id": 9, "image_id": 2, "category_id": 2, "bbox": [6, 10, 1, 1], "area": 1, "iscrowd": 0},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    for name, value in (("a.png", 0), ("deep/b.png", 9)):
        Image.fromarray(np.full((11, 7, 3), value, np.uint8)).save(folder / name)
    return folder


def read(coco: Any, images: Path) -> Any:
    path = images.parent / "train.json"
    path.write_text(json.dumps(coco), encoding="utf-8")
    return read_coco(path, images)


def broken(section: str, number: int, **values: Any) -> Any:
    coco = copy.deepcopy(GOOD)
    coco[section][number].update(values)
    return coco


def test_good_file_is_read_as_it_is(images: Path) -> None:
    assert read(GOOD, images) == GOOD


def test_images_without_annotations_are_kept(images: Path) -> None:
    assert len(read({**GOOD, "annotations": []}, images)["images"]) == 2


def test_empty_file_is_read(images: Path) -> None:
    empty: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    assert read(empty, images) == empty


def test_a_box_may_leave_the_image_by_the_rounding_of_other_tools(images: Path) -> None:
    assert read(broken("annotations", 0, bbox=[-0.4, 0, 7.8, 11.4]), images)


@pytest.mark.parametrize(
    ("coco", "message"),
    [
        (broken("images", 0, file_name="no.png"), "image 5: expected the picture .*no.png, found no file"),
        (broken("images", 0, width=11, height=7), r"image 5: .* \(7, 11\), found \(11, 7\)"),
        (broken("images", 0, id=2), "images: expected every id once, found 2 twice"),
        (broken("images", 1, id="2"), r"images\[1\]: expected 'id' of type int, found '2'"),
        (broken("images", 0, file_name=None), r"images\[0\]: expected 'file_name' of type str, found None"),
        (broken("annotations", 1, id=1), "annotations: expected every id once, found 1 twice"),
        (broken("annotations", 1, image_id=7), "annotation 9: expected the id of an image, found 7"),
        (broken("annotations", 1, category_id=0), r"expected a category id, found 0. Known: 1 \(cat\), 2 \(dog\)"),
        (broken("annotations", 1, bbox=[6, 10, 2, 1]), "annotation 9: expected a box inside of 7x11 px"),
        (broken("annotations", 1, bbox=[6, 10, 1, 2]), "annotation 9: expected a box inside of 7x11 px"),
        (broken("annotations", 1, bbox=[10, 6, 1, 1]), "annotation 9: expected a box inside of 7x11 px"),
        (broken("annotations", 0, bbox=[-1, 0, 2, 2]), "annotation 1: expected a box inside of 7x11 px"),
        (broken("annotations", 0, bbox=[1, 1, 0, 2]), "annotation 1: expected a box inside of 7x11 px"),
        (broken("annotations", 0, bbox=[1, float("nan"), 1, 2]), "annotation 1: expected a box inside"),
        (broken("annotations", 0, bbox=[1, 1, 2]), r"annotation 1: expected bbox \[x, y, w, h\]"),
        (broken("annotations", 0, bbox=["1", 1, 2, 2]), r"annotation 1: expected bbox \[x, y, w, h\]"),
        (broken("categories", 0, name=1), r"categories\[0\]: expected 'name' of type str, found 1"),
        ({**GOOD, "images": None}, "images: expected a list, found NoneType"),
        ({**GOOD, "images": [3]}, r"images\[0\]: expected 'id' of type int"),
        ([], "images: expected a list"),
    ],
)
def test_wrong_claims_are_named(coco: Any, message: str, images: Path) -> None:
    with pytest.raises(InputError, match="train.json: .*" + message):
        read(coco, images)


def test_a_file_that_is_no_picture_is_named(images: Path) -> None:
    (images / "a.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(InputError, match=r"image 5: .*a.png: expected a picture, found: something else"):
        read(GOOD, images)


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no.json: expected facts, found no file"):
        read_json(tmp_path / "no.json", "facts")
    (tmp_path / "cut.json").write_text('{"images": [', encoding="utf-8")
    with pytest.raises(InputError, match=r"cut.json: expected facts, found damaged JSON"):
        read_json(tmp_path / "cut.json", "facts")


def test_bytes_do_not_depend_on_the_order_of_keys(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "a.json", {"b": 1, "a": [1.5, None]})
    write_json(tmp_path / "new" / "b.json", {"a": [1.5, None], "b": 1})
    assert (tmp_path / "new" / "a.json").read_bytes() == b'{"a":[1.5,null],"b":1}\n'
    assert (tmp_path / "new" / "b.json").read_bytes() == b'{"a":[1.5,null],"b":1}\n'
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["a.json", "b.json"]


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [1])
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", [{1, 2}])
    assert read_json(tmp_path / "a.json", "a list") == [1]


def test_sha256_of_known_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # the first example of FIPS 180-2
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_categories_count_from_one_and_come_back_in_the_order_of_ids() -> None:
    categories = categories_of(["cat", "dog"])
    assert [(c["id"], c["name"]) for c in categories] == [(1, "cat"), (2, "dog")]
    backwards: Coco = {"images": [], "annotations": [], "categories": categories[::-1]}
    assert category_names(backwards) == ["cat", "dog"]
    assert names_of(backwards) == {1: "cat", 2: "dog"}


def test_subset_keeps_the_annotations_of_its_images_and_all_categories() -> None:
    part = subset(GOOD, GOOD["images"][1:])
    assert [i["id"] for i in part["images"]] == [2]
    assert [a["id"] for a in part["annotations"]] == [9]
    assert part["categories"] == GOOD["categories"]
    assert subset(GOOD, [])["annotations"] == []


def test_categories_must_be_those_of_the_scene(tmp_path: Path) -> None:
    check_categories(tmp_path / "c.json", GOOD, ["cat", "dog"])
    with pytest.raises(InputError, match=r"c.json: categories: 'cat' is not a category .*Did you mean 'cats'"):
        check_categories(tmp_path / "c.json", GOOD, ["cats", "dog"])
    with pytest.raises(InputError, match=r"expected \['dog', 'cat'\] in the scene's order, found \['cat', 'dog'\]"):
        check_categories(tmp_path / "c.json", GOOD, ["dog", "cat"])
    with pytest.raises(InputError, match=r"expected .*'owl'.* found"):
        check_categories(tmp_path / "c.json", GOOD, ["cat", "dog", "owl"])
