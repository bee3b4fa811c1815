"""Evaluated meshes, as the renderer sees them: modifiers, curve bevels and scale applied."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """An object's surface in its own axes, and where it is."""

    points_m: Floats  # [V, 3], scale applied
    corners: npt.NDArray[np.int32]  # [N, 3], points of each triangle
    to_world: Floats  # [4, 4], rotation and translation alone
    scale: Floats  # [3, 3], what takes the object's unscaled coordinates to `points_m`

    @cached_property
    def triangles(self) -> Floats:
        """[N, 3, 3] m, in the world."""
        points = self.points_m @ self.to_world[:3, :3].T + self.to_world[:3, 3]
        return np.asarray(points[self.corners])


def read_mesh(thing: Any) -> Mesh:
    """The mesh of an object, curve or text after its modifiers."""
    evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    evaluated.to_mesh_clear()
    place, turn, _ = evaluated.matrix_world.decompose()
    to_world = np.eye(4)
    to_world[:3, :3], to_world[:3, 3] = np.asarray(turn.to_matrix()), np.asarray(place)
    scale = to_world[:3, :3].T @ np.asarray(evaluated.matrix_world, np.float64)[:3, :3]
    return Mesh(points.reshape(-1, 3).astype(np.float64) @ scale.T, corners.reshape(-1, 3), to_world, scale)


def world_triangles(thing: Any) -> Floats:
    """Triangles of an object with its modifiers and curve bevels applied, in the world: [N, 3, 3] m."""
    return read_mesh(thing).triangles
