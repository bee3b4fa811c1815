"""Objects for the classifier, and its worst mistakes on real test images, picked by a rule and not by hand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.coco import Coco, names_of
from pipeline.draw import scaled
from pipeline.metrics.classifier import wrong_names
from pipeline.metrics.inputs import Results, objects
from pipeline.report.gallery import Shown, embed, open_rgb

CROP_PX = 112  # longer side of a crop, at most


@dataclass(frozen=True)
class Mistakes:
    """Those shown, the worst first, and how many there are in all."""

    shown: list[Shown]
    total: int
    of: int  # objects


def crop_examples(coco: Coco, images: Path, count: int, margin: float, what: str) -> list[Shown]:
    """`count` objects, evenly over the file, with `margin` box sizes around; `what` says what kind they are."""
    annotations = objects(coco)
    picked = np.linspace(0, len(annotations) - 1, min(count, len(annotations))).round().astype(int)
    names, files = names_of(coco), {i["id"]: i["file_name"] for i in coco["images"]}
    shown = []
    for a in (annotations[n] for n in picked):
        file_name, name = files[a["image_id"]], names[a["category_id"]]
        picture = crop(open_rgb(images / file_name), a["bbox"], margin)
        shown.append(embed(picture, f"{what} object of {file_name}: {name}", name, exact=True))
    return shown


def classifier_mistakes(coco: Coco, results: Results, images: Path, count: int, margin: float) -> Mistakes:
    """The most confident wrong names, as crops with `margin` box sizes around."""
    truth = {a["id"]: a["category_id"] for a in objects(coco)}
    wrong = wrong_names(coco, results)
    worst = sorted(wrong, key=lambda r: -float(r["score"]))[:count]
    names, files = names_of(coco), {i["id"]: i["file_name"] for i in coco["images"]}
    shown = []
    for r in worst:
        actual, named = names[truth[r["annotation_id"]]], names[r["category_id"]]
        caption = f"true {actual}, predicted {named}, {r['score']:.2f}"
        picture = crop(open_rgb(images / files[r["image_id"]]), r["bbox"], margin)
        shown.append(embed(picture, f"Crop of {files[r['image_id']]}: {caption}", caption, exact=True))
    return Mistakes(shown, len(wrong), len(truth))


def window(size_wh: tuple[int, int], box_xywh: list[float], around: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the box's surroundings: a square as far as the picture reaches, never empty."""
    x, y, w, h = box_xywh
    reach = max(w, h) * (0.5 + around)
    low = np.floor([x + w / 2 - reach, y + h / 2 - reach]).astype(int).clip(0, np.array(size_wh) - 1)
    high = np.ceil([x + w / 2 + reach, y + h / 2 + reach]).astype(int).clip(low + 1, size_wh)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def crop(picture: Image.Image, box_xywh: list[float], around: float) -> Image.Image:
    """The box with its surroundings; small ones stay as they are, and the page enlarges them."""
    part = picture.crop(window(picture.size, box_xywh, around))
    return scaled(part, min(1.0, CROP_PX / max(part.size)))
