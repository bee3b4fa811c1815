"""Masks as pictures, for semantic and instance segmentation: PNG files of category ids and of objects, 0 is background.

Made from COCO's masks, so of real and mixed files too, and without the objects that the filters of `labels` left out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from pipeline.coco import names_of, write_json
from pipeline.errors import InputError
from pipeline.export.source import Entry, Options, Split, mask_of, name_of, place_picture
from pipeline.frame_files import png_bytes

HIGHEST_CATEGORY, HIGHEST_OBJECT = 255, 65_535  # of 8 and 16 bits


def write(splits: Sequence[Split], out: Path, options: Options) -> None:
    """Write all splits.

    Raises:
        InputError: a category's id or a number of objects that the pictures cannot hold, before anything is written;
            an annotation without a mask.
    """
    for split in splits:
        _check(split)
    for split in splits:
        _write_split(split, out, options)
    write_json(out / "categories.json", {str(n): name for n, name in sorted(names_of(splits[0].coco).items())})


def _check(split: Split) -> None:
    for n in sorted(names_of(split.coco)):
        if not 1 <= n <= HIGHEST_CATEGORY:
            raise InputError(f"{split.path}: categories: expected ids from 1 to {HIGHEST_CATEGORY}, found {n}.")
    for image, objects in split.pairs():
        if len(objects) > HIGHEST_OBJECT:
            expected = f"expected at most {HIGHEST_OBJECT} objects"
            raise InputError(f"{split.path}: image {image['id']}: {expected}, found {len(objects)}.")


def _write_split(split: Split, out: Path, options: Options) -> None:
    numbers = {}
    for kind in ("instances", "semantic"):
        (out / kind / split.name).mkdir(parents=True)
    for image, objects in tqdm(list(split.pairs()), unit="image", desc=split.name, mininterval=2):
        name = name_of(split, image)
        place_picture(split, image, out / "images" / split.name, name, options.copy)
        numbered = objects_of(split, image, objects)
        for kind, pixels in (("instances", numbered), ("semantic", categories_of_pixels(numbered, objects))):
            (out / kind / split.name / f"{name}.png").write_bytes(png_bytes(pixels))
        numbers[name] = [annotation["id"] for annotation in objects]
    write_json(out / "instances" / f"{split.name}.json", numbers)


def objects_of(split: Split, image: Entry, objects: Sequence[Entry]) -> npt.NDArray[np.uint16]:
    """Which object each pixel [H, W] shows, from 1 in the order of `objects`; 0 is background.

    Masks of other tools may overlap: there the one of fewer pixels is seen, of two alike the later.
    """
    pixels = np.zeros((image["height"], image["width"]), np.uint16)
    masks = [mask_of(split, annotation, image) for annotation in objects]
    for n in sorted(range(len(masks)), key=lambda n: -int(masks[n].sum())):
        pixels[masks[n]] = n + 1
    return pixels


def categories_of_pixels(numbered: npt.NDArray[np.uint16], objects: Sequence[Entry]) -> npt.NDArray[Any]:
    """Category ids [H, W], 8 bit, of what `objects_of` gave."""
    return np.array([0, *(annotation["category_id"] for annotation in objects)], np.uint8)[numbered]
