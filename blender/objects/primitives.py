"""Plain solids as meshes, centred on their origin: always the same vertices in the same order.

Blender's own operators make some of them (a sphere) in an order that differs from call to call.
"""

import itertools
import math
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Faces = list[tuple[int, ...]]

SEGMENTS = 48  # around; a multiple of four, so that round solids reach the sides of their box
SHARP_RAD = math.radians(40)  # edges of a larger angle stay edges
TUBE = 0.25  # thickness of a torus's tube, of its width


def solid(kind: str, size_m: tuple[float, float, float]) -> Any:
    """A mesh that fills a box of this size along x, y and z."""
    points, faces = _cube() if kind == "cube" else _turned(OUTLINES[kind], closed=kind == "torus")
    mesh = bpy.data.meshes.new(kind)
    mesh.from_pydata((points * size_m).tolist(), [], faces)
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SHARP_RAD)
    return mesh


def _cube() -> tuple[Floats, Faces]:
    """Corners, x changing fastest, and sides with their normals outwards."""
    points = np.array([(x, y, z) for z, y, x in itertools.product((-0.5, 0.5), repeat=3)])
    return points, [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]


def _turned(outline: Floats, closed: bool) -> tuple[Floats, Faces]:
    """The surface that an outline [N, 2] of (radius, z), from the bottom up, leaves when it turns about the z axis.

    An open one starts and ends on the axis: there its rings become points.
    """
    angles = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    around = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    rings = outline if closed else outline[1:-1]
    flat = rings[:, None, :1] * around  # [N, SEGMENTS, 2]
    points = np.concatenate([flat, np.broadcast_to(rings[:, None, 1:], (*flat.shape[:2], 1))], axis=-1).reshape(-1, 3)
    faces = _bands(len(rings), closed)
    if closed:
        return points, faces
    poles = np.array([(0.0, 0.0, outline[0, 1]), (0.0, 0.0, outline[-1, 1])])
    return np.concatenate([points, poles]), faces + _caps(len(rings))


def _bands(rings: int, closed: bool) -> Faces:
    """Squares between each ring and the next above it."""
    pairs = [(r, (r + 1) % rings) for r in range(rings if closed else rings - 1)]
    steps = [(k, (k + 1) % SEGMENTS) for k in range(SEGMENTS)]
    return [
        (low * SEGMENTS + k, low * SEGMENTS + after, high * SEGMENTS + after, high * SEGMENTS + k)
        for low, high in pairs
        for k, after in steps
    ]


def _caps(rings: int) -> Faces:
    """Triangles from the first and the last ring to the points below and above."""
    bottom, top, last = rings * SEGMENTS, rings * SEGMENTS + 1, (rings - 1) * SEGMENTS
    steps = [(k, (k + 1) % SEGMENTS) for k in range(SEGMENTS)]
    return [*((after, k, bottom) for k, after in steps), *((last + k, last + after, top) for k, after in steps)]


def _arc(centre: float, radius: float, start: float, end: float, steps: int) -> Floats:
    """Points (radius, z) along a circle stretched to height 1; angles in turns, from the outside upwards."""
    angles = np.linspace(start, end, steps) * 2 * np.pi
    return np.stack([centre + radius * np.cos(angles), np.sin(angles) / 2], axis=-1)


OUTLINES: dict[str, Floats] = {
    "cylinder": np.array([(0.0, -0.5), (0.5, -0.5), (0.5, 0.5), (0.0, 0.5)]),
    "cone": np.array([(0.0, -0.5), (0.5, -0.5), (0.0, 0.5)]),
    "sphere": _arc(0.0, 0.5, -0.25, 0.25, SEGMENTS // 2 + 1),
    "torus": _arc(0.5 - TUBE / 2, TUBE / 2, 0.0, 1.0, SEGMENTS // 2 + 1)[:-1],
}
KINDS = ("cube", *OUTLINES)
