"""Where an object is and how it is turned: `pose`, {rotation [3, 3], translation_m [3]}; beyond COCO's own fields.

It takes a point of the object's own axes to the camera, p_camera = rotation p_object + translation_m, in OpenCV's axes:
x to the right, y down, z forward. BOP calls these cam_R_m2c and cam_t_m2c, there in mm.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers.rounding import METRES, rounded
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    if frame.camera is None:
        return {}
    rows = instance.object_to_camera[:3]
    rotation = [rounded(row[:3], METRES) for row in rows]
    return {"pose": {"rotation": rotation, "translation_m": rounded([row[3] for row in rows], METRES)}}
