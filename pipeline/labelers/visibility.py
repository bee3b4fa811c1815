"""How much of the object can be seen; fields beyond COCO's own.

`visible_fraction`: visible pixels / pixels of the whole silhouette, those outside of the picture included, as the
BOP challenge defines `visib_fract` (Hodaň et al. 2018). `truncated_fraction`: part of the silhouette outside of the
picture. `amodal_bbox`: [x, y, w, h] of the whole silhouette in px; it may leave the picture. `amodal_area`: its pixels.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers.rounding import FRACTION, PX, rounded
from pipeline.masks import Region
from pipeline.params import Labels


def visible_fraction(instance: Instance, region: Region) -> float:
    """0 .. 1; a silhouette's border may differ from the id pass by single pixels, hence the bound."""
    return min(1.0, region.area_px / instance.amodal_area_px)


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    x0, y0, x1, y1 = instance.amodal_box_xyxy
    return {
        "amodal_bbox": rounded((x0, y0, x1 - x0, y1 - y0), PX),
        "amodal_area": instance.amodal_area_px,
        "visible_fraction": round(visible_fraction(instance, region), FRACTION),
        "truncated_fraction": round(instance.truncated_fraction, FRACTION),
    }
