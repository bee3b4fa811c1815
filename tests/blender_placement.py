"""Rows, scattered places, and the room that objects keep. Run by test_blender.py."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from drawn import cubes, fixed, places_of, sampled
from mathutils import Matrix
from worlds import start

from blender.facts.mesh import world_triangles
from blender.objects.spacing import Room, outer_radius_m
from blender.randomizers import camera, placement
from blender.world import World

SIZE_WH = (40, 30)
EDGE_M = 0.1


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH)


def place(world: World, index: int = 0, **changes: Any) -> None:
    placement.apply(world, sampled("placement", len(world.objects), index, **changes))


def parts_of(world: World) -> np.ndarray[Any, Any]:
    """Where the origins are seen by a camera that looks straight down: x to the right and y up, 0 .. 1."""
    width_m = world.camera.matrix_world.translation.z * world.camera.data.sensor_width / world.camera.data.lens
    height_m = width_m * world.size_wh[1] / world.size_wh[0]
    flat = places_of(world)[:, :2]
    return flat / (width_m, height_m) + 0.5


@pytest.mark.parametrize("index", range(3))
def test_scattered_objects_keep_apart_and_in_the_picture(index: int) -> None:
    world = cubes(SIZE_WH, [EDGE_M] * 5)
    place(world, index, margin=0.1, gap=0.2)
    parts = parts_of(world)
    assert len(parts) == 5
    assert (parts >= 0.1 - 1e-4).all() and (parts <= 0.9 + 1e-4).all()
    for a, b in itertools.combinations(places_of(world), 2):
        assert math.dist(a, b) > 1.2 * EDGE_M * math.sqrt(2)  # two half diagonals and a gap, whatever the scene said


def test_a_grid_goes_row_by_row_from_the_upper_left() -> None:
    world = cubes(SIZE_WH, [EDGE_M] * 3)
    placement.apply(world, {**fixed("placement", 3), "margin": 0.1})
    assert parts_of(world) == pytest.approx(np.array([[0.3, 0.7], [0.7, 0.7], [0.3, 0.3]]), abs=1e-4)


def test_what_finds_no_room_is_left_out_and_the_largest_is_placed_first() -> None:
    for index in range(4):
        world = cubes(SIZE_WH, [0.05] * 40 + [0.5])
        place(world, index, gap=0.5)
        assert 1 < len(world.objects) < 41
        assert world.objects[-1].radius_m == pytest.approx(0.5 * math.sqrt(0.5))
        assert len([o for o in world.scene.collection.objects if o.name.startswith("cuboid")]) == len(world.objects)


def test_a_scene_may_ask_for_more_room_than_an_object_takes() -> None:
    world = cubes(SIZE_WH, [EDGE_M] * 3)
    world.objects[0].radius_m = 100.0
    place(world)
    assert len(world.objects) == 1


def test_no_objects_need_no_room() -> None:
    world = cubes(SIZE_WH, [])
    for layout in placement.LAYOUTS:
        place(world, layout=layout)
    assert world.objects == []


def test_a_turn_comes_on_top_of_the_rotation_that_the_scene_gave() -> None:
    world = cubes(SIZE_WH, [EDGE_M])
    thing = world.objects[0].object
    thing.scale, thing.rotation_euler = (1.0, 2.0, 0.5), (0.3, 0.2, 0.1)
    before = thing.matrix_basis.copy()
    place(world, turn_rad=math.pi / 2)
    turned = Matrix.Rotation(math.pi / 2, 4, "Z") @ before
    np.testing.assert_allclose(thing.matrix_basis.to_3x3(), turned.to_3x3(), atol=1e-6)
    assert thing.location.z == pytest.approx(EDGE_M / 2)


def test_turns_are_drawn_for_each_object() -> None:
    turns_rad = sampled("placement", 4, turn_rad={"uniform": [-1.0, 1.0]})["turns_rad"]
    assert len(set(turns_rad)) == 4
    assert fixed("placement", 4, turn_rad={"uniform": [-1.0, 1.0]})["turns_rad"] == [0.0] * 4


def test_the_radius_is_that_of_the_farthest_point_seen_from_above() -> None:
    """A box of 0.1 x 0.2 x 0.05 m on edge: turned by a quarter about x, its 0.2 m stand upright."""
    world = cubes(SIZE_WH, [EDGE_M])
    thing = world.objects[0].object
    thing.scale = (1.0, 2.0, 0.5)
    assert outer_radius_m(thing) == pytest.approx(math.hypot(0.05, 0.1))
    thing.rotation_euler.x = math.pi / 2
    assert outer_radius_m(thing) == pytest.approx(math.hypot(0.05, 0.025))


def test_room_is_free_beside_a_disc_and_not_in_it() -> None:
    room = Room()
    nowhere, middle, near, far = (np.array(p) for p in ([np.inf, np.inf], [0.0, 0.0], [0.0, 1.9], [0.0, 2.1]))
    assert room.find([nowhere], 1.0) is None
    assert room.find([nowhere, middle], 1.0) is middle
    assert room.find([near, far], 1.0) is far
    assert room.find([near], 1.0) is None


@pytest.mark.parametrize("layout", placement.LAYOUTS)
@pytest.mark.parametrize("index", range(3))
def test_nothing_is_put_into_the_sky(layout: str, index: int) -> None:
    """A camera that looks along the ground sees the horizon: a third of the picture is above it. Blender would make
    the largest number of an endless one."""
    world = cubes(SIZE_WH, [EDGE_M] * 12)
    camera.apply(world, {**fixed("camera", 12), "tilt_rad": 1.5})
    place(world, index, layout=layout)
    assert world.objects
    assert (np.abs(places_of(world)) < 1e6).all()


def test_an_orthographic_camera_scatters_over_what_it_sees() -> None:
    world = cubes(SIZE_WH, [0.01] * 200)
    camera.apply(world, {**fixed("camera", 200), "kind": "orthographic"})
    place(world, margin=0.0, gap=0.0)
    width_m = world.camera.data.ortho_scale
    reach_m = np.abs(places_of(world)[:, :2]).max(axis=0)
    assert reach_m == pytest.approx([width_m / 2, width_m * 3 / 8], rel=0.05)
    assert (reach_m <= [width_m / 2, width_m * 3 / 8]).all()


def test_objects_stay_on_the_ground() -> None:
    world = cubes(SIZE_WH, [0.05, 0.1])
    place(world)
    for labelled in world.objects:
        assert world_triangles(labelled.object)[..., 2].min() == pytest.approx(0.0, abs=1e-6)
