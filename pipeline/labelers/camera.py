"""How an image was taken: `camera`, {kind, intrinsics, distortion, world_to_camera}; beyond COCO's own fields.

In OpenCV's conventions, see pipeline.frame.Camera: a point of the world (m) lies at world_to_camera @ point.
"""

from typing import Any

from pipeline.frame import Frame
from pipeline.labelers.rounding import METRES, rounded


def encode_image(frame: Frame) -> dict[str, Any]:
    if frame.camera is None:
        return {}
    camera = {
        "kind": frame.camera.kind,
        "intrinsics": [rounded(row, METRES) for row in frame.camera.intrinsics],
        "distortion": rounded(frame.camera.distortion, METRES),
        "world_to_camera": [rounded(row, METRES) for row in frame.camera.world_to_camera],
    }
    return {"camera": camera}
