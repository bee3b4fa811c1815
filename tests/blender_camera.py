"""The camera: what it sees, where rays through the picture meet the ground, and focus. Run by test_blender.py."""

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from varying import SIZE_WH, plain, recipe_of, small_world
from worlds import HEIGHT_M, cuboid, start

from blender.facts.view import camera_facts, projection
from blender.make import Recipe
from blender.picture.passes import render_layers
from blender.randomizers import camera
from blender.rays import ground_point
from blender.world import World, empty_world, principled

KINDS = ("perspective", "orthographic")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_of(tmp_path)


def aimed(recipe: Recipe, **values: Any) -> World:
    """A world 10 m wide under the camera, which has these values and is straight otherwise."""
    start(SIZE_WH)
    world = empty_world(SIZE_WH)
    shell = {"distance_m": HEIGHT_M, "focal_length_mm": 36.0, "azimuth_rad": 0.0}
    camera.apply(world, {**plain(recipe, "camera"), **shell, **values})
    bpy.context.view_layer.update()
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_camera_sees_the_width_that_its_lens_gives(kind: str, recipe: Recipe) -> None:
    """36 mm / 36 mm * 10 m: 10 m wide, 7.5 m high; the flat cube of 10 cm on the ground becomes one of 5 m."""
    world = small_world(recipe)
    straight = {**plain(recipe, "camera"), "distance_m": HEIGHT_M, "focal_length_mm": 36.0, "kind": kind}
    camera.apply(world, straight)
    world.objects[0].object.scale = (50, 50, 1e-3)
    y, x = np.nonzero(render_layers(world, 0).ids)
    assert (x.min(), x.max() + 1, y.min(), y.max() + 1) == (10, 30, 5, 25)
    assert camera_facts(world).kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_it_looks_at_the_target_from_the_distance(kind: str, recipe: Recipe) -> None:
    turned = {"tilt_rad": 0.7, "azimuth_rad": 2.0, "roll_rad": 0.3, "target_m": [1.0, -2.0]}
    world = aimed(recipe, kind=kind, **turned)
    x, y, depth_m, w = projection(world.camera, SIZE_WH) @ (1.0, -2.0, 0.0, 1.0)
    assert (x / w, y / w, depth_m) == pytest.approx((20, 15, HEIGHT_M), abs=1e-4)


@pytest.mark.parametrize(("level", "up"), [(True, (-1, 0)), (False, (0, 1))])
def test_the_horizon_is_level_or_up_stays_up_on_the_sheet(level: bool, up: tuple[int, int], recipe: Recipe) -> None:
    """From the east (tilted by 0.5 about x, turned by 90 degrees), what lies farther away is in the west."""
    world = aimed(recipe, tilt_rad=0.5, azimuth_rad=math.pi / 2, level=level)
    assert world.camera.matrix_world.translation.x == pytest.approx(HEIGHT_M * math.sin(0.5), abs=1e-5)
    up_m = ground_point(world, (0.5, 0.6), 0.0) - ground_point(world, (0.5, 0.5), 0.0)
    assert up_m / np.hypot(*up_m) == pytest.approx(np.array(up), abs=0.03)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("height_m", [0.0, 1.5])
def test_rays_meet_the_ground_where_it_is_seen(kind: str, height_m: float, recipe: Recipe) -> None:
    world = aimed(recipe, kind=kind, tilt_rad=0.6, azimuth_rad=0.4, roll_rad=0.2, target_m=[0.5, 0.0])
    for part_xy in ((0.0, 0.0), (1.0, 0.5), (0.3, 0.9)):
        place = (*ground_point(world, part_xy, 0.1, height_m), height_m, 1.0)
        x, y, _, w = projection(world.camera, SIZE_WH) @ place
        inside = [0.1 + 0.8 * p for p in part_xy]
        assert (x / w, y / w) == pytest.approx((40 * inside[0], 30 * (1 - inside[1])), abs=1e-3)


def test_no_ground_is_in_the_sky_nor_behind_the_camera(recipe: Recipe) -> None:
    world = aimed(recipe, tilt_rad=1.5, level=True)
    assert np.isfinite(ground_point(world, (0.5, 0.4), 0.0)).all()
    assert np.isinf(ground_point(world, (0.5, 1.0), 0.0)).all()
    world = aimed(recipe, kind="orthographic", tilt_rad=1.5, distance_m=1.0, level=True)
    assert np.isinf(ground_point(world, (0.5, 0.0), 0.0)).all()  # its lower border starts under the ground


def edge_blur_px(recipe: Recipe, height_m: float, **values: Any) -> float:
    """Standard deviation of the blur where a white half plane at this height ends, in the middle of the picture."""
    start(SIZE_WH, samples=256)
    world = empty_world(SIZE_WH)
    bpy.data.objects.remove(world.ground)
    shell = {"distance_m": HEIGHT_M, "focal_length_mm": 36.0}
    camera.apply(world, {**plain(recipe, "camera"), **shell, **values})
    material, shader = principled("lit")
    shader.inputs["Emission Color"].default_value, shader.inputs["Emission Strength"].default_value = (1, 1, 1, 1), 1.0
    cuboid((0, -40, height_m - 0.01), (40, 40, height_m)).data.materials.append(material)
    slope = np.diff(render_layers(world, 0).rgb[15].mean(axis=1))
    x = np.arange(len(slope))
    middle = np.average(x, weights=slope)
    return float(np.sqrt(np.average((x - middle) ** 2, weights=slope)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_target_is_sharp_and_what_is_nearer_is_blurred(kind: str, recipe: Recipe) -> None:
    """An aperture of 36 mm / 0.018 = 2 m. Half way to the focus it blurs over a disc of 1 m: there that is 8 px of a
    perspective picture and 4 px of an orthographic one. A disc has the deviation diameter / 4 along a line."""
    wide = {"kind": kind, "f_number": 0.018}
    assert edge_blur_px(recipe, 0.0, **wide) < 0.6
    assert edge_blur_px(recipe, 5.0, kind=kind) < 0.6  # a pinhole
    assert edge_blur_px(recipe, 5.0, **wide) == pytest.approx(2.0 if kind == "perspective" else 1.0, rel=0.15)
