"""Old coins: discs that were cut and struck by hand, with an uneven outline, chips, and a relief on the upper face."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.objects.relief import hollows, noise, relief
from blender.samplers import Rng

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

SEGMENTS = 96  # around, and
RINGS = 28  # from the middle to the border: about a pixel each, at the size of coins in a picture
WAVES = np.arange(2, 8)  # of an uneven outline, around; 1 would move its middle
ROUNDED = 0.9  # of the radius: from here the border falls off
SIDE = np.array([(0.93, 0.0), (1.0, 0.3), (1.0, 0.7)])  # part of the radius and of the thickness, from the bottom up
FACE = np.linspace(1.0, 0.0, RINGS, endpoint=False)[1:]  # part of the radius of each ring on the upper face


@dataclass(frozen=True)
class Form:
    """Of one coin; lengths in m."""

    diameter_m: float
    thickness_m: float
    relief_m: float  # the highest part over the face
    dome_m: float  # the middle of the face over its border
    uneven: float  # deviation of the outline, of the radius
    chips: int  # pieces that broke off the border
    off_centre: float  # of the die, in radii
    wear: float  # 0 .. 1


def coin(form: Form, rng: Rng) -> tuple[Any, Floats, Floats]:
    """A closed mesh about the z axis, its bottom in z = 0; of each vertex its place [V, 3] m, and of its relief how
    high it is and how hollow [V, 2]: see `relief` and `hollows`."""
    parts = np.concatenate([SIDE[:, 0], FACE])
    rings = _around(parts[:, None] * outline(form, rng))  # [R, SEGMENTS, 2]
    face = rings[len(SIDE) :]
    raised = relief(_struck(face.reshape(-1, 2), form, rng), form.wear, rng).reshape(face.shape[:2])
    low_m = np.broadcast_to(SIDE[:, 1:] * form.thickness_m, (len(SIDE), SEGMENTS))
    up_m = np.concatenate([low_m, _face_m(raised, form)])
    poles = np.array([(0.0, 0.0, 0.0), (0.0, 0.0, up_m[-1].mean())])
    points = np.concatenate([np.dstack([rings, up_m]).reshape(-1, 3), poles])
    side = np.zeros((len(SIDE) * SEGMENTS, 2))
    surface = np.stack([raised, hollows(raised)], axis=-1)
    poles_surface = [(0.0, 0.0), surface[-1].mean(axis=0)]
    return _mesh(points), points, np.concatenate([side, surface.reshape(-1, 2), poles_surface])


def _face_m(raised: Floats, form: Form) -> Floats:
    """Heights of the upper face, [rings, SEGMENTS] m: its border is rounded off."""
    part = FACE[:, None]
    full = np.clip((1 - part) / (1 - ROUNDED), 0, 1)
    struck_m = form.thickness_m * (0.85 + 0.15 * full) + form.relief_m * raised * full
    return np.asarray(struck_m + form.dome_m * (1 - part**2))


def outline(form: Form, rng: Rng) -> Floats:
    """Distance from the middle to the border in each direction: [SEGMENTS] m; its mean is half of the diameter, but for
    the chips."""
    angles = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    size = rng.normal(0, 1, len(WAVES)) / WAVES  # the finer, the fainter
    waves = np.cos(np.outer(angles, WAVES) + rng.uniform(0, 2 * np.pi, len(WAVES))) @ size
    radius = 1 + np.clip(form.uneven * waves / (size**2).sum() ** 0.5 * 2**0.5, -0.3, 0.3)
    for _ in range(form.chips):
        away = np.abs((angles - rng.uniform(0, 2 * np.pi) + np.pi) % (2 * np.pi) - np.pi)
        radius -= rng.uniform(0.03, 0.12) * np.exp(-((away / rng.uniform(0.08, 0.3)) ** 4))
    return np.asarray(radius * form.diameter_m / 2)


def _around(radius: Floats) -> Floats:
    """Points [..., SEGMENTS, 2] at these distances [..., SEGMENTS] from the middle."""
    angles = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS
    return np.asarray(radius[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1))


def _struck(face_m: Floats, form: Form, rng: Rng) -> Floats:
    """Where on the die, whose disc has radius 1, points of the face lie: it was not set down in the middle."""
    turn_rad, shift = rng.uniform(-np.pi, np.pi), rng.normal(0, form.off_centre, 2)
    warped = face_m * 2 / form.diameter_m
    warped = warped + 0.01 * np.stack([noise(warped, 3.0, rng), noise(warped, 3.0, rng)], axis=-1) - shift
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    return np.asarray(warped @ np.array([[cos, -sin], [sin, cos]]))


def _mesh(points: Floats) -> Any:
    """A mesh of these points, by way of arrays: it has thousands, and a frame dozens of coins."""
    corners, sizes = _faces()
    mesh = bpy.data.meshes.new("coin")
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(sizes))
    mesh.polygons.foreach_set("loop_start", np.concatenate([[0], sizes.cumsum()[:-1]]).astype(np.int32))
    mesh.shade_smooth()
    mesh.update(calc_edges=True)
    return mesh


@lru_cache(maxsize=1)
def _faces() -> tuple[Ints, Ints]:
    """Vertices of all faces in a row, normals outwards, and how many each has: a fan below, bands, a fan on top."""
    rings = len(SIDE) + len(FACE)
    here = np.arange(SEGMENTS)
    after, low = (here + 1) % SEGMENTS, np.arange(rings - 1)[:, None] * SEGMENTS
    bands = np.stack([low + here, low + after, low + SEGMENTS + after, low + SEGMENTS + here], axis=-1)
    bottom, last = rings * SEGMENTS, (rings - 1) * SEGMENTS
    below = np.stack([after, here, np.full(SEGMENTS, bottom)], axis=-1)
    above = np.stack([last + here, last + after, np.full(SEGMENTS, bottom + 1)], axis=-1)
    sizes = np.repeat([3, 4, 3], [SEGMENTS, (rings - 1) * SEGMENTS, SEGMENTS])
    return np.concatenate([f.ravel() for f in (below, bands, above)]).astype(np.int32), sizes.astype(np.int32)
