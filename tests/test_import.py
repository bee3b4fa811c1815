"""Labelled photos of several tools become one folder: layouts, boxes by hand, photos that have to be written anew."""

import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import tostring

import numpy as np
import pytest
from labelled import (
    BOXES,
    NAMES,
    SIZE_WH,
    WRITERS,
    boxes_of,
    coco_of,
    picture,
    run_import,
    sides_of,
    voc_of,
    write_coco,
    write_files,
    write_photos,
    write_texts,
    write_voc,
    write_yolo,
)
from PIL import Image
from turned import write_turned

from pipeline.benchmarks import coco_folder
from pipeline.benchmarks.parts import check_benchmark
from pipeline.coco import sha256_of, write_json
from pipeline.export import EXPORTERS
from pipeline.export.source import Options, read_splits
from pipeline.photo import load_picture


@pytest.mark.parametrize("kind", WRITERS)
def test_a_source_becomes_the_folder_of_benchmark_coco(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run_import(kind, WRITERS[kind](tmp_path / "source"), tmp_path / "out", "--split", 0.6)
    assert boxes_of(out) == BOXES
    sides = sides_of(out)
    assert {side: len(coco["images"]) for side, coco in sides.items()} == {"train": 3, "test": 2}
    assert [c["name"] for c in sides["train"]["categories"]] == NAMES
    entries = [entry for coco in sides.values() for entry in coco["annotations"]]
    assert [entry["id"] for entry in entries] == [1, 2, 3, 4, 5]
    assert all(entry["area"] == entry["bbox"][2] * entry["bbox"][3] and entry["iscrowd"] == 0 for entry in entries)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in printed[1:6]] == [
        *(["photos", "3", "2", "5"], ["without", "boxes", *printed[2].split()[2:4], "1"]),
        *(["boxes", *printed[3].split()[1:3], "5"], ["cat", *printed[4].split()[1:3], "3"]),
        ["dog", *printed[5].split()[1:3], "2"],
    ]
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.width > 3 * 320  # five photos in a row
    benchmark = tmp_path / "real"
    benchmark.mkdir()
    coco_folder.build(coco_folder.Params(folder=str(out), hold_out=0.3), benchmark)
    check_benchmark(benchmark)


def ultralytics(folder: Path) -> None:
    write_photos(folder / "images" / "train")
    write_texts(folder / "labels" / "train")
    write_files(folder, {"data.yaml": "train: images/train\nnames:\n  0: cat\n  1: dog\n"})


def label_img(folder: Path) -> None:
    write_photos(folder)
    write_texts(folder)
    write_files(folder, {"classes.txt": "cat\ndog\n"})


def cvat_1_1(folder: Path) -> None:
    write_photos(folder / "obj_train_data")
    write_texts(folder / "obj_train_data")
    listed = "".join(f"obj_train_data/{name}\n" for name in BOXES)
    write_files(folder, {"obj.names": "cat\ndog\n", "obj.data": "classes = 2\n", "train.txt": listed})


def roboflow(folder: Path) -> None:
    write_photos(folder / "train" / "images")
    write_texts(folder / "train" / "labels")
    write_files(folder, {"data.yaml": "names: [cat, dog]\nnc: 2\n", "README.roboflow.txt": "1 2 words"})


def with_rubbish(folder: Path) -> None:
    """What macOS adds to archives, and a text file that was never made for a photo without objects."""
    write_yolo(folder)
    (folder / "labels" / "c.txt").unlink()
    write_files(folder, {"__MACOSX/images/._a.png": "x", "images/.DS_Store": "x", "images/._b.png": "x"})


@pytest.mark.parametrize("layout", [ultralytics, label_img, cvat_1_1, roboflow, with_rubbish])
def test_layouts_of_yolo(layout: Callable[[Path], None], tmp_path: Path) -> None:
    layout(tmp_path / "source")
    assert boxes_of(run_import("yolo", tmp_path / "source", tmp_path / "out")) == BOXES


