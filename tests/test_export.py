"""Export to YOLO and Pascal VOC: what supervision reads back is what COCO said. Pictures of 7x11 px, odd names."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
import yaml
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask
from tiny import call

from pipeline.coco import sha256_of, write_json
from pipeline.errors import InputError
from pipeline.export import EXPORTERS
from pipeline.export import __main__ as export
from pipeline.export.shapes import outline_px  # before supervision itself: it silences a warning

SIZE_WH = (7, 11)
NAMES = ['<cat> & "dog"', "ä: #2"]
FILES = ["a/rgb.png", "b/rgb.png", "b/<é> & 'x y'.PNG"]
BOXES = {1: [(10, [1, 2, 3, 4]), (30, [0, 0, 7, 11])], 3: [(30, [4, 9, 3, 2])]}  # image 2 is empty


def write_coco(data: Path, split: str, **changes: Any) -> Path:
    """Three images; the categories' ids have a gap and stand in the file in the wrong order."""
    images, annotations = [], []
    for n, file_name in enumerate(FILES, start=1):
        path = data / split / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE_WH, (n, 0, len(split))).save(path)
        size = {"width": SIZE_WH[0], "height": SIZE_WH[1]}
        images.append({"id": n, "file_name": f"{split}/{file_name}", **size, "sha256": sha256_of(path)})
    for image_id, boxes in BOXES.items():
        for category_id, box in boxes:
            ids = {"id": len(annotations) + 1, "image_id": image_id, "category_id": category_id}
            annotations.append({**ids, "bbox": box, "area": box[2] * box[3], "iscrowd": 0, "truncated_fraction": 0.0})
    categories = [{"id": 30, "name": NAMES[1]}, {"id": 10, "name": NAMES[0]}]
    path = data / f"{split}.json"
    write_json(path, {"images": images, "annotations": annotations, "categories": categories, **changes})
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for split in ("train", "val"):
        write_coco(tmp_path / "data", split)
    return tmp_path / "data"


def run_export(to: str, data: Path, *options: str, splits: tuple[str, ...] = ("train", "val")) -> Path:
    out = data.parent / to
    files = [data / f"{split}.json" for split in splits]
    call(export.main, "--to", to, "--coco", *files, "--images", data, "--out", out, *options)
    return out


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def boxes_xyxy(detections: Any) -> dict[int, list[list[float]]]:
    """Boxes by class, sorted."""
    found: dict[int, list[list[float]]] = {}
    for box, index in sorted(zip(detections.xyxy.tolist(), detections.class_id.tolist(), strict=True)):
        found.setdefault(index, []).append(box)
    return found


EXPECTED_XYXY = [{0: [[1, 2, 4, 6]], 1: [[0, 0, 7, 11]]}, {}, {1: [[4, 9, 7, 11]]}]


def check_boxes(dataset: Any, classes: list[int], tolerance_px: float) -> None:
    """`classes`: ours by the number that the reader gave them, which VOC counts as they come."""
    paths = sorted(dataset.image_paths)
    assert [Path(p).stem for p in paths] == [f"train_00000{n}" for n in (1, 2, 3)]
    for path, expected in zip(paths, EXPECTED_XYXY, strict=True):
        found = {classes[index]: boxes for index, boxes in boxes_xyxy(dataset.annotations[path]).items()}
        assert found.keys() == expected.keys()
        for index, boxes in expected.items():
            np.testing.assert_allclose(found[index], boxes, atol=tolerance_px)


def test_yolo_reads_back_as_it_was(data: Path) -> None:
    import supervision

    out = run_export("yolo", data)
    folders = (str(out / "images/train"), str(out / "labels/train"), str(out / "data.yaml"))
    dataset = supervision.DetectionDataset.from_yolo(*folders)
    assert dataset.classes == NAMES
    check_boxes(dataset, [0, 1], tolerance_px=0.001)


def test_yolo_lines_and_data_yaml_by_hand(data: Path) -> None:
    files = files_of(run_export("yolo", data))
    assert files["labels/train/train_000001.txt"].decode() == (
        "0 0.35714 0.36364 0.42857 0.36364\n"  # 2.5/7, 4/11, 3/7, 4/11
        "1 0.50000 0.50000 1.00000 1.00000\n"
    )
    assert files["labels/train/train_000002.txt"] == b""
    assert yaml.safe_load(files["data.yaml"]) == {
        "train": "images/train",
        "val": "images/val",
        "names": {0: NAMES[0], 1: NAMES[1]},
    }
    assert {n for n in files if n.startswith("images/val")} == {f"images/val/val_00000{n}.png" for n in (1, 2, 3)}


