"""Triangles -> silhouettes in the picture: amodal boxes and areas, truncation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from blender.facts.bend import Bend
from blender.facts.raster import fill_triangles

Floats = npt.NDArray[np.float64]

NEAREST_M = 1e-6  # before the camera
REACH = 2  # picture sides beyond the border: pixels farther out are not counted, they could be endlessly many


@dataclass(frozen=True)
class Silhouette:
    """The picture of an object as if nothing hid it and the picture had no border."""

    box_xyxy: tuple[float, float, float, float]  # px, x to the right and y down from the upper left corner
    area_px: int
    truncated_fraction: float  # part of `area_px` that lies outside of the picture


def project(triangles: Floats, matrix: Floats) -> Floats:
    """World triangles [N, 3, 3] -> pixels [M, 3, 2] of those that lie before the camera."""
    homogeneous = triangles @ matrix[:, :3].T + matrix[:, 3]
    seen = homogeneous[(homogeneous[..., 2] > NEAREST_M).all(axis=1)]
    return np.asarray(seen[..., :2] / seen[..., 3:])


def silhouette(
    triangles: Floats, matrix: Floats, size_wh: tuple[int, int], bend: Bend | None = None
) -> Silhouette | None:
    """Silhouette of world triangles [N, 3, 3], through a lens that bends them or not.

    None for what is behind the camera, far outside of the picture, or smaller than a pixel.

    An object that reaches behind the camera counts with its triangles before it.
    """
    corners_px = project(triangles, matrix)
    if bend is not None:
        corners_px = bend(corners_px)
    if not len(corners_px):
        return None
    low, high = corners_px.min(axis=(0, 1)), corners_px.max(axis=(0, 1))
    reach_px = REACH * max(size_wh)
    origin = np.floor(low).clip(-reach_px).astype(int)
    end = np.ceil(high).clip(None, np.add(size_wh, reach_px)).astype(int)
    mask = fill_triangles(corners_px - origin, (int(end[0] - origin[0]), int(end[1] - origin[1])))
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
