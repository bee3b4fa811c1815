"""Distortion of a camera's lens: straight lines of the world are bent in the picture.

The model is that of Brown and Conrady in the form of OpenCV (`calib3d`, https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html):
radial k1, k2, k3 and tangential p1, p2, of points in normalised coordinates x = X / Z, y = Y / Z, y down.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.frame import Camera

Floats = npt.NDArray[np.float64]
Intrinsics = tuple[tuple[float, ...], ...] | Floats  # 3x3 as OpenCV has it: pixel centres at whole numbers

CONVERGED = 1e-12  # in normalised coordinates; a millionth of a pixel at a focal length of a million px
NEWTON_STEPS = 30  # it takes 4 to 6, more only next to the limit
TABLE = 2048  # radii from which Newton's method starts


@dataclass(frozen=True)
class Lens:
    """Coefficients in OpenCV's order. k1 < 0 is a barrel, k1 > 0 a pincushion."""

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    @property
    def coefficients(self) -> tuple[float, float, float, float, float]:
        return (self.k1, self.k2, self.p1, self.p2, self.k3)

    @cached_property
    def radius(self) -> float:
        """Where the model ends: within this undistorted radius no two points fall on one place.

        There the Jacobian is positive definite, which is enough on a disc. Its eigenvalues are at least the lesser of
        d(r f)/dr and f, f = 1 + k1 r² + k2 r⁴ + k3 r⁶, less 6 r |p| by the tangential part.
        """
        tangential = -6 * np.hypot(self.p1, self.p2)
        along = np.roots([7 * self.k3, 0, 5 * self.k2, 0, 3 * self.k1, tangential, 1])
        across = np.roots([self.k3, 0, self.k2, 0, self.k1, tangential, 1])
        roots = np.concatenate([along, across])
        real = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)]
        return float(real.min(initial=np.inf))

    def distort(self, xy: Floats) -> Floats:
        """Where the lens shows points [..., 2], in normalised coordinates; nan for those beyond its radius."""
        with np.errstate(invalid="ignore"):
            return np.where(np.hypot(*np.moveaxis(xy, -1, 0))[..., None] < self.radius, self._bend(xy), np.nan)

    def undistort(self, xy: Floats) -> Floats:
        """The inverse of `distort`, by Newton's method; nan for what this lens never shows."""
        found = self._start(xy)
        with np.errstate(all="ignore"):  # points that have no inverse run away
            for _ in range(NEWTON_STEPS):
                missing = xy - self._bend(found)
                if not (np.abs(missing) > CONVERGED).any():
                    break
                found = found + self._solve(found, missing)
            good = (np.abs(xy - self._bend(found)) < 1e-9).all(axis=-1) & (np.linalg.norm(found, axis=-1) < self.radius)
        return np.where(good[..., None], found, np.nan)

    def distort_px(self, points_px: Floats, intrinsics: Intrinsics) -> Floats:
        """The same for points [..., 2] in px, (0, 0) being the outer corner of the upper left pixel."""
        focal, centre = focal_and_centre(intrinsics)
        return self.distort((points_px - centre) / focal) * focal + centre

    def undistort_px(self, points_px: Floats, intrinsics: Intrinsics) -> Floats:
        focal, centre = focal_and_centre(intrinsics)
        return self.undistort((points_px - centre) / focal) * focal + centre

    def _bend(self, xy: Floats) -> Floats:
        """The formula itself: [..., 2] -> [..., 2]."""
        squared = (xy**2).sum(axis=-1, keepdims=True)
        towards = np.array([self.p2, self.p1])
        radial = 1 + squared * (self.k1 + squared * (self.k2 + squared * self.k3))
        return np.asarray(xy * (radial + 2 * (xy @ towards)[..., None]) + squared * towards)

    def _start(self, xy: Floats) -> Floats:
        """A first guess: the radial part inverted by a table."""
        distance = np.linalg.norm(xy, axis=-1, keepdims=True)
        farthest = float(distance.max(initial=0.0))
        end = min(self.radius, max(1.0, 2 * farthest))
        while end < self.radius and self._radial(end) < farthest:
            end = min(2 * end, self.radius)
        radii = np.linspace(0, end, TABLE)
        inverse = np.interp(distance, self._radial(radii), radii)
        return np.asarray(xy * np.divide(inverse, distance, out=np.ones_like(distance), where=distance > 0))

    def _radial(self, radius: Floats | float) -> Floats:
        return np.asarray(radius * (1 + self.k1 * radius**2 + self.k2 * radius**4 + self.k3 * radius**6))

    def _solve(self, xy: Floats, missing: Floats) -> Floats:
        """The Newton step: the inverse of the Jacobian, which is symmetric, times `missing`."""
        x, y = xy[..., 0], xy[..., 1]
        squared = x**2 + y**2
        radial = 1 + squared * (self.k1 + squared * (self.k2 + squared * self.k3))
        slope = 2 * (self.k1 + squared * (2 * self.k2 + squared * 3 * self.k3))  # of `radial`, over r
        xx = radial + slope * x**2 + 2 * self.p1 * y + 6 * self.p2 * x
        yy = radial + slope * y**2 + 6 * self.p1 * y + 2 * self.p2 * x
        xy_ = slope * x * y + 2 * self.p1 * x + 2 * self.p2 * y
        dx, dy = missing[..., 0], missing[..., 1]
        step = np.stack([yy * dx - xy_ * dy, xx * dy - xy_ * dx], axis=-1)
        return np.asarray(step / (xx * yy - xy_**2)[..., None])


def lens_of(camera: Camera) -> Lens | None:
    """What bends this view: None for a lens without distortion, and for every orthographic camera."""
    return Lens(*camera.distortion) if any(camera.distortion) and camera.kind == "perspective" else None


def focal_and_centre(intrinsics: Intrinsics) -> tuple[Floats, Floats]:
    """Focal lengths [2] and principal point [2] in px from the outer corner of the upper left pixel."""
    matrix = np.asarray(intrinsics, np.float64)
    return matrix[[0, 1], [0, 1]], matrix[:2, 2] + 0.5
