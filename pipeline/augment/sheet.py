"""Augmented examples as pictures: rows of one object or picture, a column for each draw."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipeline.augment.real_look import RealLook
from pipeline.augment.targets import CLASS_MAP
from pipeline.class_overlay import draw_map
from pipeline.coco import Coco, names_of, subset
from pipeline.dataset import CONTEXT, by_image, load_crops, load_pictures
from pipeline.draw import Box, draw_boxes, scaled
from pipeline.learner import crop_batches, picture_batches
from pipeline.params import Classifier, OnPictures, Segmenter
from pipeline.table import Cell
from pipeline.work import look_of

CELL_PX = 80  # smaller crops are enlarged to this or more
SOME = 30  # images that the objects come from
LEAST_SHARE = 0.01  # of a mixed label that is written

Row = tuple[str, list[Cell]]


def rows_of(
    coco: Coco, images: Path, fit: Classifier | OnPictures, real: Coco | None, shape: tuple[int, int]
) -> list[Row]:
    """Examples in so many rows and columns; they look like those of `real` as far as `augment` says so."""
    annotations = by_image(coco)
    some = subset(coco, [i for i in coco["images"] if annotations[i["id"]]][:SOME])
    look = look_of(real, images, fit)
    if isinstance(fit, Classifier):
        return _crop_rows(some, images, fit, look, shape)
    return _picture_rows(some, images, fit, look, shape)


def _crop_rows(some: Coco, images: Path, fit: Classifier, look: RealLook | None, shape: tuple[int, int]) -> list[Row]:
    names, crops = names_of(some), load_crops(some, images, fit, CONTEXT)
    batch = crop_batches(crops, fit, len(names), look)
    chosen = in_turn(crops.labels.tolist())[: shape[0]]
    columns = [crop_cells(_drawn(batch, chosen, step), names) for step in range(shape[1])]
    return _turned([names[int(crops.labels[n]) + 1] for n in chosen], columns)


def _picture_rows(
    some: Coco, images: Path, fit: OnPictures, look: RealLook | None, shape: tuple[int, int]
) -> list[Row]:
    wanted = frozenset({CLASS_MAP}) if isinstance(fit, Segmenter) else frozenset[str]()
    names, pictures = names_of(some), load_pictures(some, images, wanted)
    batch = picture_batches(pictures, fit, look)
    chosen = list(range(min(shape[0], len(pictures.images))))
    columns = [picture_cells(_drawn(batch, chosen, step), names) for step in range(shape[1])]
    return _turned([f"image {pictures.image_ids[n]}" for n in chosen], columns)


def _turned(titles: list[str], columns: list[list[Cell]]) -> list[Row]:
    """Columns -> rows under their titles."""
    return [(title, list(cells)) for title, cells in zip(titles, zip(*columns, strict=True), strict=True)]


def in_turn(labels: list[int]) -> list[int]:
    """Indices: the first example of every category, then the second ones."""
    seen: defaultdict[int, int] = defaultdict(int)
    places = []
    for index, label in enumerate(labels):
        places.append((seen[label], label, index))
        seen[label] += 1
    return [index for _, _, index in sorted(places)]


def _drawn(batch: Callable[[list[int]], Any], chosen: list[int], step: int) -> Any:
    torch.manual_seed(step)
    return batch(chosen)


def crop_cells(batch: tuple[Tensor, Tensor], names: Mapping[int, str]) -> list[Cell]:
    """Crops, with their shares of the categories where they are mixed."""
    crops, labels = batch
    factor = max(1, -(-CELL_PX // crops.shape[-1]))
    captions = [shares(label, names) if labels.ndim == 2 else "" for label in labels]
    return [Cell(scaled(as_image(c), factor), text) for c, text in zip(crops, captions, strict=True)]


def picture_cells(batch: tuple[list[Tensor], list[dict[str, Tensor]]], names: Mapping[int, str]) -> list[Cell]:
    """Crops with the boxes of their targets, or with their class maps."""
    return [Cell(_with_target(as_image(crop), target, names)) for crop, target in zip(*batch, strict=True)]


def _with_target(crop: Image.Image, target: dict[str, Tensor], names: Mapping[int, str]) -> Image.Image:
    if CLASS_MAP in target:
        return draw_map(np.asarray(crop), target[CLASS_MAP][0].numpy(), names)
    return draw_boxes(crop, boxes_of(target, names), font_px=10)


def boxes_of(target: dict[str, Tensor], names: Mapping[int, str]) -> list[Box]:
    corners = zip(target["boxes"].tolist(), target["labels"].tolist(), strict=True)
    return [Box((x0, y0, x1 - x0, y1 - y0), names[label]) for (x0, y0, x1, y1), label in corners]


def shares(label: Tensor, names: Mapping[int, str]) -> str:
    """The names of a mixed label [categories], the largest share first."""
    parts = [(float(label[n]), names[n + 1]) for n in label.argsort(descending=True).tolist()]
    return ", ".join(f"{name} {part:.2f}" for part, name in parts if part >= LEAST_SHARE)


def as_image(crop: Tensor) -> Image.Image:
    """[C, H, W] in 0 .. 1, of one channel or three."""
    pixels = (crop.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    return Image.fromarray(pixels.expand(-1, -1, 3).numpy())
