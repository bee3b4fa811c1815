"""Triangles -> silhouettes in the picture: amodal boxes and areas, truncation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from blender.facts.bend import Bend
from blender.facts.raster import covered_px

Floats = npt.NDArray[np.float64]

NEAREST_M = 1e-3  # before the camera: what is nearer is not seen
REACH = 2  # picture sides beyond the border: farther out nothing is counted, it could be endlessly much


@dataclass(frozen=True)
class Silhouette:
    """The picture of an object as if nothing hid it and the picture had no border."""

    box_xyxy: tuple[float, float, float, float]  # px, x to the right and y down from the upper left corner
    area_px: int
    truncated_fraction: float  # part of `area_px` that lies outside of the picture


def project(triangles: Floats, matrix: Floats) -> Floats:
    """World triangles [N, 3, 3] -> pixels [M, 3, 2] of what lies before the camera."""
    seen = before_camera(triangles @ matrix[:, :3].T + matrix[:, 3])
    return np.asarray(seen[..., :2] / seen[..., 3:])


def before_camera(triangles: Floats) -> Floats:
    """Homogeneous triangles [N, 3, 4] with their depth at index 2, cut off at NEAREST_M: [M, 3, 4]."""
    before = triangles[..., 2] >= NEAREST_M
    number = before.sum(axis=1)
    one, two = (_odd_one_first(triangles[number == n], before[number == n], n == 1) for n in (1, 2))
    tips = np.stack([one[:, 0], _cut(one[:, 0], one[:, 1]), _cut(one[:, 0], one[:, 2])], axis=1)
    left, right = _cut(two[:, 1], two[:, 0]), _cut(two[:, 2], two[:, 0])
    halves = (np.stack([left, two[:, 1], two[:, 2]], axis=1), np.stack([left, two[:, 2], right], axis=1))
    return np.concatenate([triangles[number == 3], tips, *halves])


def _odd_one_first(triangles: Floats, before: npt.NDArray[np.bool_], odd: bool) -> Floats:
    """Turn the corners so that the only one before (or, odd false, behind) the plane comes first."""
    first = (before == odd).argmax(axis=1)
    return np.take_along_axis(triangles, ((first[:, None] + np.arange(3)) % 3)[..., None], axis=1)


def _cut(a: Floats, b: Floats) -> Floats:
    """Where the edges from a to b [N, 4] pass the depth NEAREST_M."""
    part = (NEAREST_M - a[:, 2:3]) / (b[:, 2:3] - a[:, 2:3])
    return np.asarray(a + part * (b - a))


def silhouette(
    triangles: Floats, matrix: Floats, size_wh: tuple[int, int], bend: Bend | None = None
) -> Silhouette | None:
    """Silhouette of world triangles [N, 3, 3], through a lens that bends them or not.

    None for what is behind the camera, far outside of the picture, or smaller than a pixel.
    """
    corners_px = project(triangles, matrix)
    if bend is not None:
        corners_px = bend(corners_px)
    if not len(corners_px):
        return None
    reach_px = REACH * max(size_wh)
    low = corners_px.min(axis=(0, 1)).clip(-reach_px, np.add(size_wh, reach_px))
    high = corners_px.max(axis=(0, 1)).clip(-reach_px, np.add(size_wh, reach_px))
    x0, y0, x1, y1 = (int(v) for v in (*np.floor(low), *np.ceil(high)))
    area_px = covered_px(corners_px, (x0, y0, x1, y1))
    if not area_px:
        return None
    inside = (max(x0, 0), max(y0, 0), min(x1, size_wh[0]), min(y1, size_wh[1]))
    inside_px = area_px if inside == (x0, y0, x1, y1) else covered_px(corners_px, inside)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Silhouette(box_xyxy=box, area_px=area_px, truncated_fraction=1 - inside_px / area_px)
