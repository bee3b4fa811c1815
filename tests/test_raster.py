"""Filled triangles against every pixel centre, one at a time."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from blender.facts import raster
from blender.facts.raster import fill_triangles

SIZES_WH = [(11, 7), (7, 11), (1, 1), (40, 30)]


def brute_force(triangles: Any, size_wh: tuple[int, int]) -> Any:
    """A centre is inside of a triangle if its three barycentric coordinates are not negative."""
    mask = np.zeros(size_wh[::-1], bool)
    for a, b, c in triangles:
        matrix = np.column_stack([b - a, c - a])
        if np.linalg.matrix_rank(matrix) < 2:
            continue
        for y, x in np.ndindex(mask.shape):
            u, v = np.linalg.solve(matrix, np.array([x + 0.5, y + 0.5]) - a)
            mask[y, x] |= u >= 0 and v >= 0 and u + v <= 1
    return mask


@pytest.mark.parametrize("size_wh", SIZES_WH)
@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_random_triangles(size_wh: tuple[int, int], spread: float) -> None:
    """Small ones, and ones that leave the picture on all sides."""
    rng = np.random.default_rng([*size_wh, int(spread * 10)])
    for _ in range(4):
        middle = rng.uniform(0, 1, (5, 1, 2)) * size_wh
        triangles = middle + rng.normal(0, spread, (5, 3, 2)) * size_wh / 2
        np.testing.assert_array_equal(fill_triangles(triangles, size_wh), brute_force(triangles, size_wh))


def test_many_triangles_of_all_sizes() -> None:
    rng = np.random.default_rng(0)
    middle = rng.uniform(0, 1, (60, 1, 2)) * (40, 30)
    triangles = middle + rng.normal(0, 1, (60, 3, 2)) * 10.0 ** rng.uniform(-2, 1, (60, 1, 1))
    np.testing.assert_array_equal(fill_triangles(triangles, (40, 30)), brute_force(triangles, (40, 30)))


@pytest.mark.parametrize(
    "triangle",
    [
        pytest.param([[3, 3], [3, 3], [3, 3]], id="point"),
        pytest.param([[2.5, 2.5], [2.5, 2.5], [2.5, 2.5]], id="point on a centre"),
        pytest.param([[0, 0], [6, 6], [3, 3]], id="line through centres"),
        pytest.param([[0, 2.5], [6, 2.5], [1, 2.5]], id="row of centres"),
        pytest.param([[-9, -9], [-2, -9], [-5, -1]], id="outside"),
        pytest.param([[20, 1], [30, 1], [25, 6]], id="outside on the right"),
        pytest.param([[2.6, 2.6], [3.4, 2.6], [3.0, 3.4]], id="between centres"),
    ],
)
def test_no_pixels(triangle: list[list[float]]) -> None:
    assert not fill_triangles(np.array([triangle], float), (11, 7)).any()


def test_none() -> None:
    assert fill_triangles(np.empty((0, 3, 2)), (11, 7)).shape == (7, 11)


def test_either_turn_and_shared_edges() -> None:
    """A rectangle of two triangles that turn different ways: every pixel of it, no gap at the diagonal."""
    a, b, c, d = [1, 1], [9, 1], [9, 5], [1, 5]
    mask = fill_triangles(np.array([[a, b, c], [a, d, c]], float), (11, 7))
    expected = np.zeros((7, 11), bool)
    expected[1:5, 1:9] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("far", [1e4, 1e7, 1e10])
def test_huge_triangle_covers_half_of_the_picture(far: float) -> None:
    """Its edge runs along x = 3.7 px: right of the centre of the fourth pixel."""
    mask = fill_triangles(np.array([[[3.7, -far], [3.7, far], [-far, 0.0]]]), (11, 7))
    expected = np.zeros((7, 11), bool)
    expected[:, :4] = True
    np.testing.assert_array_equal(mask, expected)


def test_memory_is_bounded() -> None:
    """A triangle over 4 million pixels, whose edge functions all at once would take 400 MB."""
    triangle = np.array([[[0.0, 0.0], [4000.0, 0.0], [0.0, 4000.0]]])
    tracemalloc.start()
    mask = fill_triangles(triangle, (2048, 2048))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    y, x = np.ogrid[:2048, :2048]
    np.testing.assert_array_equal(mask, x + y + 1 <= 4000)
    assert peak < 150e6


@pytest.mark.parametrize("corners", [[(3.5, 2.5), (5.5, 9.0), (8.0, 5.0)], [(1.5, 6.5), (10.0, 6.0), (9.0, 1.0)]])
def test_a_corner_on_a_centre_belongs_to_the_triangle(corners: list[tuple[float, float]]) -> None:
    (x, y), *_ = corners
    assert fill_triangles(np.array([corners]), (11, 11))[int(y), int(x)]


def test_level_side_on_centres_is_whole() -> None:
    mask = fill_triangles(np.array([[(2.5, 2.5), (9.5, 2.5), (5.0, 6.0)]]), (11, 7))
    assert np.flatnonzero(mask[2]).tolist() == list(range(2, 10))


def test_many_spans_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    triangles = np.random.default_rng(0).uniform(-5, 25, (50, 3, 2))
    whole = fill_triangles(triangles, (19, 13))
    monkeypatch.setattr(raster, "SPANS", 20)
    np.testing.assert_array_equal(fill_triangles(triangles, (19, 13)), whole)


@pytest.mark.parametrize("cells", [1, 30, 1000])
def test_counting_in_bands_gives_the_same(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a window that begins at (-4, 2)."""
    triangles = np.random.default_rng(1).uniform(-5, 25, (9, 3, 2))
    expected = int(brute_force(triangles - [-4, 2], (19, 13)).sum())
    monkeypatch.setattr(raster, "CELLS", cells)
    assert raster.covered_px(triangles, (-4, 2, 15, 15)) == expected > 0
    assert raster.covered_px(triangles, (3, 3, 3, 9)) == 0


def test_memory_is_bounded_for_a_window_of_any_size() -> None:
    """80 million pixels: an object that leaves a picture of 1920x1080 on all sides."""
    half = np.array([[[0.0, 0.0], [10_000.0, 0.0], [0.0, 8000.0]]])
    tracemalloc.start()
    found = raster.covered_px(half, (0, 0, 10_000, 8000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == pytest.approx(40e6, rel=1e-3)
    assert peak < 150e6
