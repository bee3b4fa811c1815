"""Labelled photos of 7 x 11 px in the layouts of several tools, and the import run on them in this process."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipeline.benchmarks import __main__
from pipeline.coco import read_coco
from pipeline.errors import InputError

SIZE_WH = (7, 11)
NAMES = ["cat", "dog"]
Boxes = dict[str, list[tuple[str, list[float]]]]  # photo -> (category, box_xywh) of each object
BOXES: Boxes = {
    "a.png": [("dog", [1, 2, 3, 4]), ("cat", [0, 0, 7, 11])],
    "b.png": [("cat", [6, 10, 1, 1])],
    "c.png": [],
    "d.png": [("dog", [2, 1, 4, 9])],
    "e.png": [("cat", [0, 5, 2, 6])],
}


def picture(n: int, size_wh: tuple[int, int] = SIZE_WH) -> npt.NDArray[np.uint8]:
    """[H, W, 3]: noise, so that no two photos look alike."""
    return np.random.default_rng(n).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)


def write_photos(folder: Path, names: Sequence[str] = tuple(BOXES)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for n, name in enumerate(names):
        Image.fromarray(picture(n)).save(folder / name)


def coco_of(boxes: Boxes = BOXES, folder: str = "") -> dict[str, Any]:
    """Ids that are neither in order nor without gaps, as tools leave them."""
    images, annotations = [], []
    for n, (name, objects) in enumerate(boxes.items()):
        images.append({"id": 30 - n, "file_name": folder + name, "width": SIZE_WH[0], "height": SIZE_WH[1]})
        for category, box in objects:
            entry = {"id": 7 * len(annotations), "image_id": 30 - n, "bbox": box, "segmentation": [], "iscrowd": 0}
            annotations.append({**entry, "category_id": {"cat": 0, "dog": 5}[category]})
    categories = [{"id": 5, "name": "dog", "supercategory": ""}, {"id": 0, "name": "cat", "supercategory": ""}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_coco(folder: Path, coco: dict[str, Any] | None = None) -> Path:
    """As CVAT does."""
    write_photos(folder / "images" / "default")
    path = folder / "annotations" / "instances_default.json"
    path.parent.mkdir()
    path.write_text(json.dumps(coco or coco_of()), encoding="utf-8")
    return folder


def yolo_line(category: str, box_xywh: Sequence[float]) -> str:
    """Six decimals, as most tools."""
    x, y, w, h = box_xywh
    parts = ((x + w / 2) / SIZE_WH[0], (y + h / 2) / SIZE_WH[1], w / SIZE_WH[0], h / SIZE_WH[1])
    return " ".join([str(NAMES.index(category)), *(f"{part:.6f}" for part in parts)])


def write_texts(folder: Path, boxes: Boxes = BOXES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, objects in boxes.items():
        text = "".join(f"{yolo_line(*o)}\n" for o in objects)
        (folder / name).with_suffix(".txt").write_text(text, encoding="utf-8")


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")


def write_yolo(folder: Path) -> Path:
    """As Label Studio does."""
    write_photos(folder / "images")
    write_texts(folder / "labels")
    write_files(folder, {"classes.txt": "cat\ndog\n", "notes.json": "{}"})
    return folder


def voc_of(name: str, objects: Sequence[tuple[str, Sequence[float]]], size_wh: tuple[int, int] = SIZE_WH) -> Element:
    """As labelImg does: edges from 0."""
    root = Element("annotation")
    SubElement(root, "filename").text = name
    size = SubElement(root, "size")
    for tag, value in (("width", size_wh[0]), ("height", size_wh[1]), ("depth", 3)):
        SubElement(size, tag).text = str(value)
    for category, (x, y, w, h) in objects:
        element = SubElement(root, "object")
        SubElement(element, "name").text = category
        box = SubElement(element, "bndbox")
        for tag, edge in (("xmin", x), ("ymin", y), ("xmax", x + w), ("ymax", y + h)):
            SubElement(box, tag).text = str(edge)
    return root


def write_voc(folder: Path) -> Path:
    """XML files beside the photos."""
    write_photos(folder)
    for name, objects in BOXES.items():
        (folder / name).with_suffix(".xml").write_bytes(tostring(voc_of(name, objects)))
    return folder


WRITERS = {"coco": write_coco, "voc": write_voc, "yolo": write_yolo}


def run_import(kind: str, source: Path, out: Path, *options: object) -> Path:
    words = ["benchmarks", "import", "--from", kind, str(source), "--to", str(out), *map(str, options)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        __main__.main()
    return out


def sides_of(out: Path) -> dict[str, Any]:
    """Checked COCO files of an imported folder."""
    return {side: read_coco(out / f"{side}.json", out / "images") for side in ("train", "test")}


def boxes_of(out: Path) -> Boxes:
    """All boxes by the name of the photo without folders; within a pixel's hundredth."""
    found: Boxes = {}
    for coco in sides_of(out).values():
        names = {c["id"]: c["name"] for c in coco["categories"]}
        for image in coco["images"]:
            own = [a for a in coco["annotations"] if a["image_id"] == image["id"]]
            found[Path(image["file_name"]).name] = [(names[a["category_id"]], a["bbox"]) for a in own]
    return dict(sorted(found.items()))


def refused(kind: str, source: Path, message: str, *options: object) -> None:
    """The message comes once, and nothing is left."""
    out = source.parent / "out"
    with pytest.raises(InputError, match=message):
        run_import(kind, source, out, *options)
    assert not out.exists() and not list(source.parent.glob(".*"))
