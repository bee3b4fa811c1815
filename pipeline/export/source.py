"""What every exporter reads: COCO files as named splits, their objects, and pictures that are never changed."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, category_names, read_coco
from pipeline.errors import InputError
from pipeline.masks import decode

Entry = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What the user chose for the new data set."""

    copy: bool = False  # pictures; otherwise they are hard links
    masks: bool = False  # outlines instead of boxes, where the format has both


@dataclass(frozen=True)
class Split:
    """A checked COCO file."""

    name: str
    path: Path
    images: Path  # where its file names start
    coco: Coco

    def pairs(self) -> Iterator[tuple[Entry, list[Entry]]]:
        """Every image with its objects, those without any included; a crowd (`iscrowd` 1) is no object."""
        found: dict[int, list[Entry]] = {image["id"]: [] for image in self.coco["images"]}
        for annotation in self.coco["annotations"]:
            if not annotation.get("iscrowd"):
                found[annotation["image_id"]].append(annotation)
        for image in self.coco["images"]:
            yield image, found[image["id"]]


def read_splits(paths: Sequence[Path], names: Sequence[str], images: Path) -> list[Split]:
    """Read and check COCO files.

    Raises:
        InputError: what `read_coco` finds, no image at all, names that do not fit the files or cannot be those of
            folders, or categories that differ between the files.
    """
    found = ", ".join(names)
    if len(names) != len(paths) or len(set(names)) < len(names):
        raise InputError(f"--split: expected {len(paths)} different names, one for each COCO file, found: {found}.")
    if not all(re.fullmatch(r"\w[\w.-]*", name) for name in names):
        raise InputError(f"--split: expected names of letters, digits, '_', '-' and '.', found: {found}.")
    splits = [Split(n, path, images, read_coco(path, images)) for n, path in zip(names, paths, strict=True)]
    for split in splits:
        _check(split, splits[0])
    return splits


def _check(split: Split, first: Split) -> None:
    if not split.coco["images"]:
        raise InputError(f"{split.path}: images: expected at least one, found none.")
    expected, names = category_names(first.coco), category_names(split.coco)
    if names != expected:
        raise InputError(f"{split.path}: categories: expected {expected} as in {first.path}, found {names}.")


def class_indices(coco: Coco) -> dict[int, int]:
    """Category id -> place in the order of the ids, from 0: COCO's ids start at 1 and may have gaps."""
    return {category_id: n for n, category_id in enumerate(sorted(c["id"] for c in coco["categories"]))}


def name_of(split: Split, image: Entry) -> str:
    """The image's name without suffix: `train_000012` is the image 12 of train.json.

    File names of COCO have folders, may repeat in other folders, and may hold what the lists of VOC cannot.
    """
    return f"{split.name}_{image['id']:06d}"


def place_picture(split: Split, image: Entry, folder: Path, name: str, copy: bool) -> str:
    """Link or copy the image's file to `folder`/`name`, suffix kept; returns the name with the suffix."""
    source: Path = (split.images / image["file_name"]).resolve()  # a hard link to a symbolic one would break with it
    target = folder / (name + Path(image["file_name"]).suffix.lower())  # files in DVC's cache have none
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (shutil.copyfile if copy else os.link)(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target.name


def box_xyxy(annotation: Entry, image: Entry) -> npt.NDArray[np.float64]:
    """[4], px, cut to the image: boxes of other tools may reach over its border by the half pixel of rounding."""
    x, y, w, h = annotation["bbox"]
    width, height = image["width"], image["height"]
    return np.clip([x, y, x + w, y + h], 0, [width, height, width, height])


def mask_of(split: Split, annotation: Entry, image: Entry) -> npt.NDArray[np.bool_]:
    """Visible pixels [H, W] out of run lengths or polygons. Raises InputError when there are none."""
    where = f"{split.path}: annotation {annotation['id']}"
    if not annotation.get("segmentation"):
        raise InputError(f"{where}: expected 'segmentation', found none.")
    mask = decode(annotation["segmentation"], (image["height"], image["width"]))
    if not mask.any():
        raise InputError(f"{where}: segmentation: expected at least one pixel, found none.")
    return mask
