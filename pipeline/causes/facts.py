"""What is known of images and objects that may make them hard: the dimensions that a gap is taken apart by.

`size`: square root of the part of the image that the box covers. `brightness`: mean luma of the image, 0 to 1.
`density`: objects in the image. `visibility`: `visible_fraction` of the labels, which only rendered images have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.causes.boxes import Bools, Floats, Ints, Objects, objects_of
from pipeline.coco import Coco
from pipeline.metrics.inputs import objects
from pipeline.statistics import brightness

SIZE, VISIBILITY = "size", "visibility"
THIRDS = {  # by thirds of real test, from low to high
    SIZE: ("small", "medium", "large"),
    "brightness": ("dark", "medium", "bright"),
    "density": ("few", "medium", "many"),
}
VISIBLE = ("mostly hidden", "partly hidden", "in full view")
VISIBLE_EDGES = (0.5, 0.95)


@dataclass(frozen=True)
class Facts:
    """Of one split: N images by ascending id, M objects."""

    of: Objects
    area_px: Floats  # [N]
    by_image: Mapping[str, Floats]  # dimension -> [N]
    visible_fraction: Floats  # [M], NaN where the labels do not say

    def values(self, dimension: str, image: Ints, box_xywh: Floats) -> Floats:
        """Of boxes [P, 4] on the images of these indices [P], be they true or predicted."""
        if dimension == SIZE:
            size: Floats = np.sqrt(box_xywh[:, 2:].clip(min=0).prod(axis=1) / self.area_px[image])
            return size
        of_images: Floats = self.by_image[dimension]
        return of_images[image]

    def thirds(self, dimension: str) -> Floats:
        """Inner edges, at most two: of objects for sizes, of images for the rest. Fewer where many are the same."""
        size = dimension == SIZE
        values = self.values(SIZE, self.of.image, self.of.box_xywh) if size else self.by_image[dimension]
        edges: Floats = np.unique(np.quantile(values, [1 / 3, 2 / 3]))
        return edges


def facts_of(truth: Coco, images: Path) -> Facts:
    """Facts of a split; its pictures, which are read for their brightness, lie under `images`."""
    of, by_id = objects_of(truth), sorted(truth["images"], key=lambda i: int(i["id"]))
    return Facts(
        of,
        np.array([i["width"] * i["height"] for i in by_id], dtype=np.float64),
        {
            "brightness": np.array([_brightness(images / i["file_name"]) for i in by_id]),
            "density": np.bincount(of.image, minlength=of.images).astype(np.float64),
        },
        np.array([a.get("visible_fraction", np.nan) for a in objects(truth)], dtype=np.float64),
    )


_brightness = cache(brightness)  # tasks share their pictures


@dataclass(frozen=True)
class Part:
    """Values above `low` up to `high`; None: no end."""

    name: str
    low: float | None
    high: float | None

    def holds(self, values: Floats) -> Bools:
        above = values > (-np.inf if self.low is None else self.low)
        return above & (values <= (np.inf if self.high is None else self.high))


def parts_of(names: tuple[str, ...], edges: Floats) -> list[Part]:
    """One more than there are edges, the first and the last without an end; of two the names of the outer ones."""
    used = names if len(edges) == len(names) - 1 else (names[0], names[-1])[: len(edges) + 1]
    ends = [None, *map(float, edges), None]
    return [Part(name, low, high) for name, low, high in zip(used, ends, ends[1:], strict=False)]
