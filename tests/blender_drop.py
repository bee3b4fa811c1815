"""Objects that fall lie on the ground that the camera sees. Run by test_blender.py."""

import math
from typing import Any

import bpy
import numpy as np
import pytest
from drawn import cubes, places_of, sampled
from worlds import start

from blender.facts.mesh import world_triangles
from blender.objects.drop import drop
from blender.randomizers import camera, placement
from blender.world import Labelled, World, add

SIZE_WH = (40, 30)
FALL = {"height_m": 0.1, "tilt_rad": 0.0, "axis_rad": 0.0}


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH)


def fall(world: World, index: int = 0, **changes: Any) -> None:
    values = sampled("placement", len(world.objects), index, layout="drop", **changes)
    placement.apply(world, values)


def test_a_cube_that_is_not_tilted_lands_upright_below_where_it_started() -> None:
    world = cubes(SIZE_WH, [0.1])
    assert drop(world, np.array([[0.5, 0.5]]), [FALL], margin=0.0) == [True]
    np.testing.assert_allclose(places_of(world), [[0.0, 0.0, 0.05]], atol=1e-3)
    np.testing.assert_allclose(world.objects[0].object.matrix_basis.to_3x3(), np.eye(3), atol=1e-2)


@pytest.mark.parametrize("index", range(3))
def test_dropped_cubes_lie_on_the_ground_and_in_the_picture(index: int) -> None:
    world = cubes(SIZE_WH, [0.1] * 12)
    world.objects[0].object.scale = (2.0, 1.0, 0.5)
    fall(world, index, margin=0.2)
    assert len(world.objects) > 8
    for labelled in world.objects:
        assert world_triangles(labelled.object)[..., 2].min() > -1e-6
        assert np.abs(np.asarray(labelled.object.location)[:2]).max() < 1.0
    lowest_m = [world_triangles(o.object)[..., 2].min() for o in world.objects]
    assert sorted(lowest_m)[len(lowest_m) // 2] == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(world.objects[0].object.scale, (2.0, 1.0, 0.5), atol=1e-6)
    assert all(o.object.rigid_body is None and o.object.animation_data is None for o in world.objects)


def test_the_scene_s_rotation_is_kept_below_the_tilt() -> None:
    """A quarter turn by the scene, then no tilt: the long side still points along y."""
    world = cubes(SIZE_WH, [0.1])
    thing = world.objects[0].object
    thing.scale, thing.rotation_euler.z = (2.0, 1.0, 1.0), math.pi / 2
    drop(world, np.array([[0.5, 0.5]]), [FALL], margin=0.0)
    assert np.ptp(world_triangles(thing).reshape(-1, 3), axis=0) == pytest.approx([0.1, 0.2, 0.1], abs=0.02)


def test_what_lands_outside_of_the_picture_is_left_out() -> None:
    """Unless the margin lets the border cut objects."""
    for margin, kept in ((0.0, [True, False]), (-0.1, [True, True])):
        world = cubes(SIZE_WH, [0.02, 0.02])
        places = np.array([[0.5, 0.5], [1.05, 0.5]])
        inner = (places - margin) / (1 - 2 * margin)  # so that the margin does not move them
        assert drop(world, inner, [FALL, FALL], margin) == kept


def test_nothing_falls_from_the_sky_of_the_picture() -> None:
    world = cubes(SIZE_WH, [0.02, 0.02])
    camera.apply(world, {**sampled("camera", 2), "tilt_rad": 1.4, "azimuth_rad": 0.0, "level": True, "roll_rad": 0.0})
    assert drop(world, np.array([[0.5, 0.3], [0.5, 0.999]]), [FALL, FALL], 0.0) == [True, False]


def test_strokes_and_glyphs_fall_too_and_what_has_no_surface_is_left_out() -> None:
    world = cubes(SIZE_WH, [])
    stroke = bpy.data.curves.new("stroke", "CURVE")
    stroke.dimensions, stroke.bevel_depth = "3D", 0.01
    stroke.splines.new("POLY").points.add(1)
    stroke.splines[0].points.foreach_set("co", (-0.1, 0, 0, 1, 0.1, 0, 0, 1))
    text = bpy.data.curves.new("text", "FONT")
    text.body, text.size, text.extrude = "8", 0.1, 0.005
    for made in (add("stroke", stroke), add("text", text), add("nothing", bpy.data.meshes.new("nothing"))):
        world.objects.append(Labelled(made, "thing", radius_m=0.1))
    fall(world, margin=0.3, drop_tilt_rad=0.3)
    assert [o.object.name for o in world.objects] == ["stroke", "text"]
    for labelled in world.objects:
        assert world_triangles(labelled.object)[..., 2].min() == pytest.approx(0.0, abs=1e-6)
