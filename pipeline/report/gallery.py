"""Pictures in the page: examples with their boxes."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.coco import Coco, names_of
from pipeline.draw import Box, draw_boxes, predicted_boxes, true_boxes
from pipeline.matching import Matched
from pipeline.photo import load_picture

SHOWN_PX = 640  # longer side
FONT_PX = 19  # the page shows pictures at about 0.6 of their size
QUALITY = 60  # of WebP


@dataclass(frozen=True)
class Shown:
    """A picture as the page shows it."""

    uri: str
    alt: str
    width_px: int
    height_px: int
    caption: str


def embed(picture: Image.Image, alt: str, caption: str = "", exact: bool = False) -> Shown:
    """A picture as a data URI: the page needs no other file. `exact` keeps every pixel, for very small ones."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4, lossless=exact)
    uri = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Shown(uri, alt, picture.width, picture.height, caption)


def open_rgb(path: Path) -> Image.Image:
    return Image.fromarray(load_picture(path))


def spread(coco: Coco, count: int) -> list[dict[str, Any]]:
    """`count` images, evenly over the file: no one has chosen them."""
    images = coco["images"]
    picked = np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)
    return [images[n] for n in picked]


def fit(size_wh: tuple[int, int], longer_px: int) -> float:
    """The scale that makes the longer side about `longer_px`: whole when it enlarges, to keep pixels as they are."""
    scale = longer_px / max(size_wh)
    return float(round(scale)) if scale > 1 else scale


def true_examples(coco: Coco, images: Path, count: int, what: str) -> list[Shown]:
    """Pictures with true boxes; `what` says what kind they are."""
    return [_with_truth(coco, images, i, what) for i in spread(coco, count)]


def _with_truth(coco: Coco, images: Path, image: Mapping[str, Any], what: str) -> Shown:
    names = names_of(coco)
    annotations = [a for a in coco["annotations"] if a["image_id"] == image["id"]]
    picture = open_rgb(images / image["file_name"])
    drawn = draw_boxes(picture, true_boxes(annotations, names), fit(picture.size, SHOWN_PX), FONT_PX)
    listed = ", ".join(names[a["category_id"]] for a in annotations) or "none"
    return embed(drawn, f"{what} {image['file_name']} with true boxes: {listed}", image["file_name"])


def boxes_of(matched: Matched, names: Mapping[int, str]) -> list[Box]:
    """True and predicted boxes; a true name only where the object was missed, so that the picture stays readable."""
    missed = [t for n, t in enumerate(matched.truth) if n in matched.missed]
    found = [t for n, t in enumerate(matched.truth) if n not in matched.missed]
    silent = [Box(b.box_xywh) for b in true_boxes(found, names)]
    return [*silent, *true_boxes(missed, names), *predicted_boxes(matched.predictions, names)]
