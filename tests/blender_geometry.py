"""Silhouettes against values computed by hand, and against the id pass. Run by test_blender.py."""

import math
from typing import Any

import bpy
import numpy as np
import pytest
from worlds import HEIGHT_M, cuboid, start, world_of

from blender.facts.geometry import Silhouette, before_camera, silhouette
from blender.facts.mesh import world_triangles
from blender.facts.view import projection
from blender.picture.passes import render_layers
from blender.world import World

SIZE_WH = (11, 7)
KINDS = ["ORTHO", "PERSP"]


def seen(world: World, thing: Any) -> Silhouette | None:
    return silhouette(world_triangles(thing), projection(world.camera, world.size_wh), world.size_wh)


def check(found: Silhouette | None, box_xyxy: tuple[float, ...], area_px: int, truncated_fraction: float) -> None:
    assert found is not None
    assert found.box_xyxy == pytest.approx(box_xyxy, abs=1e-4)
    assert (found.area_px, found.truncated_fraction) == (area_px, pytest.approx(truncated_fraction))


@pytest.mark.parametrize("size_wh", [(11, 7), (7, 11), (40, 30)])
def test_orthographic_box_is_a_rectangle_of_pixels(size_wh: tuple[int, int]) -> None:
    start(size_wh)
    world = world_of(size_wh, "ORTHO")
    thing = cuboid((2, 1, 0), (5, 3, 4))
    check(seen(world, thing), (2, 1, 5, 3), area_px=6, truncated_fraction=0)
    expected = np.zeros(size_wh[::-1], int)
    expected[1:3, 2:5] = 1
    np.testing.assert_array_equal(render_layers(world, 0).ids, expected)


@pytest.mark.parametrize(
    ("low", "high", "truncated_fraction"),
    [
        ((-2, 1, 0), (2, 3, 1), 0.5),  # left border: 4 of 8 pixels
        ((9, 5, 0), (13, 9, 1), 0.75),  # lower right corner: 4 of 16 inside
        ((-1, -1, 0), (12, 8, 1), 1 - 77 / 117),  # all around
        ((-6, 1, 0), (-3, 3, 1), 1.0),  # wholly outside
    ],
)
def test_cut_by_the_border(low: Any, high: Any, truncated_fraction: float) -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "ORTHO")
    area_px = (high[0] - low[0]) * (high[1] - low[1])
    check(seen(world, cuboid(low, high)), (*low[:2], *high[:2]), area_px, truncated_fraction)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param((2, 1, HEIGHT_M + 1), (5, 3, HEIGHT_M + 2), id="behind the camera"),
        pytest.param((2.6, 1.6, 0), (3.4, 2.4, 0.1), id="between four pixel centres"),
        pytest.param((-400, 1, 0), (-300, 3, 1), id="far outside"),
    ],
)
def test_nothing_to_see(kind: str, low: Any, high: Any) -> None:
    start(SIZE_WH)
    assert seen(world_of(SIZE_WH, kind), cuboid(low, high)) is None


def test_perspective() -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "PERSP")
    check(seen(world, cuboid((2, 1, 0), (5, 3, 0))), (2, 1, 5, 3), area_px=6, truncated_fraction=0)
    # Half way to the camera everything is twice as large about the middle (5.5, 3.5): of 6x4 pixels 5x3 are inside.
    half_way = cuboid((2.1, 1.1, 5), (5.1, 3.1, 5))
    check(seen(world, half_way), (-1.3, -1.3, 4.7, 2.7), area_px=24, truncated_fraction=1 - 15 / 24)
    tower = seen(world, cuboid((2.1, 1.1, 0), (5.1, 3.1, 5)))
    assert tower is not None
    assert tower.box_xyxy == pytest.approx((-1.3, -1.3, 5.1, 3.1), abs=1e-4)


@pytest.mark.parametrize(("kind", "radius_px"), [("ORTHO", 6.0), ("PERSP", 7.5)])
def test_sphere(kind: str, radius_px: float) -> None:
    """6 m wide in the middle of the picture: f R / sqrt(D² - R²) = 10 px * 6 / 8 in perspective."""
    start((40, 30))
    world = world_of((40, 30), kind)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=128, ring_count=64, radius=6.0, location=(20, -15, 0))
    found = seen(world, bpy.context.object)
    assert found is not None
    box = (20 - radius_px, 15 - radius_px, 20 + radius_px, 15 + radius_px)
    assert found.box_xyxy == pytest.approx(box, abs=0.02)
    assert found.area_px == pytest.approx(math.pi * radius_px**2, rel=0.03)


