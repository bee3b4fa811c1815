"""The camera in the conventions of computer vision: from Blender's to OpenCV's."""

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.world import World
from pipeline.frame import Camera

Floats = npt.NDArray[np.float64]

OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])  # Blender's camera looks along -z with y up


def projection(camera: Any, size_wh: tuple[int, int]) -> Floats:
    """Matrix [4, 4] that takes homogeneous world points to (x w, y w, depth in m before the camera, w).

    Pixels x, y: to the right and down, (0, 0) the outer corner of the upper left pixel. w is 1 for an orthographic
    camera, the depth for a perspective one.
    """
    width_px, height_px = size_wh
    graph = bpy.context.evaluated_depsgraph_get()
    window = np.asarray(camera.calc_matrix_camera(graph, x=width_px, y=height_px), np.float64)
    view = np.asarray(camera.evaluated_get(graph).matrix_world.inverted(), np.float64)
    x, y, _, w = window @ view  # x, y in -1 .. 1 with y up
    return np.stack([(x + w) * width_px / 2, (w - y) * height_px / 2, -view[2], w])


def world_to_camera(camera: Any) -> Floats:
    """[4, 4]: x to the right, y down, z forward, m."""
    graph = bpy.context.evaluated_depsgraph_get()
    return np.asarray(OPENCV @ np.asarray(camera.evaluated_get(graph).matrix_world.inverted(), np.float64))


def camera_facts(world: World) -> Camera:
    """How the view is taken."""
    view = world_to_camera(world.camera)
    x, y, _, _ = projection(world.camera, world.size_wh) @ np.linalg.inv(view)
    orthographic = world.camera.data.type == "ORTHO"
    cx, cy = (x[3], y[3]) if orthographic else (x[2], y[2])
    lens = world.lens
    return Camera(
        kind="orthographic" if orthographic else "perspective",
        intrinsics=((_f(x[0]), 0.0, _f(cx - 0.5)), (0.0, _f(y[1]), _f(cy - 0.5)), (0.0, 0.0, 1.0)),
        distortion=(lens.k1, lens.k2, lens.p1, lens.p2, lens.k3) if lens and not orthographic else (0.0,) * 5,
        world_to_camera=rows(view),
    )


def _f(value: float) -> float:
    return round(float(value), 6)


def rows(matrix: Floats) -> Any:
    """A matrix [4, 4] as the nested tuples of a frame's facts; 1e-9 is beyond what 32 bit poses carry."""
    return tuple(tuple(round(float(v), 9) for v in row) for row in matrix)
