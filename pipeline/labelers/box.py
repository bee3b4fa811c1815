"""Box around the visible pixels: COCO's `bbox` [x, y, w, h] in px, tight unless `labels.box_margin` says otherwise.

People draw boxes with room around the object, each in their own way; a tight box then overlaps theirs by two thirds.
The margin is the convention of the benchmark, to be measured on its train split.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers.rounding import PX, rounded
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    height_px, width_px = frame.ids.shape
    box_xywh = with_margin(region.box_xywh, labels.box_margin, (width_px, height_px))
    return {"bbox": rounded(box_xywh, PX) if labels.box_margin else list(region.box_xywh), "iscrowd": 0}


def with_margin(
    box_xywh: tuple[float, float, float, float], margin: float, size_wh: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The box with `margin` of its sides added at each side, as far as the picture goes."""
    x, y, w, h = box_xywh
    left, top = max(0.0, x - margin * w), max(0.0, y - margin * h)
    right, bottom = min(float(size_wh[0]), x + w + margin * w), min(float(size_wh[1]), y + h + margin * h)
    return left, top, right - left, bottom - top
