"""What a dataset is made of: numbers to hold rendered and real images against each other.

Relative sizes and positions are parts of the image's width and height, so that images of any size compare.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, category_names
from pipeline.photo import load_picture

Floats = npt.NDArray[np.float64]
LUMA = (0.299, 0.587, 0.114)  # weights of R, G, B: ITU-R BT.601


@dataclass(frozen=True)
class Statistics:
    """Of N images with M boxes."""

    boxes_per_image: npt.NDArray[np.int64]  # [N]
    brightness: Floats  # [N], mean luma, 0 black to 1 white
    size_px: Floats  # [M, 2], width and height of the boxes
    size_relative: Floats  # [M, 2]
    centre_relative: Floats  # [M, 2], x and y, 0 left or top
    class_counts: dict[str, int]  # in the order of the categories, with those that have no box

    @property
    def aspect(self) -> Floats:
        """[M], width / height."""
        aspect: Floats = self.size_px[:, 0] / self.size_px[:, 1]
        return aspect


def statistics(coco: Coco, images: Path) -> Statistics:
    """Statistics of a checked COCO dict (boxes have a size); its pictures lie under `images`."""
    boxes_xywh = np.array([a["bbox"] for a in coco["annotations"]], dtype=np.float64).reshape(-1, 4)  # [M, 4]
    sizes_wh = {i["id"]: (i["width"], i["height"]) for i in coco["images"]}
    image_wh = np.array([sizes_wh[a["image_id"]] for a in coco["annotations"]], dtype=np.float64).reshape(-1, 2)
    per_image = Counter(a["image_id"] for a in coco["annotations"])
    return Statistics(
        boxes_per_image=np.array([per_image[i["id"]] for i in coco["images"]], dtype=np.int64),
        brightness=np.array([brightness(images / i["file_name"]) for i in coco["images"]], dtype=np.float64),
        size_px=boxes_xywh[:, 2:],
        size_relative=boxes_xywh[:, 2:] / image_wh,
        centre_relative=(boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2) / image_wh,
        class_counts=_class_counts(coco),
    )


def _class_counts(coco: Coco) -> dict[str, int]:
    counts = Counter(a["category_id"] for a in coco["annotations"])
    ids = sorted(int(c["id"]) for c in coco["categories"])
    return {name: counts[i] for i, name in zip(ids, category_names(coco), strict=True)}


def brightness(path: Path) -> float:
    """Mean luma (BT.601, of the stored sRGB values) of a picture: 0 black to 1 white."""
    rgb = load_picture(path).astype(np.float64)  # [H, W, 3]
    return float((rgb.mean(axis=(0, 1)) * LUMA).sum() / 255)


def luma(rgb: npt.NDArray[np.uint8]) -> Floats:
    """Of each pixel of a picture [H, W, 3]: [H, W], 0 black to 1 white."""
    grey: Floats = rgb @ np.array(LUMA) / 255
    return grey
