"""The facts about every labelled object: silhouette, pose, 3D box, keypoints."""

import numpy as np
import numpy.typing as npt

from blender.facts.bend import bend_of
from blender.facts.geometry import NEAREST_M, silhouette
from blender.facts.mesh import Mesh, read_mesh
from blender.facts.view import camera_facts, projection, rows
from blender.picture.lens import lens_of
from blender.world import Labelled, World
from pipeline.frame import Camera, Instance, Keypoint

Floats = npt.NDArray[np.float64]


def instances(world: World, depth_m: npt.NDArray[np.float32]) -> tuple[Instance, ...]:
    """Every labelled object that the camera could see if nothing hid it.

    `depth_m` [H, W] is the depth of the surface at each pixel centre; by it keypoints are hidden or not.
    """
    matrix, camera = projection(world.camera, world.size_wh), camera_facts(world)
    found = (_instance(number, o, matrix, camera, depth_m) for number, o in enumerate(world.objects, start=1))
    return tuple(i for i in found if i is not None)


def _instance(
    number: int, labelled: Labelled, matrix: Floats, camera: Camera, depth_m: npt.NDArray[np.float32]
) -> Instance | None:
    mesh = read_mesh(labelled.object)
    size_wh = (depth_m.shape[1], depth_m.shape[0])
    shape = silhouette(mesh.triangles, matrix, size_wh, bend_of(camera, size_wh))
    if shape is None:
        return None
    low, high = mesh.points_m.min(axis=0), mesh.points_m.max(axis=0)
    return Instance(
        id=number,
        category=labelled.category,
        amodal_box_xyxy=shape.box_xyxy,
        amodal_area_px=shape.area_px,
        truncated_fraction=shape.truncated_fraction,
        drawn=labelled.drawn,
        place=labelled.place,
        object_to_camera=rows(np.array(camera.world_to_camera) @ mesh.to_world),
        box_3d_centre_m=_point((low + high) / 2),
        box_3d_size_m=_point(high - low),
        keypoints=_keypoints(labelled, mesh, matrix, camera, depth_m),
    )


def _point(values: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(v), 6) for v in values)
    return x, y, z


def _keypoints(
    labelled: Labelled, mesh: Mesh, matrix: Floats, camera: Camera, depth_m: npt.NDArray[np.float32]
) -> tuple[Keypoint, ...]:
    """The named points that lie before the camera and that its lens can show."""
    if not labelled.keypoints:
        return ()
    own = np.array(list(labelled.keypoints.values())) @ mesh.scale.T  # [K, 3]
    in_world = own @ mesh.to_world[:3, :3].T + mesh.to_world[:3, 3]
    x, y, depth, w = matrix[:, :3] @ in_world.T + matrix[:, 3:]
    before = depth > NEAREST_M
    xy_px = np.stack([x, y], axis=-1) / np.where(before, w, 1.0)[:, None]
    lens = lens_of(camera)
    if lens is not None:
        xy_px = lens.distort_px(xy_px, camera.intrinsics)
    good = before & np.isfinite(xy_px).all(axis=-1)
    seen = zip(labelled.keypoints, xy_px, depth, good, strict=True)
    return tuple(_keypoint(name, (x, y), d, depth_m) for name, (x, y), d, shown in seen if shown)


def _keypoint(name: str, xy_px: tuple[float, float], depth: float, depth_m: npt.NDArray[np.float32]) -> Keypoint:
    x, y = (round(float(v), 3) for v in xy_px)
    height_px, width_px = depth_m.shape
    inside = 0 <= x < width_px and 0 <= y < height_px
    behind_m = max(-1e6, round(float(depth - depth_m[int(y), int(x)]), 6)) if inside else None  # the sky is far away
    return Keypoint(name, (x, y), round(float(depth), 6), behind_m)
