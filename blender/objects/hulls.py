"""Convex stand-ins for objects, small enough for a physics engine."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay, QhullError

Floats = npt.NDArray[np.float64]

DIRECTIONS = 128  # of a sphere with radius 1, the farthest points along them have a hull that is 0.03 smaller at most


def fibonacci_sphere(count: int) -> Floats:
    """Unit vectors [count, 3], evenly spread: a spiral that turns by the golden angle (Gonzalez 2010)."""
    number = np.arange(count) + 0.5
    z, turn = 1 - 2 * number / count, np.pi * (1 + 5**0.5) * number
    flat = np.sqrt(1 - z**2)
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), z])


def support_points(points: Floats) -> Floats:
    """Those of the points [V, 3] that lie farthest out along any of the directions: [at most DIRECTIONS, 3]."""
    farthest = np.argmax(points @ fibonacci_sphere(DIRECTIONS).T, axis=0)
    return np.asarray(np.unique(points[np.unique(farthest)], axis=0))


def centroid(points: Floats) -> Floats:
    """Centre of mass [3] of the convex hull of points [V, 3]; of a flat one, the middle of its bounding box."""
    try:
        tetrahedra = points[Delaunay(points).simplices]  # [T, 4, 3]
    except QhullError:
        return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)
    volumes = np.abs(np.linalg.det(tetrahedra[:, 1:] - tetrahedra[:, :1]))
    return np.asarray(volumes @ tetrahedra.mean(axis=1) / volumes.sum())
