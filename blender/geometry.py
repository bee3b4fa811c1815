"""Evaluated meshes -> silhouettes in the picture: amodal boxes and areas, truncation."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.raster import fill_triangles

Floats = npt.NDArray[np.float64]

NEAREST_M = 1e-6  # before the camera
REACH = 2  # picture sides beyond the border: pixels farther out are not counted, they could be endlessly many


@dataclass(frozen=True)
class Silhouette:
    """The picture of an object as if nothing hid it and the picture had no border."""

    box_xyxy: tuple[float, float, float, float]  # px, x to the right and y down from the upper left corner
    area_px: int
    truncated_fraction: float  # part of `area_px` that lies outside of the picture


def world_triangles(thing: Any) -> Floats:
    """Triangles of an object with its modifiers and curve bevels applied, in the world: [N, 3, 3] m."""
    evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    vertices = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", vertices)
    corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    evaluated.to_mesh_clear()
    matrix = np.asarray(evaluated.matrix_world, np.float64)
    points = vertices.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
    return np.asarray(points[corners].reshape(-1, 3, 3))


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


def project(triangles: Floats, matrix: Floats) -> Floats:
    """World triangles [N, 3, 3] -> pixels [M, 3, 2] of those that lie before the camera."""
    homogeneous = triangles @ matrix[:, :3].T + matrix[:, 3]
    seen = homogeneous[(homogeneous[..., 2] > NEAREST_M).all(axis=1)]
    return np.asarray(seen[..., :2] / seen[..., 3:])


def silhouette(triangles: Floats, matrix: Floats, size_wh: tuple[int, int]) -> Silhouette | None:
    """Silhouette of world triangles [N, 3, 3]; None for what is behind the camera, far outside of the picture, or
    smaller than a pixel.

    An object that reaches behind the camera counts with its triangles before it.
    """
    corners_px = project(triangles, matrix)
    if not len(corners_px):
        return None
    low, high = corners_px.min(axis=(0, 1)), corners_px.max(axis=(0, 1))
    reach_px = REACH * max(size_wh)
    origin = np.floor(low).clip(-reach_px).astype(int)
    end = np.ceil(high).clip(None, np.add(size_wh, reach_px)).astype(int)
    mask = fill_triangles(corners_px - origin, (int(end[0] - origin[0]), int(end[1] - origin[1])))
    area_px = int(mask.sum())
    if not area_px:
        return None
    inside_px = int(_within(mask, origin, size_wh).sum())
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Silhouette(box_xyxy=box, area_px=area_px, truncated_fraction=1 - inside_px / area_px)


def _within(mask: npt.NDArray[np.bool_], origin: Any, size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The part of a mask, whose upper left pixel is at `origin`, that lies in the picture."""
    x, y = int(origin[0]), int(origin[1])
    return mask[max(0, -y) : max(0, size_wh[1] - y), max(0, -x) : max(0, size_wh[0] - x)]
