"""From the picture of a camera without distortion to that of its lens: a larger picture is rendered and warped.

Colours are interpolated, in linear light. Layers whose values must not be mixed (ids, depth, normals) take the nearest
pixel, so they stay exact to half a rendered pixel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import map_coordinates

from blender.picture.lens import Floats, Intrinsics, Lens

KNOTS = 64  # of a spline along each side: the map is so smooth that it is right to 1e-3 px between them
OUTSIDE = -1e6  # a place that no picture has


@dataclass(frozen=True)
class Warp:
    """Where each pixel of a distorted picture comes from."""

    margin_wh: tuple[int, int]  # px to render beyond each side
    sources_yx: npt.NDArray[np.float32]  # [2, H, W] index into the rendered picture

    @property
    def render_wh(self) -> tuple[int, int]:
        """Size of the picture to render."""
        _, height_px, width_px = self.sources_yx.shape
        return width_px + 2 * self.margin_wh[0], height_px + 2 * self.margin_wh[1]

    def colours(self, layer: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Interpolate [H', W', C] linearly -> [H, W, C]; black where the lens shows nothing."""
        channels = [map_coordinates(c, self.sources_yx, order=1, prefilter=False) for c in np.moveaxis(layer, -1, 0)]
        return np.stack(channels, axis=-1)

    def nearest(self, layer: npt.NDArray[Any], outside: float = 0) -> npt.NDArray[Any]:
        """The nearest pixel's values of [H', W', ...] -> [H, W, ...]; `outside` where the lens shows nothing."""
        y, x = np.rint(self.sources_yx).astype(np.int32)
        found = np.asarray(layer[y.clip(0), x.clip(0)])
        found[self.sources_yx[0] == OUTSIDE] = outside
        return found


def make_warp(lens: Lens, intrinsics: Intrinsics, size_wh: tuple[int, int]) -> Warp:
    """The warp for a picture of this size; `intrinsics` are those of this picture, not of the larger one."""
    sources = undistorted_grid(lens, intrinsics, size_wh)  # [H, W, 2], x and y
    beyond = np.stack([-sources, sources - np.array(size_wh) + 1])
    margin = np.ceil(np.nanmax(beyond, axis=(0, 1, 2))).clip(0).astype(int)
    indices = np.where(np.isnan(sources), OUTSIDE, sources + margin)
    yx = np.ascontiguousarray(indices[..., ::-1].transpose(2, 0, 1), np.float32)
    return Warp((int(margin[0]), int(margin[1])), yx)


def undistorted_grid(lens: Lens, intrinsics: Intrinsics, size_wh: tuple[int, int]) -> Floats:
    """Where a camera without distortion has what each pixel centre shows: [H, W, 2] (x, y), the first being (0, 0).

    nan where the lens shows nothing.
    """
    x, y = (np.arange(side, dtype=np.float64) for side in size_wh)
    if max(size_wh) <= KNOTS or min(size_wh) < 4:
        return _undistorted(lens, intrinsics, x, y)
    knots = [np.linspace(0, side - 1, min(side, KNOTS)) for side in size_wh]
    coarse = _undistorted(lens, intrinsics, *knots)
    if np.isnan(coarse).any():
        return _undistorted(lens, intrinsics, x, y)
    planes = [RectBivariateSpline(knots[1], knots[0], coarse[..., axis])(y, x) for axis in (0, 1)]
    return np.stack(planes, axis=-1)


def _undistorted(lens: Lens, intrinsics: Intrinsics, x: Floats, y: Floats) -> Floats:
    centres = np.stack(np.meshgrid(x, y), axis=-1) + 0.5
    return lens.undistort_px(centres, intrinsics) - 0.5
