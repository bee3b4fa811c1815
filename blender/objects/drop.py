"""Objects fall onto the ground that the camera sees, and lie as they come to rest: on their sides, on each other."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from blender.facts.mesh import Mesh, read_mesh
from blender.facts.view import projection
from blender.objects.physics import settle
from blender.rays import ground_point
from blender.world import World

Floats = npt.NDArray[np.float64]

NEAR = 0.05  # of an object's size: one this near to the ground lies on it


def drop(world: World, places: Floats, falls: list[dict[str, float]], margin: float) -> list[bool]:
    """Let each object fall at its place, a part of the picture [objects, 2]; returns which of them lie in the picture.

    `falls`: of each its free height (`height_m`), and the angle (`tilt_rad`) by which it is tilted before, about the
    horizontal axis in the direction `axis_rad`.
    """
    meshes = [read_mesh(o.object) for o in world.objects]
    spots = [ground_point(world, place, margin) for place in places]
    seen = [len(m.points_m) > 0 and bool(np.isfinite(s).all()) for m, s in zip(meshes, spots, strict=True)]
    chosen = [i for i, s in enumerate(seen) if s]
    starts = _starts([meshes[i] for i in chosen], [spots[i] for i in chosen], [falls[i] for i in chosen])
    for i, pose in zip(chosen, settle([meshes[i].points_m for i in chosen], starts), strict=True):
        if pose is None or not _in_picture(world, pose, margin):
            seen[i] = False
        else:
            _put(world.objects[i].object, meshes[i], pose)
    return seen


def _starts(meshes: list[Mesh], spots: list[Floats], falls: list[dict[str, float]]) -> list[Floats]:
    """Where each begins, [4, 4]: tilted, over its spot, and over those before that are in its way."""
    starts: list[Floats] = []
    balls: list[tuple[Floats, float]] = []  # that hold the objects so far
    for mesh, spot, fall in zip(meshes, spots, falls, strict=True):
        radius_m = float(np.linalg.norm(mesh.points_m, axis=1).max(initial=0.0))
        middle = np.array([*spot, fall["height_m"] + radius_m])
        for other, other_m in sorted(balls, key=lambda b: float(b[0][2])):
            reach_m, apart_m = 1.05 * (radius_m + other_m), math.dist(spot, other[:2])
            if np.linalg.norm(middle - other) < reach_m:
                middle[2] = other[2] + math.sqrt(reach_m**2 - apart_m**2)
        balls.append((middle, radius_m))
        starts.append(_tilted(mesh, middle, fall))
    return starts


def _tilted(mesh: Mesh, middle: Floats, fall: dict[str, float]) -> Floats:
    """The object's pose there: the tilt comes on top of its own rotation."""
    axis = (math.cos(fall["axis_rad"]), math.sin(fall["axis_rad"]), 0.0)
    start = np.eye(4)
    start[:3, :3] = np.asarray(Matrix.Rotation(fall["tilt_rad"], 3, axis)) @ mesh.to_world[:3, :3]
    start[:3, 3] = middle
    return start


def _in_picture(world: World, pose: Floats, margin: float) -> bool:
    """Whether the object's origin is seen; a margin below 0 lets objects lie beyond the border."""
    x, y, depth_m, w = projection(world.camera, world.size_wh) @ pose[:, 3]
    part = np.array([x, y]) / w / world.size_wh
    beyond = max(0.0, -margin)
    return bool(depth_m > 0 and (part >= -beyond).all() and (part <= 1 + beyond).all())


def _put(thing: Any, mesh: Mesh, pose: Floats) -> None:
    """Move the object there. The engine keeps a small distance: what lies on the ground is lowered onto it."""
    at = pose.copy()
    lowest_m = float((mesh.points_m @ pose[2, :3]).min() + pose[2, 3])
    if lowest_m < NEAR * np.linalg.norm(np.ptp(mesh.points_m, axis=0)):
        at[2, 3] -= lowest_m
    thing.matrix_basis = Matrix(at) @ Matrix.Diagonal((*np.diag(mesh.scale), 1.0))
