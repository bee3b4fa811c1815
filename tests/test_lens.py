"""The lens model by hand, its inverse, and where it ends."""

import dataclasses

import numpy as np
import pytest

from blender.picture.lens import Lens, lens_of
from pipeline.frame import Camera

INTRINSICS = ((10.0, 0.0, 5.0), (0.0, 20.0, 3.0), (0.0, 0.0, 1.0))  # of 11x7 px: the middle is (5.5, 3.5)
LENSES = [
    Lens(),
    Lens(k1=-0.2),
    Lens(k1=0.2, k2=0.1),
    Lens(k1=-0.4, k2=0.2),  # a wave: first inward, then outward
    Lens(p1=0.01, p2=-0.02),
    Lens(k1=-0.3, k2=0.12, p1=0.002, p2=-0.003, k3=-0.01),
]


@pytest.mark.parametrize(
    ("lens", "expected"),
    [
        (Lens(), (0.5, 1.0)),
        (Lens(k1=0.1), (0.5 * 1.125, 1.125)),  # r² = 1.25
        (Lens(k2=0.1), (0.5 * 1.15625, 1.15625)),  # r⁴ = 1.5625
        (Lens(k3=0.1), (0.5 * 1.1953125, 1.1953125)),  # r⁶ = 1.953125
        (Lens(p1=0.01), (0.5 + 0.01, 1 + 0.01 * (1.25 + 2))),  # 2 p1 x y; p1 (r² + 2 y²)
        (Lens(p2=0.01), (0.5 + 0.01 * (1.25 + 0.5), 1 + 0.01)),  # p2 (r² + 2 x²); 2 p2 x y
    ],
)
def test_formula(lens: Lens, expected: tuple[float, float]) -> None:
    np.testing.assert_allclose(lens.distort(np.array([[0.5, 1.0]])), [expected], rtol=1e-12)


@pytest.mark.parametrize("lens", LENSES)
def test_undistort_is_the_inverse(lens: Lens) -> None:
    rng = np.random.default_rng(0)
    angle_rad, radius = rng.uniform(-np.pi, np.pi, 2000), rng.uniform(0, min(3.0, 0.999 * lens.radius), 2000)
    points = radius[:, None] * np.stack([np.cos(angle_rad), np.sin(angle_rad)], axis=-1)
    np.testing.assert_allclose(lens.undistort(lens.distort(points)), points, rtol=0, atol=1e-9)


def test_shape_is_kept_and_nothing_is_something() -> None:
    lens = Lens(k1=-0.2)
    assert lens.undistort(np.zeros((3, 2, 2))).tolist() == np.zeros((3, 2, 2)).tolist()
    assert lens.distort(np.zeros((0, 2))).shape == lens.undistort(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(
    ("lens", "radius"),
    [
        (Lens(), np.inf),
        (Lens(k1=0.2), np.inf),
        (Lens(k1=-1 / 3), 1.0),  # 1 + 3 k1 r² = 0
        (Lens(k2=-1 / 80), 2.0),  # 1 + 5 k2 r⁴ = 0
        (Lens(p1=0.03, p2=0.04), 1 / 0.3),  # 1 - 6 |p| r = 0
    ],
)
def test_radius_is_where_the_picture_folds(lens: Lens, radius: float) -> None:
    assert lens.radius == pytest.approx(radius)


def test_beyond_the_radius_there_is_nothing() -> None:
    lens = Lens(k1=-1 / 3)  # its largest picture has the radius 1 - 1/3
    shown = lens.distort(np.array([[0.99, 0.0], [0.0, -1.01], [50.0, 50.0]]))
    assert np.isfinite(shown[0]).all() and np.isnan(shown[1:]).all()
    found = lens.undistort(np.array([[0.66, 0.0], [0.0, -0.67], [50.0, 50.0]]))
    assert np.isfinite(found[0]).all() and np.isnan(found[1:]).all()


@pytest.mark.parametrize("lens", LENSES)
def test_no_two_points_fall_on_one_place(lens: Lens) -> None:
    """On a fine grid each cell keeps its orientation."""
    x = np.linspace(-1, 1, 201) * min(2.0, 0.7 * lens.radius)
    shown = lens.distort(np.stack(np.meshgrid(x, x), axis=-1))
    right, down = np.diff(shown, axis=1)[:-1], np.diff(shown, axis=0)[:, :-1]
    assert (right[..., 0] * down[..., 1] > right[..., 1] * down[..., 0]).all()


def test_pixels_count_from_the_outer_corner() -> None:
    """The middle stays; 5 px to the right are x = 0.5, r² = 0.25; 10 px down are y = 0.5 as well."""
    lens = Lens(k1=-0.2)
    shown = lens.distort_px(np.array([[5.5, 3.5], [10.5, 3.5], [5.5, 13.5]]), INTRINSICS)
    np.testing.assert_allclose(shown, [[5.5, 3.5], [5.5 + 5 * 0.95, 3.5], [5.5, 3.5 + 10 * 0.95]], rtol=1e-12)
    np.testing.assert_allclose(lens.undistort_px(shown, INTRINSICS), [[5.5, 3.5], [10.5, 3.5], [5.5, 13.5]])


def test_only_a_perspective_camera_has_a_lens() -> None:
    pose = tuple(tuple(map(float, row)) for row in np.eye(4))
    camera = Camera("perspective", INTRINSICS, distortion=(-0.2, 0.1, 0.01, 0.02, 0.03), world_to_camera=pose)
    assert lens_of(camera) == Lens(k1=-0.2, k2=0.1, p1=0.01, p2=0.02, k3=0.03)
    assert lens_of(dataclasses.replace(camera, kind="orthographic")) is None
    assert lens_of(dataclasses.replace(camera, distortion=(0.0,) * 5)) is None
