"""The box in space around all of an object: `bbox_3d`, {centre_m [3], size_m [3]}; beyond COCO's own fields.

Its sides are along the object's own axes, and `centre_m` is given in them; `pose` takes them to the camera.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers.rounding import METRES, rounded
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    if frame.camera is None:
        return {}
    centre_m, size_m = instance.box_3d_centre_m, instance.box_3d_size_m
    return {"bbox_3d": {"centre_m": rounded(centre_m, METRES), "size_m": rounded(size_m, METRES)}}
