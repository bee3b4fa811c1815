"""Class maps: for each pixel the category that it shows, which is what a segmenter learns and is measured by.

0 is background, categories have their COCO ids from 1, and IGNORED counts for nothing: a crowd, or what lies outside
of a picture.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco
from pipeline.errors import InputError
from pipeline.masks import decode, encode

IGNORED = 255
ClassMap = npt.NDArray[np.uint8]  # [H, W]
Size = tuple[int, int]


def class_map(annotations: Iterable[Mapping[str, Any]], size_hw: Size) -> ClassMap:
    """The map of one picture out of COCO annotations, or of a segmenter's results.

    Masks of other tools may overlap: there the one of fewer pixels is seen, of two alike the later. A crowd is seen
    where no object is.
    """
    values = [IGNORED if a.get("iscrowd") else int(a["category_id"]) for a in annotations]
    masks = [decode(a["segmentation"], size_hw) for a in annotations]
    pixels: ClassMap = np.zeros(size_hw, np.uint8)
    for n in sorted(range(len(masks)), key=lambda n: (values[n] != IGNORED, -int(masks[n].sum()))):
        pixels[masks[n]] = values[n]
    return pixels


def results_of(image_id: int, pixels: ClassMap) -> list[dict[str, Any]]:
    """COCO results of one map, as COCO-Stuff has them: a mask for each category that is there, without background."""
    return [
        {"image_id": image_id, "category_id": int(n), "segmentation": encode(pixels == n), "score": 1.0}
        for n in np.unique(pixels)
        if n not in (0, IGNORED)
    ]


def size_of(image: Mapping[str, Any]) -> Size:
    """Height and width of a COCO image, px."""
    return int(image["height"]), int(image["width"])


def check_masks(path: Path, coco: Coco) -> None:
    """Raises InputError where maps cannot be made: too many categories, or an annotation without a fitting mask."""
    if len(coco["categories"]) >= IGNORED:
        expected = f"expected fewer than {IGNORED} for a segmenter"
        raise InputError(f"{path}: categories: {expected}, found {len(coco['categories'])}.")
    sizes_hw = {image["id"]: size_of(image) for image in coco["images"]}
    if not any(a.get("segmentation") for a in coco["annotations"]) and coco["annotations"]:
        raise InputError(f"{path}: expected masks for the segmenter, found boxes alone: leave segmenter out of tasks.")
    for a in coco["annotations"]:
        check_mask(f"{path}: annotation {a['id']}", a.get("segmentation"), sizes_hw[a["image_id"]])


def check_mask(where: str, segmentation: Any, size_hw: Size) -> None:
    """Polygons of three points at least, or run lengths of the picture's size. Raises InputError for anything else."""
    if not segmentation:
        raise InputError(f"{where}: segmentation: expected a mask, found none.")
    if isinstance(segmentation, dict):
        found, good = segmentation.get("size"), isinstance(segmentation.get("counts"), (str, list))
        if found != list(size_hw) or not good:
            expected = f"expected run lengths of size {list(size_hw)} with counts"
            raise InputError(f"{where}: segmentation: {expected}, found size {found!r}.")
    elif not isinstance(segmentation, list) or not all(isinstance(p, list) and len(p) >= 6 for p in segmentation):
        raise InputError(f"{where}: segmentation: expected polygons [x, y, ...] of three points or more.")