def test_voc_reads_back_as_it_was(data: Path) -> None:
    import supervision

    out = run_export("voc", data, splits=("train",))
    dataset = supervision.DetectionDataset.from_pascal_voc(str(out / "JPEGImages"), str(out / "Annotations"))
    assert sorted(dataset.classes) == sorted(NAMES)
    check_boxes(dataset, [NAMES.index(name) for name in dataset.classes], tolerance_px=0)


def test_voc_by_hand(data: Path) -> None:
    out = run_export("voc", data)
    root = ElementTree.parse(out / "Annotations" / "train_000001.xml").getroot()
    assert [root.findtext(tag) for tag in ("folder", "filename", "size/width", "size/height", "size/depth")] == [
        "voc",
        "train_000001.png",
        "7",
        "11",
        "3",
    ]
    cat, _ = root.findall("object")
    assert [(e.tag, e.text) for e in cat if not len(e)] == [
        ("name", NAMES[0]),
        ("pose", "Unspecified"),
        ("truncated", "0"),
        ("difficult", "0"),
    ]
    # first and last pixel of [1, 2, 3, 4], from 1
    assert [(e.tag, e.text) for e in cat.iter() if e.tag[1:] in ("min", "max")] == [
        ("xmin", "2"),
        ("ymin", "3"),
        ("xmax", "4"),
        ("ymax", "6"),
    ]
    assert ElementTree.parse(out / "Annotations" / "val_000002.xml").getroot().find("object") is None
    assert (out / "ImageSets/Main/val.txt").read_text() == "val_000001\nval_000002\nval_000003\n"


def test_voc_marks_what_the_border_cuts(data: Path) -> None:
    coco = yaml.safe_load((data / "train.json").read_text())
    coco["annotations"][1]["truncated_fraction"] = 0.2
    write_json(data / "train.json", coco)
    root = ElementTree.parse(run_export("voc", data) / "Annotations" / "train_000001.xml")
    assert [e.text for e in root.iter("truncated")] == ["0", "1"]


@pytest.mark.parametrize("to", ["voc", "yolo"])
def test_crowds_are_left_out_and_boxes_end_at_the_border(to: str, data: Path) -> None:
    box = {"id": 1, "image_id": 1, "category_id": 10, "bbox": [-0.4, 9, 7.8, 2.3], "area": 14, "iscrowd": 0}
    crowd = {**box, "id": 2, "iscrowd": 1}
    write_coco(data, "train", annotations=[box, crowd])
    files = files_of(run_export(to, data))
    if to == "yolo":
        assert files["labels/train/train_000001.txt"] == b"0 0.50000 0.90909 1.00000 0.18182\n"
    else:
        (found,) = ElementTree.fromstring(files["Annotations/train_000001.xml"]).findall("object/bndbox")
        assert [e.text for e in found] == ["1", "10", "7", "11"]


@pytest.mark.parametrize("to", ["voc", "yolo"])
def test_pictures_are_linked_or_copied_and_stay_as_they_are(to: str, data: Path) -> None:
    before = files_of(data)
    out = run_export(to, data, splits=("train",))
    picture = next(out.rglob("train_000003.png"))
    assert picture.samefile(data / "train" / FILES[2])
    out.rename(out.with_name("linked"))
    copied = next(run_export(to, data, "--pictures", "copy", splits=("train",)).rglob("train_000003.png"))
    assert not copied.samefile(data / "train" / FILES[2])
    assert copied.read_bytes() == before[f"train/{FILES[2]}"]
    assert files_of(data) == before


def test_symbolic_links_are_followed(data: Path) -> None:
    """As into DVC's cache, where files have no suffix."""
    cached = data / "cached"
    (data / "train" / FILES[0]).rename(cached)
    (data / "train" / FILES[0]).symlink_to(cached)
    picture = run_export("yolo", data) / "images/train/train_000001.png"
    assert picture.samefile(cached)
    assert not picture.is_symlink()