def test_hidden_part_counts_in_the_silhouette_alone() -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "ORTHO")
    bar = cuboid((2, 1, 0), (8, 5, 1), number=1)
    cuboid((4, 0, 2), (6, 7, 3), number=2)  # over its middle
    check(seen(world, bar), (2, 1, 8, 5), area_px=24, truncated_fraction=0)
    ids = render_layers(world, 0).ids
    assert [(ids == n).sum() for n in (0, 1, 2)] == [77 - 16 - 14, 16, 14]
    assert ids[2].tolist() == [0, 0, 1, 1, 2, 2, 1, 1, 0, 0, 0]


def test_modifiers_and_object_transforms_count() -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "ORTHO")
    row = cuboid((0, 0, 0), (2, 1, 1))
    row.location = (1, -3, 0)
    row.modifiers.new("array", "ARRAY").count = 3  # side by side
    check(seen(world, row), (1, 3, 7, 4), area_px=6, truncated_fraction=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_wh", [(40, 30), (30, 40)])
def test_silhouette_equals_the_id_pass(kind: str, size_wh: tuple[int, int]) -> None:
    """Of boxes turned at random under a turned camera. One pixel may differ: Cycles computes with 32 bit numbers, so
    a centre within rounding of an edge can fall on either side."""
    start(size_wh)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        world = world_of(size_wh, kind)
        world.camera.rotation_euler = rng.uniform(-0.1, 0.1, 3)
        thing = cuboid((-6, -3, -1), (6, 3, 1))
        thing.rotation_euler = rng.uniform(-3, 3, 3)
        thing.location = (size_wh[0] / 2, -size_wh[1] / 2, 0)
        found = seen(world, thing)
        mask = render_layers(world, 0).ids == 1
        assert found is not None
        assert found.truncated_fraction == 0
        assert abs(found.area_px - mask.sum()) <= 1
        y, x = np.nonzero(mask)
        x0, y0, x1, y1 = found.box_xyxy
        assert x0 - 0.51 <= x.min() <= x0 + 2 and x1 - 3 <= x.max() <= x1 - 0.49
        assert y0 - 0.51 <= y.min() <= y0 + 2 and y1 - 3 <= y.max() <= y1 - 0.49


def test_reaching_up_to_the_camera_is_bounded() -> None:
    """Its upper side projects to a rectangle 10 000 times as large: only what is near the picture is counted."""
    start(SIZE_WH)
    found = seen(world_of(SIZE_WH, "PERSP"), cuboid((2, 1, 0), (9, 6, HEIGHT_M - 1e-2)))
    assert found is not None
    assert found.box_xyxy == (-22, -22, 33, 29)  # two sides of the picture in each direction
    window_px = (11 + 4 * 11) * (7 + 4 * 11)
    assert found.area_px == window_px
    assert found.truncated_fraction == pytest.approx(1 - 77 / window_px)


def test_what_passes_the_camera_counts_as_far_as_it_is_before_it() -> None:
    """A wall along the line of sight, 2 m beside it, from the ground to behind the camera: on the ground, 10 m below,
    it is seen 2 m * 10 px / 10 m = 2 px to the right of the middle, at 7.5, and farther out the higher it gets.
    """
    start(SIZE_WH)
    world = world_of(SIZE_WH, "PERSP")
    wall = cuboid((7.5, 0.5, 0), (7.5, 6.5, HEIGHT_M + 5))
    found = seen(world, wall)
    assert found is not None
    assert found.box_xyxy == pytest.approx((7.5, -22, 33, 29), abs=1e-4)
    assert found.truncated_fraction > 0.5


def test_triangles_are_cut_at_the_nearest_depth() -> None:
    """Depths 1 and -1: cut half way between them, or a little before. Areas in the plane of x and depth."""
    corners = np.array([[0.0, 0, 1, 1], [2, 0, 1, 1], [0, 0, -1, 1]])  # x, y, depth, w: area 2
    (tip,) = (before_camera(corners[[2, 0, 1]][None] * [1, 1, -1, 1]),)
    assert area(tip) == pytest.approx(0.5, abs=0.01)  # the small end alone
    assert area(before_camera(corners[None])) == pytest.approx(1.5, abs=0.01)
    assert area(before_camera(corners[[1, 2, 0]][None])) == pytest.approx(1.5, abs=0.01)
    assert before_camera(corners[None] * [1, 1, 0, 1]).shape == (0, 3, 4)
    np.testing.assert_array_equal(before_camera(corners[None] + [0, 0, 5, 0]), corners[None] + [0, 0, 5, 0])


def area(triangles: Any) -> float:
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    return float(np.abs(a[:, 0] * b[:, 2] - a[:, 2] * b[:, 0]).sum() / 2)
