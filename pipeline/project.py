"""From the camera's space to the picture, by a COCO image's field `camera`, and what 3D labels are made of."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def project(points_m: npt.ArrayLike, camera: Mapping[str, Any]) -> Floats:
    """Points [N, 3] in OpenCV's camera axes -> [N, 2] px, (0, 0) the outer corner of the upper left pixel.

    nan behind a perspective camera and beyond the radius of its lens. The distortion is OpenCV's (Brown 1971), see its
    calib3d: k1, k2, p1, p2, k3.
    """
    points, intrinsics = np.asarray(points_m, np.float64), np.asarray(camera["intrinsics"], np.float64)
    if camera["kind"] == "perspective":
        depth = np.where(points[:, 2:] > 0, points[:, 2:], np.nan)
        flat = distort(points[:, :2] / depth, camera["distortion"])
    else:
        flat = points[:, :2]
    return np.asarray(flat @ intrinsics[:2, :2].T + intrinsics[:2, 2] + 0.5)  # its pixel centres are whole numbers


def distort(flat: Floats, distortion: Sequence[float]) -> Floats:
    """[N, 2] at depth 1, as a pinhole shows it -> as the lens does; nan beyond `radius_of` it."""
    k1, k2, p1, p2, k3 = distortion
    x, y = flat.T
    squared = x**2 + y**2
    radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
    bent = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (squared + 2 * x**2),
            y * radial + p1 * (squared + 2 * y**2) + 2 * p2 * x * y,
        ],
        axis=-1,
    )
    return np.where((squared < radius_of(distortion) ** 2)[:, None], bent, np.nan)


def radius_of(distortion: Sequence[float]) -> float:
    """Where the model ends, at depth 1: farther out the polynomial folds back into the picture.

    Up to there the formula's Jacobian is positive definite: d(r f)/dr and f, f = 1 + k1 r² + k2 r⁴ + k3 r⁶, both exceed
    the tangential part's bound of 6 r |p|.
    """
    k1, k2, p1, p2, k3 = distortion
    tangential = -6 * np.hypot(p1, p2)
    polynomials = [(7 * k3, 0, 5 * k2, 0, 3 * k1, tangential, 1), (k3, 0, k2, 0, k1, tangential, 1)]
    roots = np.concatenate([np.roots(polynomial) for polynomial in polynomials])
    return float(roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].min(initial=np.inf))


def box_edges(centre_m: Sequence[float], size_m: Sequence[float], steps: int) -> Floats:
    """The edges of a box along the axes, each in this many steps: [12, steps + 1, 3]."""
    corners = list(itertools.product((-0.5, 0.5), repeat=3))
    pairs = [(a, b) for a, b in itertools.combinations(corners, 2) if np.abs(np.subtract(a, b)).sum() == 1]
    ends = np.asarray(centre_m) + np.array(pairs) * np.asarray(size_m)  # [12, 2, 3]
    along = np.linspace(0, 1, steps + 1)[:, None]
    return np.asarray(ends[:, :1] * (1 - along) + ends[:, 1:] * along)
