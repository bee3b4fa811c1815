"""Labels: name -> function that turns an instance and its visible region into fields of a COCO annotation.

Each file holds one kind of label; every annotation carries the fields of all of them. A labeler whose facts a frame
does not have (no camera, no keypoints) gives no fields. docs/labels.md describes every field.
"""

from collections.abc import Callable
from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers import bbox_3d, box, camera, keypoints, mask, pose, symmetry, track, visibility
from pipeline.masks import Region
from pipeline.params import Labels

Labeler = Callable[[Frame, Instance, Region, Labels], dict[str, Any]]
ImageLabeler = Callable[[Frame], dict[str, Any]]

LABELERS: dict[str, Labeler] = {
    "box": box.encode,
    "mask": mask.encode,
    "visibility": visibility.encode,
    "keypoints": keypoints.encode,
    "pose": pose.encode,
    "bbox_3d": bbox_3d.encode,
    "symmetry": symmetry.encode,
    "track": track.encode,
}

IMAGE_LABELERS: dict[str, ImageLabeler] = {  # fields of an image
    "camera": camera.encode_image,
    "track": track.encode_image,
}
