"""Optical flow from depth, ids and motion: where the surface seen at each pixel will be in the next frame.

Computed from the facts rather than rendered: Cycles' vector pass excludes motion blur and knows nothing of a lens that
distorts. Exact for rigid motion.
"""

import numpy as np
import numpy.typing as npt

from blender.picture.lens import lens_of
from blender.picture.warp import undistorted_grid
from pipeline.frame import Camera

Floats = npt.NDArray[np.float64]

FAR_M = 1e6  # instead of endless


def optical_flow(
    depth_m: npt.NDArray[np.float32],
    ids: npt.NDArray[np.uint16],
    camera: Camera,
    object_moves: list[Floats],
    camera_move: Floats,
) -> npt.NDArray[np.float32]:
    """Flow [H, W, 2] in px, x to the right and y down; 0 where depth is infinite and nothing is known, or
    where it leaves what the camera can show.

    `object_moves`: [4, 4] in the world, of the instances 1, 2, ...; all else stands still. `camera_move` likewise.
    """
    points = unproject(depth_m, camera)  # [H, W, 3]
    view = np.array(camera.world_to_camera)
    to_next = view @ np.linalg.inv(camera_move) @ np.linalg.inv(view)  # of what stands still, in camera axes
    after = _moved(points, to_next)
    for number, move in enumerate(object_moves, start=1):
        here = ids == number
        after[here] = _moved(points[here], to_next @ view @ move @ np.linalg.inv(view))
    flow = pixels_of(after, camera) - pixels_of(points, camera)
    return np.where(np.isfinite(depth_m)[..., None] & np.isfinite(flow), flow, 0).astype(np.float32)


def _moved(points: Floats, matrix: Floats) -> Floats:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def unproject(depth_m: npt.NDArray[np.float32], camera: Camera) -> Floats:
    """The point [H, W, 3] m, in camera axes, that each pixel centre shows; far away where nothing is."""
    height_px, width_px = depth_m.shape
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics
    x, y = np.meshgrid(np.arange(width_px), np.arange(height_px))
    lens = lens_of(camera)
    if lens is not None:
        x, y = np.moveaxis(undistorted_grid(lens, camera.intrinsics, (width_px, height_px)), -1, 0)
    depth = np.where(np.isfinite(depth_m), depth_m, FAR_M).astype(np.float64)
    across = depth if camera.kind == "perspective" else 1.0
    return np.stack([(x - cx) / fx * across, (y - cy) / fy * across, depth], axis=-1)


def pixels_of(points: Floats, camera: Camera) -> Floats:
    """Where points [..., 3] in camera axes are seen: [..., 2], pixel centres at whole numbers; nan behind it."""
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics
    depth = points[..., 2:]
    xy = points[..., :2] / np.where(depth > 0, depth, np.nan) if camera.kind == "perspective" else points[..., :2]
    lens = lens_of(camera)
    return np.asarray((xy if lens is None else lens.distort(xy)) * [fx, fy] + [cx, cy])