def test_lines_of_yolo_by_hand(tmp_path: Path) -> None:
    """On 7 x 11 px: a box with a track's number, an outline, an oriented box, a decimal that rounding put outside."""
    source = write_yolo(tmp_path / "source")
    lines = {
        "a": "0 0.5 0.5 0.285714 0.181818 12",
        "b": f"1 {1 / 7} {2 / 11} {5 / 7} {3 / 11} {2 / 7} {9 / 11}",
        "d": f"1.0 {3 / 7} {1 / 11} {5 / 7} {3 / 11} {3 / 7} {5 / 11} {1 / 7} {3 / 11}",
        "e": "0 0.500001 0.5 1.00001 1",
    }
    write_files(source / "labels", {f"{name}.txt": line for name, line in lines.items()})
    assert boxes_of(run_import("yolo", source, tmp_path / "out")) == {
        "a.png": [("cat", [2.5, 4.5, 2, 2])],
        "b.png": [("dog", [1, 2, 4, 7])],
        "c.png": [],
        "d.png": [("dog", [1, 1, 4, 4])],
        "e.png": [("cat", [0, 0, 7, 11])],
    }


def test_keypoints_after_a_box_are_skipped(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    (source / "classes.txt").unlink()
    write_files(source, {"data.yaml": "kpt_shape: [2, 3]\nnames: [cat, dog]\n"})
    write_files(source / "labels", {"b.txt": f"0 0.5 0.5 {2 / 7} {2 / 11} 0.1 0.1 2 0.9 0.9 1"})
    assert boxes_of(run_import("yolo", source, tmp_path / "out"))["b.png"] == [("cat", [2.5, 4.5, 2, 2])]


def test_pixels_of_the_voc_devkit_count_from_one(tmp_path: Path) -> None:
    """xmin 2, xmax 4 are the second to the fourth column: x 1, width 3."""
    source = write_voc(tmp_path / "source")
    for name, objects in BOXES.items():
        shifted = [(category, (x + 1, y + 1, w - 1, h - 1)) for category, (x, y, w, h) in objects]
        (source / name).with_suffix(".xml").write_bytes(tostring(voc_of(name, shifted)))
    assert boxes_of(run_import("voc", source, tmp_path / "out", "--first-pixel", 1)) == BOXES


def test_photos_without_an_xml_file_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_voc(tmp_path / "source")
    (source / "c.xml").unlink()
    found = boxes_of(run_import("voc", source, tmp_path / "out"))
    assert found == {name: objects for name, objects in BOXES.items() if name != "c.png"}
    assert "photos without an XML file, left out: 1" in capsys.readouterr().out


def test_a_photo_that_was_renamed_together_with_its_xml_file(tmp_path: Path) -> None:
    source = write_voc(tmp_path / "source")
    for suffix in (".png", ".xml"):
        (source / "a").with_suffix(suffix).rename((source / "z").with_suffix(suffix))
    assert boxes_of(run_import("voc", source, tmp_path / "out"))["z.png"] == BOXES["a.png"]


@pytest.mark.parametrize("prefix", ["", "images/default/", "..\\..\\upload\\1\\", "/data/local/"])
def test_names_of_photos_may_have_folders_of_another_machine(prefix: str, tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source", coco_of(folder=prefix))
    assert boxes_of(run_import("coco", source, tmp_path / "out")) == BOXES


def test_the_scene_decides_on_the_order_of_categories(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    out = run_import("coco", source, tmp_path / "out", "--categories", "dog", "owl", "cat")
    assert [c["name"] for c in sides_of(out)["test"]["categories"]] == ["dog", "owl", "cat"]
    assert boxes_of(out) == BOXES


@pytest.mark.parametrize("to", ["yolo", "voc"])
def test_what_was_exported_comes_back(to: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_photos(data)
    coco = coco_of()
    write_json(data / "train.json", {**coco, "annotations": [{**a, "area": 1} for a in coco["annotations"]]})
    (tmp_path / to).mkdir()
    EXPORTERS[to](read_splits([data / "train.json"], ["train"], data), tmp_path / to, Options())
    found = boxes_of(run_import(to, tmp_path / to, tmp_path / "out", *(["--first-pixel", 1] if to == "voc" else [])))
    assert found == {f"train_{30 - n:06d}.png": objects for n, objects in enumerate(BOXES.values())}


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_an_archive_is_as_good_as_its_folder(suffix: str, tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    archive = tmp_path / f"export{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for path in source.rglob("*"):
                opened.write(path, path.relative_to(source))
    else:
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(source, "project")
    first = run_import("coco", source, tmp_path / "first")
    second = run_import("coco", archive, tmp_path / "second")
    assert boxes_of(second) == BOXES
    assert [i["id"] for i in sides_of(first)["test"]["images"]] == [i["id"] for i in sides_of(second)["test"]["images"]]


# --- photos that have to be written anew


@pytest.mark.parametrize("claimed", ["as stored", "upright", "nothing"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_boxes_are_turned_with_the_photo(orientation: int, claimed: str, tmp_path: Path) -> None:
    """One bright box at x 1, y 2, 3 wide and 4 high in the upright photo, wherever the labels saw it."""
    source = write_coco(tmp_path / "source")
    upright = np.zeros((11, 7, 3), np.uint8)
    upright[2:6, 1:4] = 255
    photo = write_turned(source / "images" / "default" / "a.png", upright, orientation)
    box_xywh, size_wh = [1, 2, 3, 4], (7, 11)
    if claimed == "as stored" and orientation >= 5:  # where other orientations leave the size, nobody can tell
        with Image.open(photo) as stored:
            ys, xs = np.nonzero(np.asarray(stored)[:, :, 0])
            box_xywh, size_wh = [int(v) for v in (xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1)], stored.size
    coco = coco_of({**BOXES, "a.png": [("dog", box_xywh)]})
    coco["images"][0] |= {"width": size_wh[0], "height": size_wh[1]} if claimed != "nothing" else {"width": None}
    write_files(source, {"annotations/instances_default.json": json.dumps(coco)})
    out = run_import("coco", source, tmp_path / "out")
    assert boxes_of(out)["a.png"] == [("dog", [1, 2, 3, 4])]
    written = out / "images" / "a.png"
    with Image.open(written) as opened:
        assert opened.size == SIZE_WH and not opened.getexif()
    assert np.array_equal(load_picture(written), upright)


def test_label_studio_gives_sizes_of_the_file_and_boxes_of_the_upright_photo(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    write_turned(source / "images" / "default" / "a.png", picture(0), 6)
    coco = {**coco_of(), "info": {"contributor": "Label Studio"}}
    coco["images"][0] |= {"width": 11, "height": 7}
    write_files(source, {"annotations/instances_default.json": json.dumps(coco)})
    assert boxes_of(run_import("coco", source, tmp_path / "out")) == BOXES


def test_photos_are_copied_byte_by_byte_where_that_will_do(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    before = {p.name: sha256_of(p) for p in (source / "images").iterdir()}
    out = run_import("yolo", source, tmp_path / "out")
    assert {p.name: sha256_of(p) for p in (out / "images").iterdir()} == before


@pytest.mark.parametrize(
    ("name", "written", "mode"),
    [
        ("z.tif", "z.tif.png", "CMYK"),
        ("z.jpg", "z.jpg", "CMYK"),
        ("z.png", "z.png", "RGBA"),
        ("z.bmp", "z.bmp.png", "RGB"),
    ],
)
def test_other_photos_are_written_as_rgb(name: str, written: str, mode: str, tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    Image.fromarray(np.full((11, 7, 3), 200, np.uint8)).convert(mode).save(source / "images" / name)
    write_files(source / "labels", {"z.txt": "0 0.5 0.5 1 1"})
    out = run_import("yolo", source, tmp_path / "out")
    assert boxes_of(out)[written] == [("cat", [0, 0, 7, 11])]
    with Image.open(out / "images" / written) as opened:
        assert opened.mode == "RGB"
        assert np.asarray(opened) == pytest.approx(200, abs=2)


def test_large_photos_are_scaled_with_their_boxes(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    Image.fromarray(picture(9, (70, 110))).save(source / "images" / "a.png")
    out = run_import("yolo", source, tmp_path / "out", "--max-px", 55)
    assert boxes_of(out)["a.png"] == [("dog", [5, 10, 15, 20]), ("cat", [0, 0, 35, 55])]
    assert boxes_of(out)["b.png"] == BOXES["b.png"]  # smaller ones stay as they are
    assert load_picture(out / "images" / "a.png").shape == (55, 35, 3)


def test_crowds_stay_crowds(tmp_path: Path) -> None:
    coco = coco_of()
    coco["annotations"][0]["iscrowd"] = 1
    sides = sides_of(run_import("coco", write_coco(tmp_path / "source", coco), tmp_path / "out"))
    assert sorted(a["iscrowd"] for side in sides.values() for a in side["annotations"]) == [0, 0, 0, 0, 1]


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        run_import("yolo", write_yolo(tmp_path / f"source_{n}"), tmp_path / str(n)) for n in ("first", "second")
    )
    paths = [p.relative_to(first) for p in sorted(first.rglob("*")) if p.is_file()]
    assert [p.name for p in paths[:1]] == ["contact_sheet.png"] and len(paths) == 8
    assert all((first / p).read_bytes() == (second / p).read_bytes() for p in paths)