@pytest.mark.parametrize("to", ["voc", "yolo"])
def test_same_inputs_give_the_same_bytes(to: str, data: Path) -> None:
    out = run_export(to, data)
    first = files_of(out)
    out.rename(out.with_name("first"))
    assert files_of(run_export(to, data)) == first


def mask_of(rows: str) -> npt.NDArray[np.bool_]:
    return np.array([[c == "#" for c in row] for row in rows.split()])


MASKS = {
    "ring": "....... .#####. .#...#. .#...#. .#####. .......",
    "two pieces": "###.... ###.... ###..## .....## .....## .......",
    "touches the border": "####### ....### .....## ......# ......# ######.",
    "a line": "....... .#..... .#..... .#..... ....... .......",
    "a pixel": "....... ....... ....... ......# ....... .......",
    "corners that touch": "#...... .#..... ..##... ....... ....... .......",
}


@pytest.mark.parametrize("name", MASKS)
def test_outlines_fill_to_the_mask(name: str, data: Path) -> None:
    """As Ultralytics does: times the size, decimals cut off, filled with the border."""
    mask = mask_of(MASKS[name])
    segmentation = coco_mask.encode(np.asfortranarray(np.pad(mask, ((0, 5), (0, 0))).astype(np.uint8)))
    segmentation["counts"] = segmentation["counts"].decode()
    box = [*map(float, coco_mask.toBbox(segmentation))]
    ids = {"id": 1, "image_id": 1, "category_id": 30, "iscrowd": 0}
    write_coco(data, "train", annotations=[{**ids, "bbox": box, "area": 1, "segmentation": segmentation}])
    out = run_export("yolo", data, "--masks", splits=("train",))
    (line,) = (out / "labels/train/train_000001.txt").read_text().splitlines()
    index, *numbers = line.split()
    assert index == "1"
    points = (np.array(numbers, float).reshape(-1, 2) * SIZE_WH).astype(int)
    canvas = Image.new("1", SIZE_WH)
    ImageDraw.Draw(canvas).polygon([*map(tuple, points.tolist())], fill=1, outline=1)
    filled = np.asarray(canvas)[:6]
    assert filled[mask].all()
    seam_px = 2 if name == "two pieces" else 0  # from column 2 to column 5
    assert (filled & ~mask).sum() == seam_px


def test_an_outline_lies_a_sixth_of_a_pixel_inside() -> None:
    points = outline_px(mask_of("..... .###. .###. .....")) * 6
    assert sorted(map(tuple, points.round(6).tolist())) == [(7, 7), (7, 17), (23, 7), (23, 17)]


def test_outlines_need_masks(data: Path) -> None:
    with pytest.raises(InputError, match=r"train.json: annotation 1: expected 'segmentation', found none"):
        run_export("yolo", data, "--masks")
    assert not (data.parent / "yolo").exists()


@pytest.mark.parametrize("to", sorted(EXPORTERS))
def test_a_folder_that_holds_something_is_left_alone(to: str, data: Path) -> None:
    note = data.parent / to / "note.txt"
    note.parent.mkdir()
    note.write_text("mine")
    with pytest.raises(InputError, match=f"{to}: expected a new or empty folder"):
        run_export(to, data)
    assert files_of(note.parent) == {"note.txt": b"mine"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--split", "train"), "--split: expected 2 different names"),
        (("--split", "train", "train"), "--split: expected 2 different names"),
        (("--split", "train", "../val"), "--split: expected names of letters"),
    ],
)
def test_names_of_splits(options: tuple[str, ...], message: str, data: Path) -> None:
    with pytest.raises(InputError, match=message):
        run_export("yolo", data, *options)


def test_splits_have_the_names_asked_for(data: Path) -> None:
    out = run_export("yolo", data, "--split", "a", "b")
    assert sorted(p.name for p in (out / "labels").iterdir()) == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categories": [{"id": 10, "name": "x"}, {"id": 30, "name": "y"}]}, r"val.json: categories: expected .*'x'"),
        ({"images": [], "annotations": []}, r"val.json: images: expected at least one, found none"),
    ],
)
def test_bad_files_write_nothing(changes: dict[str, Any], message: str, data: Path) -> None:
    write_coco(data, "val", **changes)
    with pytest.raises(InputError, match=message):
        run_export("voc", data)
    assert sorted(p.name for p in data.parent.iterdir()) == ["data"]
