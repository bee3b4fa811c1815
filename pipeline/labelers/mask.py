"""Visible pixels: COCO's `segmentation` as compressed run lengths, and `area`, their number."""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    return {"segmentation": region.rle(), "area": region.area_px}
