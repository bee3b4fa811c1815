"""The mesh of a die: a cube with rounded edges, cut with a ball, with sunk or printed pips.

In its own axes one is at +z, two at +x, and opposite faces add up to seven. Three is at +y of a right-handed die
(one, two, three counterclockwise about their corner) and at -y of a left-handed one: both are made.
"""

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from blender.objects.pips import PIPS, Style, face

Floats = npt.NDArray[np.float64]

CUT = 30.0  # how sharp the edge between cube and ball is
WELD = 2.0**20  # points nearer than a part of this of a side are one
BODY, INK = 0, 1  # material slots


def normals(right_handed: bool) -> dict[int, tuple[int, int, int]]:
    """Number -> direction of its face in the die's own axes."""
    y = 1 if right_handed else -1
    return {1: (0, 0, 1), 6: (0, 0, -1), 2: (1, 0, 0), 5: (-1, 0, 0), 3: (0, y, 0), 4: (0, -y, 0)}


def upwards(number: int, right_handed: bool) -> Matrix:
    """The rotation [4, 4] that brings a face to the top."""
    up = Vector(normals(right_handed)[number])
    return up.rotation_difference(Vector((0, 0, 1))).to_matrix().to_4x4()


def die_mesh(
    size_m: float,
    style: Style,
    right_handed: bool,
    turned: tuple[bool, ...] = (False,) * 6,
    symbols: dict[int, tuple[int, float]] | None = None,
) -> Any:
    """A mesh about its middle. `turned`: of one to six, whether by a quarter, which two, three and six show;
    `symbols`: number -> (lobes, how deep) of what stands in place of its pips."""
    parts: tuple[list[Floats], list[Floats]] = [], []
    for number, normal in normals(right_handed).items():
        cells = tuple((-r, c) for c, r in PIPS[number]) if turned[number - 1] else PIPS[number]
        sides = face(cells, style, (symbols or {}).get(number))
        for part, flat in zip(parts, sides, strict=True):
            part.append(_bent(flat, np.array(normal, float), style))
    return _mesh([size_m * np.concatenate(part) for part in parts], size_m)


def _bent(flat: Floats, normal: Floats, style: Style) -> Floats:
    """Triangles of a flat face [N, 3, 3] on the die's surface."""
    along = np.roll(abs(normal), 1)
    x, y, sunk = flat[..., :1], flat[..., 1:2], flat[..., 2:]
    return rounded(x * along + y * np.cross(normal, along) + normal / 2, style) - sunk * normal


def rounded(points: Floats, style: Style) -> Floats:
    """Points of the unit cube's surface [..., 3] drawn to that of the die: a smaller cube and `corner` around it, and
    no farther from the middle than about `sphere`."""
    core = points.clip(style.corner - 0.5, 0.5 - style.corner)
    out = points - core
    out *= style.corner / np.linalg.norm(out, axis=-1, keepdims=True)
    far = np.linalg.norm(core + out, axis=-1, keepdims=True) / style.sphere
    return np.asarray((core + out) * (1 + far**CUT) ** (-1 / CUT))


def _mesh(parts: list[Floats], size_m: float) -> Any:
    """One mesh of triangles, each part welded for itself: the edge of a pip stays an edge."""
    welded = [_weld(part, size_m) for part in parts]
    points = np.concatenate([w[0] for w in welded])
    corners = np.concatenate([welded[0][1], welded[1][1] + len(welded[0][0])])
    mesh = bpy.data.meshes.new("die")
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.loops.add(corners.size)
    mesh.loops.foreach_set("vertex_index", corners.astype(np.int32).ravel())
    mesh.polygons.add(len(corners))
    mesh.polygons.foreach_set("loop_start", np.arange(0, corners.size, 3, dtype=np.int32))
    slots = np.repeat(np.array([BODY, INK], np.int32), [len(w[1]) for w in welded])
    mesh.attributes.new("material_index", "INT", "FACE").data.foreach_set("value", slots)
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def _weld(triangles: Floats, size_m: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Points [V, 3] and the corners of each triangle [N, 3]."""
    points = triangles.reshape(-1, 3)
    x, y, z = (np.rint(points / size_m * WELD).astype(np.int64) + int(WELD)).T
    _, first, corners = np.unique((x << 42) | (y << 21) | z, return_index=True, return_inverse=True)
    return points[first], corners.reshape(-1, 3)
