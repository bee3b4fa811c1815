"""Evaluated meshes -> silhouettes in the picture: amodal boxes and areas, truncation."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.raster import fill_triangles

Floats = npt.NDArray[np.float64]


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
    """Matrix [3, 4] that takes homogeneous world points to homogeneous pixels, the third part being the depth in m.

    Pixels: x to the right, y down, (0, 0) the outer corner of the upper left pixel.
    """
    width_px, height_px = size_wh
    graph = bpy.context.evaluated_depsgraph_get()
    window = np.asarray(camera.calc_matrix_camera(graph, x=width_px, y=height_px), np.float64)
    view = np.asarray(camera.evaluated_get(graph).matrix_world.inverted(), np.float64)
    clip = (window @ view)[[0, 1, 3]]  # x, y in -1 .. 1 with y up, and w
    to_px = np.array([[width_px / 2, 0, width_px / 2], [0, -height_px / 2, height_px / 2], [0, 0, 1]])
    return np.asarray(to_px @ clip)


def project(points: Floats, matrix: Floats) -> tuple[Floats, Floats]:
    """World points [..., 3] -> pixels [..., 2] and the w of the projection [...] (positive before the camera)."""
    homogeneous = points @ matrix[:, :3].T + matrix[:, 3]
    return homogeneous[..., :2] / homogeneous[..., 2:], homogeneous[..., 2]


def silhouette(triangles: Floats, matrix: Floats, size_wh: tuple[int, int]) -> Silhouette | None:
    """Silhouette of world triangles [N, 3, 3]; None for what is behind the camera or smaller than a pixel.

    An object that reaches behind the camera counts with its triangles before it.
    """
    corners_px, w = project(triangles, matrix)
    corners_px = corners_px[(w > 1e-6).all(axis=1)]
    if not len(corners_px):
        return None
    low, high = corners_px.min(axis=(0, 1)), corners_px.max(axis=(0, 1))
    origin = np.floor(low).astype(int)
    mask = fill_triangles(corners_px - origin, tuple(np.ceil(high - origin).astype(int)))
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
