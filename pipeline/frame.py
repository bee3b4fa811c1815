"""The contract between blender/ and pipeline/: one rendered view and the facts about what is in it.

`frame_files.py` says how it lies on disk.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Point = tuple[float, float, float]
Row = tuple[float, float, float, float]
Pose = tuple[Row, Row, Row, Row]
IDENTITY: Pose = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Camera:
    """How the view was taken, in OpenCV's conventions: x to the right, y down, z forward, m.

    Pixel centres lie at whole numbers for `intrinsics`, so a centred principal point is ((W - 1) / 2, (H - 1) / 2).
    Of an orthographic camera the focal lengths are px / m and depth does not divide.
    """

    kind: Literal["perspective", "orthographic"]
    intrinsics: tuple[Point, Point, Point]  # [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]
    distortion: tuple[float, float, float, float, float]  # k1, k2, p1, p2, k3 of OpenCV
    world_to_camera: Pose


@dataclass(frozen=True)
class Keypoint:
    """A named point of an object, before the camera."""

    name: str
    xy_px: tuple[float, float]  # like boxes: (0, 0) is the outer corner of the upper left pixel; may leave the image
    depth_m: float
    behind_m: float | None  # how far behind the surface that its pixel shows; None outside of the image


@dataclass(frozen=True)
class Instance:
    """One object of a known category in a frame, seen or not."""

    id: int  # its value in `Frame.ids`, from 1; the same in every frame of a sequence
    category: str
    amodal_box_xyxy: tuple[float, float, float, float]  # px; of the whole silhouette, may leave the image
    amodal_area_px: int  # pixels of the whole silhouette, also those hidden or outside of the image
    truncated_fraction: float  # part of the silhouette that lies outside of the image
    drawn: dict[str, Any] = field(default_factory=dict)  # values drawn for it
    object_to_camera: Pose = IDENTITY  # rotation and translation, no scale
    box_3d_centre_m: Point = (0.0, 0.0, 0.0)  # in the object's own axes
    box_3d_size_m: Point = (0.0, 0.0, 0.0)
    keypoints: tuple[Keypoint, ...] = ()  # those before the camera
    place: int = 0  # in the lists of values that randomizers drew: what found no room has a place there, but no id


@dataclass(frozen=True)
class Frame:
    """Pixels of one view and the facts about them."""

    split: str
    index: int
    rgb: npt.NDArray[np.uint8]  # [H, W, 3]
    ids: npt.NDArray[np.uint16]  # [H, W], instance ids, exact: not antialiased
    categories: tuple[str, ...]
    instances: tuple[Instance, ...]
    drawn: dict[str, Any] = field(default_factory=dict)  # values drawn, by randomizer
    camera: Camera | None = None
    keypoint_names: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by category
    sequence: int = 0  # frames of one sequence show the same objects
    step: int = 0  # from 0, within the sequence
    device: str = "cpu"  # that rendered it
    layers: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)  # depth, normals, flow
    sha256: dict[str, str] = field(default_factory=dict)  # of its files, when it was read from them
