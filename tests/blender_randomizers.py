"""One contract for every randomizer, and what each promises beyond it. Run by test_blender.py."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rendering import REPOSITORY, small_values, write_params
from worlds import HEIGHT_M, cuboid, start

from blender.make import Recipe, make_frame, make_recipe
from blender.passes import render_layers
from blender.randomizers import RANDOMIZERS, camera, distractors, light, material, placement, surface
from blender.randomizers.base import Values
from blender.samplers import stream
from blender.world import Labelled, World, empty_world
from pipeline.params import load_params

SIZE_WH = (40, 30)
OBJECTS = 3
NAMES = list(RANDOMIZERS)


@pytest.fixture
def values(tmp_path: Path) -> dict[str, Any]:
    return small_values()


def recipe_of(values: dict[str, Any], folder: Path) -> Recipe:
    return make_recipe(load_params(write_params(folder / "params.yaml", values)))


@pytest.fixture
def recipe(values: dict[str, Any], tmp_path: Path) -> Recipe:
    return recipe_of(values, tmp_path)


def small_world(recipe: Recipe) -> World:
    """Three cubes of 10 cm at the origin; all randomizers before the placement are applied, switched off."""
    start(SIZE_WH)
    world = empty_world(SIZE_WH)
    for number in range(1, OBJECTS + 1):
        cube = cuboid((-0.05, -0.05, 0), (0.05, 0.05, 0.1), number)
        world.objects.append(Labelled(cube, "cube", radius_m=0.08))
    for name in ("camera", "surface", "light", "material"):
        RANDOMIZERS[name].apply(world, plain(recipe, name))
    return world


def plain(recipe: Recipe, name: str) -> Values:
    return RANDOMIZERS[name].fixed(recipe.randomizers[name], OBJECTS)


def sampled(recipe: Recipe, name: str, index: int) -> Values:
    return RANDOMIZERS[name].sample(stream(0, "train", index, name), recipe.randomizers[name], OBJECTS)


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_json_repeatable_and_varied(name: str, recipe: Recipe) -> None:
    drawn = [sampled(recipe, name, index) for index in range(8)]
    assert drawn == [sampled(recipe, name, index) for index in range(8)]
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn
    assert len({json.dumps(d) for d in drawn}) > 4


@pytest.mark.parametrize("name", NAMES)
def test_sampled_and_fixed_values_can_be_applied(name: str, recipe: Recipe) -> None:
    for values in (plain(recipe, name), *(sampled(recipe, name, index) for index in range(4))):
        before = json.dumps(values)
        RANDOMIZERS[name].apply(small_world(recipe), values)
        assert json.dumps(values) == before  # the frame records them


def test_what_is_switched_off_takes_no_random_numbers(values: dict[str, Any], tmp_path: Path) -> None:
    def drawn(seed: int, enabled: bool) -> dict[str, Any]:
        values["seed"] = seed
        for section in values["randomizers"].values():
            section["enabled"] = enabled
        start(SIZE_WH)
        return make_frame(recipe_of(values, tmp_path), "train", 0).drawn

    assert drawn(0, enabled=False) == drawn(1, enabled=False)
    different = [name for name in NAMES if drawn(0, enabled=True)[name] != drawn(1, enabled=True)[name]]
    assert different == NAMES


def test_switching_one_off_leaves_the_others_as_they_were(values: dict[str, Any], tmp_path: Path) -> None:
    start(SIZE_WH)
    all_on = make_frame(recipe_of(values, tmp_path), "train", 0).drawn
    values["randomizers"]["light"]["enabled"] = False
    one_off = make_frame(recipe_of(values, tmp_path), "train", 0).drawn
    assert [name for name in NAMES if one_off[name] != all_on[name]] == ["light"]


def part_of_picture(world: World, thing: Any) -> tuple[float, float]:
    """Where the origin of a thing is seen by a camera that looks straight down: x to the right and y up, 0 .. 1."""
    width_m = world.camera.location.z * world.camera.data.sensor_width / world.camera.data.lens
    height_m = width_m * world.size_wh[1] / world.size_wh[0]
    return thing.location.x / width_m + 0.5, thing.location.y / height_m + 0.5


@pytest.mark.parametrize("index", [None, 0, 1, 2])
def test_placement_keeps_objects_apart_and_in_the_picture(index: int | None, recipe: Recipe) -> None:
    world = small_world(recipe)
    values = plain(recipe, "placement") if index is None else sampled(recipe, "placement", index)
    placement.apply(world, {**values, "margin": 0.1})
    parts = np.array([part_of_picture(world, o.object) for o in world.objects])
    assert len(parts) == OBJECTS
    assert (parts >= 0.1 - 1e-4).all() and (parts <= 0.9 + 1e-4).all()
    for a, b in itertools.combinations(world.objects, 2):
        assert math.dist(a.object.location, b.object.location) > a.radius_m + b.radius_m
    if index is None:  # a grid from the upper left on: two columns, two rows
        assert parts == pytest.approx(np.array([[0.3, 0.7], [0.7, 0.7], [0.3, 0.3]]), abs=1e-4)


def test_placement_leaves_out_what_finds_no_room(recipe: Recipe) -> None:
    world = small_world(recipe)
    world.objects[0].radius_m = 100.0
    placement.apply(world, sampled(recipe, "placement", 0))
    assert len(world.objects) == 1


@pytest.mark.parametrize("index", range(8))
def test_nothing_is_put_into_the_sky(index: int, recipe: Recipe) -> None:
    """A camera that looks along the ground sees the horizon: a third of the picture is above it. Blender would make
    the largest number of an endless one."""
    world = small_world(recipe)
    camera.apply(world, {**plain(recipe, "camera"), "tilt_rad": 1.5})
    placement.apply(world, sampled(recipe, "placement", index))
    assert world.objects
    distractors.apply(world, sampled(recipe, "distractors", index))
    assert all(abs(v) < 1e6 for thing in world.scene.collection.objects for v in thing.location)


def white_sheet(recipe: Recipe, lamps: Values) -> np.ndarray[Any, Any]:
    """Linear pixels [H, W] of a white sheet under this light."""
    start(SIZE_WH, samples=64)
    world = empty_world(SIZE_WH)
    camera.apply(world, plain(recipe, "camera"))
    surface.apply(world, {**plain(recipe, "surface"), "value": 1.0})
    light.apply(world, lamps)
    return render_layers(0).rgb.mean(axis=2)


@pytest.mark.parametrize("kind", ["sun", "area", "point"])
def test_light_of_energy_1_exposes_a_white_sheet(kind: str, recipe: Recipe) -> None:
    """In the middle, under a lamp of any kind. A sheet of whiteness 1 also mirrors a little: 10 % are allowed."""
    lamp = {"kind": kind, "temperature_k": 6500.0, "size_m": 0.3, "elevation_rad": math.pi / 2, "azimuth_rad": 0.0}
    half = {"energy": 0.5, "ambient": 0.0, "lamps": [lamp]}
    full, dim = (white_sheet(recipe, {**half, "energy": e})[12:18, 16:24].mean() for e in (1.0, 0.5))
    assert full == pytest.approx(1.0, rel=0.1)
    assert dim == pytest.approx(full / 2, rel=0.02)
    assert white_sheet(recipe, {**half, "lamps": []}).mean() == pytest.approx(0.5, rel=0.1)  # all from around


def test_ink_is_darker_than_the_sheet_and_chalk_lighter_than_the_board(recipe: Recipe) -> None:
    contrasts = []
    for inverted in (False, True):
        world = small_world(recipe)
        for labelled in world.objects:
            labelled.object.data.materials.clear()
        material.apply(world, {**plain(recipe, "material"), "inverted": inverted})
        placement.apply(world, plain(recipe, "placement"))
        layers = render_layers(0)
        contrasts.append(layers.rgb[layers.ids > 0].mean() - layers.rgb[layers.ids == 0].mean())
    assert contrasts[0] < -0.2
    assert contrasts[1] > 0.2


def test_camera_sees_the_width_that_its_lens_gives(recipe: Recipe) -> None:
    """36 mm / 36 mm * 10 m: 10 m wide, 7.5 m high; the cube of 10 cm on the ground becomes one of 5 m."""
    world = small_world(recipe)
    camera.apply(world, {**plain(recipe, "camera"), "distance_m": HEIGHT_M, "focal_length_mm": 36.0})
    world.objects[0].object.scale = (50, 50, 1e-3)
    y, x = np.nonzero(render_layers(0).ids)
    assert (x.min(), x.max() + 1, y.min(), y.max() + 1) == (10, 30, 5, 25)


def test_every_randomizer_has_a_section_in_params_yaml() -> None:
    assert set(load_params(REPOSITORY / "params.yaml").randomizers) == set(NAMES)
