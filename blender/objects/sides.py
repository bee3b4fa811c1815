"""The sides that a thing can lie on: what it comes to rest on when it is set down any way and tips over.

Quasi-static, as part feeders are studied (Goldberg et al. 1999, "Part pose statistics"): no bouncing, no rolling on.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector
from scipy.spatial import ConvexHull, QhullError

from blender.objects.hulls import centroid, support_points

Floats = npt.NDArray[np.float64]

TIPS = 1000  # of one fall, at most: only rounding could make it tip on and on
OVER = -1e-6  # barycentric: the middle lies beyond an edge


def hull_of(points: Floats) -> ConvexHull | None:
    """The convex hull of points [V, 3]; None of flat ones."""
    return _hull_of(points.tobytes())


@lru_cache(maxsize=32)
def _hull_of(points: bytes) -> ConvexHull | None:
    """Of 100,000 points of a ball it takes half a second, and every frame asks for the same few."""
    try:
        return ConvexHull(np.frombuffer(points).reshape(-1, 3))
    except QhullError:
        return None


def down_side(hull: ConvexHull, towards: Floats) -> Floats:
    """The normal [3] of the side that a thing lies on, set down with the direction `towards` [3] at the bottom.

    Where the line from the centre of mass towards the ground leaves the hull, the thing touches the ground; it tips
    over the edge of this side as long as the centre of mass is not above it.
    """
    middle = centroid(support_points(hull.points[hull.vertices]))
    away = -(hull.equations[:, :3] @ middle + hull.equations[:, 3])  # of each side from the middle
    side = int(np.argmax(hull.equations[:, :3] @ towards / np.maximum(away, 1e-12)))
    for _ in range(TIPS):
        weights = _barycentric(hull.points[hull.simplices[side]], middle + away[side] * hull.equations[side, :3])
        if weights.min() >= OVER:
            break
        side = int(hull.neighbors[side][int(np.argmin(weights))])
    return np.asarray(hull.equations[side, :3])


def _barycentric(corners: Floats, point: Floats) -> Floats:
    """Weights [3] of a point in the plane of three corners [3, 3]: negative beyond the edge opposite to that corner."""
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    spans = [np.cross(corners[(k + 2) % 3] - corners[(k + 1) % 3], point - corners[(k + 1) % 3]) for k in range(3)]
    return np.asarray(np.array(spans) @ normal / (normal @ normal))


def laid_on(normal: Floats) -> Matrix:
    """The rotation [4, 4] that turns a side with this normal down."""
    down = Vector((0.0, 0.0, -1.0))
    return Vector(normal.tolist()).rotation_difference(down).to_matrix().to_4x4()
