"""Pictures and triangles through a lens, on gradients and shapes whose distortion is known."""

import numpy as np
import pytest

from blender.facts.bend import bend, subdivide
from blender.facts.flow import optical_flow
from blender.facts.raster import fill_triangles
from blender.picture.lens import Lens
from blender.picture.warp import make_warp, undistorted_grid
from pipeline.frame import IDENTITY, Camera

WIDE = Lens(k1=-0.2, p1=0.003, p2=-0.002)
LENSES = [WIDE, Lens(k1=0.15, k2=0.05)]
SIZES_WH = [(11, 7), (7, 11), (64, 48)]


def intrinsics(size_wh: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    """A wide camera: its sides are at x = 0.5 to the left and to the right."""
    width_px, height_px = size_wh
    return (width_px, 0.0, (width_px - 1) / 2), (0.0, width_px, (height_px - 1) / 2), (0.0, 0.0, 1.0)


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_each_pixel_shows_what_the_lens_puts_there(lens: Lens, size_wh: tuple[int, int]) -> None:
    """Warp the coordinates of the rendered pixels themselves: linear, so interpolation is exact."""
    warp = make_warp(lens, intrinsics(size_wh), size_wh)
    width_px, height_px = warp.render_wh
    y, x = np.mgrid[:height_px, :width_px].astype(np.float32)
    undistorted = np.stack([x, y], axis=-1) - np.array(warp.margin_wh, np.float32) + 0.5
    shown = warp.colours(undistorted)
    assert shown.shape == (size_wh[1], size_wh[0], 2) and shown.dtype == np.float32
    pixels = lens.distort_px(shown.astype(float), intrinsics(size_wh))
    centres = np.stack(np.meshgrid(*map(np.arange, size_wh)), axis=-1) + 0.5
    np.testing.assert_allclose(pixels, centres, atol=1e-3)
    nearest = warp.nearest(undistorted)
    assert np.abs(nearest - shown).max() <= 0.5 + 1e-4
    assert (nearest % 1 == 0.5).all()  # values of pixels, not mixed


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_margins_are_just_enough(size_wh: tuple[int, int]) -> None:
    barrel = make_warp(Lens(k1=-0.2), intrinsics(size_wh), size_wh)
    corner = undistorted_grid(Lens(k1=-0.2), intrinsics(size_wh), size_wh)[0, 0]
    assert barrel.margin_wh == tuple(np.ceil(-corner).astype(int))
    assert min(barrel.margin_wh) >= 1
    assert make_warp(Lens(k1=0.2), intrinsics(size_wh), size_wh).margin_wh == (0, 0)


def test_where_the_lens_shows_nothing_is_black() -> None:
    """At k1 = -1 the picture ends 0.385 from the middle: the sides at 0.5 lie beyond."""
    size_wh = (64, 48)
    warp = make_warp(Lens(k1=-1.0), intrinsics(size_wh), size_wh)
    layer = np.ones((*warp.render_wh[::-1], 1), np.float32)
    colours, ids = warp.colours(layer)[..., 0], warp.nearest(layer[..., 0].astype(np.uint16))
    x, y = np.meshgrid((np.arange(64) - 31.5) / 64, (np.arange(48) - 23.5) / 64)
    inside = np.hypot(x, y) < 2 / 3 / np.sqrt(3)
    assert 0.5 < inside.mean() < 0.8
    np.testing.assert_array_equal(ids, inside)
    np.testing.assert_allclose(colours, inside, atol=1e-6)
    assert np.isinf(warp.nearest(layer[..., 0], outside=np.inf)[0, 0])


def test_spline_of_the_map_is_exact_to_a_thousandth_of_a_pixel() -> None:
    size_wh = (320, 240)
    grid = undistorted_grid(WIDE, intrinsics(size_wh), size_wh)
    y, x = np.mgrid[:240, :320] + 0.5
    exact = WIDE.undistort_px(np.stack([x, y], axis=-1), intrinsics(size_wh)) - 0.5
    np.testing.assert_allclose(grid, exact, rtol=0, atol=1e-3)


def areas(triangles: np.ndarray) -> np.ndarray:
    (ax, ay), (bx, by) = ((triangles[:, i] - triangles[:, 0]).T for i in (1, 2))
    return (ax * by - ay * bx) / 2


def test_pieces_are_short_and_cover_the_triangle() -> None:
    triangles = np.array([[[0, 0], [10, 0], [0, 7]], [[10, 0], [10, 7], [0, 7]]], float)
    pieces = subdivide(triangles, longest_px=1.5)
    sides = np.linalg.norm(np.roll(pieces, -1, axis=1) - pieces, axis=-1)
    assert sides.max() <= 1.5
    assert areas(pieces).min() > 0 and areas(pieces).sum() == pytest.approx(70)  # none turned, none twice
    assert subdivide(triangles, longest_px=20).tolist() == triangles.tolist()
    assert subdivide(np.zeros((0, 3, 2)), longest_px=1).shape == (0, 3, 2)


def test_neighbours_share_their_corners() -> None:
    """The diagonal of a rectangle is cut at the same points from both sides, so no gap opens when it bends."""
    triangles = np.array([[[0, 0], [10, 0], [0, 7]], [[10, 0], [10, 7], [0, 7]]], float)
    on_diagonal = [
        {tuple(p) for p in subdivide(t[None], longest_px=1.5).reshape(-1, 2) if abs(p[0] * 7 + p[1] * 10 - 70) < 1e-9}
        for t in triangles
    ]
    assert on_diagonal[0] == on_diagonal[1]
    assert len(on_diagonal[0]) == 9 + 8  # 12.2 px are halved until none is longer than 1.5 px: 16 pieces


def test_far_outside_nothing_is_cut() -> None:
    window = np.array([[-10.0, -10.0], [20.0, 20.0]])
    far = np.array([[[1e5, 0], [2e5, 0], [1e5, 9e4]]])
    assert subdivide(far, 1.0, window).tolist() == far.tolist()
    into = np.array([[[5, 5], [1e6, 5], [5, 1e6]]], float)
    pieces = subdivide(into, 1.0, window)
    assert areas(pieces).sum() == pytest.approx(areas(into).sum())
    assert 15 * 15 < len(pieces) < 3000


@pytest.mark.parametrize("lens", LENSES)
def test_bent_rectangle_is_the_warped_rectangle(lens: Lens) -> None:
    """Filled triangles and filled pixels, each through the lens its own way, differ by a pixel at most."""
    size_wh = (64, 48)
    warp = make_warp(lens, intrinsics(size_wh), size_wh)
    (x0, y0, x1, y1), (mx, my) = (2.0, 3.0, 60.0, 40.0), warp.margin_wh
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    triangles = corners[[[0, 1, 2], [0, 2, 3]]]
    bent = bend(triangles, lens, intrinsics(size_wh), size_wh)
    filled = fill_triangles(bent, size_wh)
    warped = warp.nearest(fill_triangles(triangles + np.array([mx, my]), warp.render_wh))
    straight = fill_triangles(triangles, size_wh)
    assert (filled != straight).sum() > 30
    assert (filled != warped).sum() <= 0.1 * (filled != straight).sum()
    shown = lens.distort_px(corners, intrinsics(size_wh))
    for corner in shown:  # corners stay corners
        assert np.abs(bent.reshape(-1, 2) - corner).sum(axis=1).min() < 1e-9
    middle = lens.distort_px(np.array([[31.0, 3.0]]), intrinsics(size_wh))[0]
    assert abs(middle[1] - shown[:2, 1].mean()) > 0.5  # the upper edge is bent
    assert np.abs(bent.reshape(-1, 2) - middle).sum(axis=1).min() < 1e-9


def test_what_lies_beyond_the_lens_is_left_out() -> None:
    size_wh = (64, 48)
    huge = np.array([[[-1e4, -1e4], [1e4, -1e4], [0, 2e4]]])
    bent = bend(huge, Lens(k1=-1.0), intrinsics(size_wh), size_wh)
    x, y = np.moveaxis((bent - [32, 24]) / 64, -1, 0)
    assert 0.35 < np.hypot(x, y).max() <= 2 / 3 / np.sqrt(3)


def test_optical_flow_is_that_of_the_bent_picture() -> None:
    """A wall 2 m away slides by 0.4 m; without the lens that is 0.2 focal lengths, 2 px."""
    camera = Camera("perspective", ((10, 0, 5), (0, 10, 3), (0, 0, 1)), (-0.2, 0, 0, 0, 0), IDENTITY)
    slide = np.eye(4)
    slide[0, 3] = 0.4
    wall = np.full((7, 11), 2, np.float32)
    flow = optical_flow(wall, np.ones((7, 11), np.uint16), camera, [slide], np.eye(4))
    # From the middle, x = 0, to 0.2 (1 - 0.2 * 0.04) = 0.1984; and to the middle from where -0.2 is shown.
    np.testing.assert_allclose(flow[3, 5], [1.984, 0], atol=1e-4)
    before = Lens(k1=-0.2).undistort(np.array([-0.2, 0.0]))[0]
    np.testing.assert_allclose(flow[3, 3], [2 + 10 * (before + 0.2), 0], atol=1e-3)
    assert (flow[0, :, 1] > 0).any() and (flow[0, :, 1] < 0).any()  # up and down along a bent line


def test_optical_flow_is_nought_where_the_lens_shows_nothing() -> None:
    camera = Camera("perspective", ((10, 0, 5), (0, 10, 3), (0, 0, 1)), (-1.0, 0, 0, 0, 0), IDENTITY)
    slide = np.eye(4)
    slide[0, 3] = 0.4
    flow = optical_flow(np.full((7, 11), 2, np.float32), np.ones((7, 11), np.uint16), camera, [slide], np.eye(4))
    assert np.isfinite(flow).all()
    assert not flow[0, 0].any() and flow[3, 5].any()
