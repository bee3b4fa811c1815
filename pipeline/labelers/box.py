"""Tight box around the visible pixels: COCO's `bbox` [x, y, w, h] in px."""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    return {"bbox": list(region.box_xywh), "iscrowd": 0}
