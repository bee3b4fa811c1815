"""Copies of one photo, and which photos go to train and which to test."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled import (
    BOXES,
    WRITERS,
    boxes_of,
    coco_of,
    picture,
    refused,
    run_import,
    sides_of,
    write_files,
    write_photos,
    write_yolo,
)
from PIL import Image

from pipeline.benchmarks.importing.duplicates import groups_of, look_at
from pipeline.benchmarks.importing.split import as_found, by_chance
from pipeline.errors import InputError


def photo_like(n: int) -> Any:
    """A photo of soft blobs [90, 120, 3], as real ones: small pictures of it still show it."""
    coarse = np.random.default_rng(n).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((120, 90), Image.Resampling.BICUBIC))


def copies_of(rgb: Any) -> list[Any]:
    """Saved anew, scaled, and brighter."""
    picture, buffer = Image.fromarray(rgb), io.BytesIO()
    picture.save(buffer, "JPEG", quality=40)
    brighter = np.clip(rgb * 1.05, 0, 255).astype(np.uint8)
    return [np.asarray(Image.open(buffer)), np.asarray(picture.resize((61, 47))), brighter]


def test_copies_are_found_and_others_are_not() -> None:
    first, second = photo_like(1), photo_like(2)
    moved = first.copy()
    moved[30:60, 40:70] = 255 - moved[30:60, 40:70]  # something else lies there
    pictures = [first, second, *copies_of(first), moved, *copies_of(second)]
    assert groups_of([look_at(p) for p in pictures]) == [[0, 2, 3, 4], [1, 6, 7, 8], [5]]


def test_looks_of_pictures_of_other_shapes_differ() -> None:
    """The same bytes in rows of another length."""
    assert look_at(np.zeros((7, 11, 3), np.uint8)).pixels != look_at(np.zeros((11, 7, 3), np.uint8)).pixels


def hashes(count: int) -> list[str]:
    return [look_at(picture(n)).pixels for n in range(count)]


def test_a_split_by_chance_has_the_wanted_part_and_no_group_on_both_sides() -> None:
    groups = [[0, 1, 2], *([n] for n in range(3, 17)), [17, 18, 19]]
    sides = by_chance(groups, hashes(20), 0.7, seed=0)
    assert sorted(sides["train"] + sides["test"]) == list(range(20))
    assert len(sides["test"]) == 6
    assert all(set(group) <= set(sides["train"]) or set(group) <= set(sides["test"]) for group in groups)


def test_the_seed_and_the_pixels_decide_and_nothing_else() -> None:
    alone, known = [[n] for n in range(20)], hashes(20)
    first = by_chance(alone, known, 0.7, seed=0)
    assert by_chance(alone, known, 0.7, seed=1) != first
    backwards = by_chance(alone, known[::-1], 0.7, seed=0)
    assert {side: [19 - n for n in places] for side, places in backwards.items()} == first
    more = by_chance([[n] for n in range(21)], hashes(21), 0.7, seed=0)
    assert len(set(more["test"]) ^ set(first["test"])) <= 2  # one more photo moves few


@pytest.mark.parametrize(
    ("count", "part", "test"), [(3, 0.7, 1), (3, 0.1, 1), (10, 0.99, 1), (10, 0.01, 8), (9, 0.5, 4)]
)
def test_both_sides_get_something(count: int, part: float, test: int) -> None:
    assert len(by_chance([[n] for n in range(count)], hashes(count), part, 0)["test"]) == test


@pytest.mark.parametrize("groups", [[[0], [1]], [[0, 1, 2]]])
def test_too_few_different_photos(groups: list[list[int]]) -> None:
    with pytest.raises(
        InputError, match=r"(train|test): expected at least .* photos that are not copies of one another"
    ):
        by_chance(groups, hashes(3), 0.7, 0)


def test_a_group_on_both_sides_of_the_source_goes_to_train() -> None:
    splits = ["train", "test", "test", "val", None]
    sides = as_found([[0, 1], [2], [3], [4]], splits, hashes(5))
    assert (sorted(sides["train"]), sides["test"]) == ([0, 1, 3, 4], [2])
    assert as_found([[0], [1], [2]], ["train", "train", "val"], hashes(3))["test"] == [2]


def test_the_split_of_the_source_is_kept_unless_another_is_wanted(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_photos(source / "images")
    parts = {"train": ["b.png", "c.png", "d.png"], "test": ["e.png", "a.png"]}
    for side, names in parts.items():
        coco = coco_of({name: BOXES[name] for name in names})
        (source / f"{side}.json").write_text(json.dumps(coco), encoding="utf-8")
    found = sides_of(run_import("coco", source, tmp_path / "kept"))
    names = {side: sorted(Path(i["file_name"]).name for i in coco["images"]) for side, coco in found.items()}
    assert names == {side: sorted(own) for side, own in parts.items()}
    assert boxes_of(tmp_path / "kept") == BOXES
    again = sides_of(run_import("coco", source, tmp_path / "other", "--split", 0.8))
    assert len(again["test"]["images"]) == 1


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_splits_in_the_words_of_other_formats(kind: str, tmp_path: Path) -> None:
    source = WRITERS[kind](tmp_path / "source")
    if kind == "voc":
        write_files(source, {"ImageSets/Main/train.txt": "a\nb\nc\n", "ImageSets/Main/test.txt": "d\ne\n"})
    else:
        for folder, suffix in (("images", ".png"), ("labels", ".txt")):
            for name in BOXES:
                path = (source / folder / name).with_suffix(suffix)
                target = source / folder / ("valid" if name in ("d.png", "e.png") else "train") / path.name
                target.parent.mkdir(exist_ok=True)
                path.rename(target)
    test = sides_of(run_import(kind, source, tmp_path / "out"))["test"]
    assert sorted(Path(i["file_name"]).name for i in test["images"]) == ["d.png", "e.png"]
    assert boxes_of(tmp_path / "out") == BOXES


def test_of_equal_photos_one_is_kept_and_of_similar_ones_all_on_one_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_yolo(tmp_path / "source")
    Image.fromarray(picture(0)).save(source / "images" / "f.tif")  # a.png
    (source / "labels" / "f.txt").write_bytes((source / "labels" / "a.txt").read_bytes())
    for n, copy in enumerate([photo_like(1), *copies_of(photo_like(1))]):
        Image.fromarray(copy).save(source / "images" / f"g{n}.png")
    out = run_import("yolo", source, tmp_path / "out", "--split", 0.5)
    printed = capsys.readouterr().out
    assert "equal photos, one of each kept: f.tif = a.png" in printed
    assert "groups of photos that are nearly equal, each on one side: g0.png ~ g1.png ~ g2.png ~ g3.png" in printed
    assert "photos without a text file, which count as photos without an object: 4" in printed
    sides = sides_of(out)
    similar = [sum(image["file_name"].startswith("g") for image in coco["images"]) for coco in sides.values()]
    assert sorted(similar) == [0, 4]
    assert sum(len(coco["images"]) for coco in sides.values()) == 9


def test_equal_photos_with_other_boxes(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    (source / "images" / "f.png").write_bytes((source / "images" / "a.png").read_bytes())
    message = r"f\.png: expected the boxes of .*a\.txt, since .*f\.png has the pixels of .*a\.png.* Remove one"
    refused("yolo", source, message)


def test_a_side_without_boxes(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    for name in "bde":
        write_files(source / "labels", {f"{name}.txt": ""})
    refused("yolo", source, "(train|test): expected at least one box, found none in .* photos. Try another --seed")
