"""The new folder: photos that every program shows alike, train.json, test.json."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import count
from os.path import commonpath
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.benchmarks.importing.samples import Sample
from pipeline.coco import DIGITS, Coco, categories_of, write_json
from pipeline.errors import InputError
from pipeline.photo import load_picture

QUALITY = 95  # of JPEG, where a photo has to be encoded anew
KEPT = {"JPEG": (".jpg", ".jpeg"), "MPO": (".jpg", ".jpeg"), "PNG": (".png",)}  # Pillow's format -> suffixes


def write_folder(sides: Mapping[str, Sequence[Sample]], names: Sequence[str], out: Path) -> dict[str, Coco]:
    """Write photos and annotations of all sides into the empty folder `out`; ids go on from side to side.

    A photo keeps its name and the folders below those that all of them share.
    """
    root = Path(commonpath([sample.photo.path.parent for samples in sides.values() for sample in samples]))
    image_ids, annotation_ids = count(1), count(1)
    cocos: dict[str, Coco] = {}
    for side, samples in sides.items():
        cocos[side] = {"images": [], "annotations": [], "categories": categories_of(list(names))}
        for sample in samples:
            image_id = next(image_ids)
            cocos[side]["images"].append(_image(image_id, sample, write_photo(sample, root, out / "images")))
            cocos[side]["annotations"] += _annotations(sample, image_id, names, annotation_ids)
        write_json(out / f"{side}.json", cocos[side])
    return cocos


def _image(image_id: int, sample: Sample, file_name: str) -> dict[str, Any]:
    return {"id": image_id, "file_name": file_name, "width": sample.size_wh[0], "height": sample.size_wh[1]}


def _annotations(sample: Sample, image_id: int, names: Sequence[str], ids: "count[int]") -> list[dict[str, Any]]:
    return [
        {
            "id": next(ids),
            "image_id": image_id,
            "category_id": names.index(o.category) + 1,
            "bbox": list(o.box_xywh),
            "area": round(o.box_xywh[2] * o.box_xywh[3], DIGITS),
            "iscrowd": int(o.crowd),
        }
        for o in sample.objects
    ]


def write_photo(sample: Sample, root: Path, images: Path) -> str:
    """Copy a photo byte by byte where that will do, or write its upright pixels; returns its name below `images`."""
    name = _name(sample, root)
    target = images / name
    if target.exists():
        raise InputError(f"{sample.photo.path}: expected a name that no other photo has, found {name} twice.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if _fits(sample):
        shutil.copyfile(sample.photo.path, target)
    else:
        picture = Image.fromarray(load_picture(sample.photo.path))
        small = picture if picture.size == sample.size_wh else picture.resize(sample.size_wh, Image.Resampling.LANCZOS)
        small.save(target, quality=QUALITY, subsampling=0)  # PNG ignores both; without EXIF: nobody turns it again
    return name


def _name(sample: Sample, root: Path) -> str:
    """Where it lay below `root`; `.png` is added to what becomes one."""
    name = sample.photo.path.relative_to(root).as_posix()
    suffixes = KEPT.get(sample.header.format, ())
    return name if Path(name).suffix.lower() in suffixes else f"{name}.png"


def _fits(sample: Sample) -> bool:
    """Whether the file shows the same everywhere: 8 bits of RGB or grey, opaque, upright, not to be scaled."""
    header = sample.header
    plain = header.mode in ("RGB", "L") and not header.transparent and header.orientation == 1
    suffix = sample.photo.path.suffix.lower() in KEPT.get(header.format, ())
    return plain and suffix and header.stored_wh == sample.size_wh
