"""One photograph of 24 ancient coins that ships inside scikit-image: too little to train on, enough to look at.

All of it is `test`; `train` and `val` are empty. The outlines in coins.json are this project's own: see
docs/benchmarks.md.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask
from skimage.data import coins

from pipeline.benchmarks.parts import SPLITS, TASKS, image_entry, write_splits
from pipeline.coco import Coco, read_coco, subset
from pipeline.errors import InputError
from pipeline.frame_files import png_bytes
from pipeline.section import Section

OUTLINES = Path(__file__).with_name("coins.json")  # COCO, polygons in px of the photograph
PIXELS_SHA256 = "e080cc03805f1fa70516c3cb84883d4633bda2a1b51841da7c22f3d14c072451"
NOTE = (
    "The real image is one photograph of 24 Greek coins from Pompeii, 384x303 pixels, gray, from the Brooklyn Museum "
    "Collection (no known copyright restrictions), as it ships inside scikit-image. The boxes and masks were drawn "
    "for this project. All of it is test: one photograph shows how a model fares on this photograph, and intervals "
    "over images say nothing here.\n"
)
Gray = npt.NDArray[np.uint8]


class Params(Section):
    """`benchmark` in params.yaml for `name: coins`: no keys but the name."""


def build(params: Params, out: Path) -> None:
    """Write the benchmark into the empty folder `out`."""
    picture = out / "images" / "coins.png"
    picture.parent.mkdir()
    picture.write_bytes(png_bytes(known(coins())))  # type: ignore[no-untyped-call]
    test = annotated(out, picture)
    empty = subset(test, [])
    for task in TASKS:
        write_splits(out, task, {**dict.fromkeys(SPLITS, empty), "test": test})
    (out / "note.txt").write_text(NOTE, encoding="utf-8")


def known(pixels: Gray) -> Gray:
    """The photograph [303, 384] that the outlines were drawn on.

    Raises:
        InputError: for any other one, such as another crop in another scikit-image.
    """
    found = hashlib.sha256(pixels.tobytes()).hexdigest()
    if found != PIXELS_SHA256:
        raise InputError(
            f"benchmark.name: coins: expected the pixels of skimage.data.coins() with SHA-256 {PIXELS_SHA256}, "
            f"found {found}, {pixels.shape[1]}x{pixels.shape[0]} px, in scikit-image {version('scikit-image')}."
        )
    return pixels


def annotated(out: Path, picture: Path) -> Coco:
    """coins.json for the copy of the photograph in `out`; masks become run lengths, as everywhere in this project."""
    coco = read_coco(OUTLINES, picture.parent)
    (image,) = coco["images"]
    size_wh = image["width"], image["height"]
    return {
        "images": [image_entry(image["id"], picture, out, size_wh)],
        "annotations": [{**a, **_mask(a["segmentation"], size_wh)} for a in coco["annotations"]],
        "categories": coco["categories"],
    }


def _mask(polygons: list[list[float]], size_wh: tuple[int, int]) -> dict[str, Any]:
    """Run lengths and their area, px."""
    width, height = size_wh
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return {
        "segmentation": {"size": [height, width], "counts": rle["counts"].decode("ascii")},
        "area": int(coco_mask.area(rle)),
    }
