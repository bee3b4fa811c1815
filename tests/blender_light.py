"""Lamps and the light from all around: how light a white sheet becomes. Run by test_blender.py."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from varying import SIZE_WH, plain, recipe_of
from worlds import start

from blender.make import Recipe
from blender.picture.passes import render_layers
from blender.randomizers import background, camera, light
from blender.randomizers.base import Values
from blender.shaders.hdri import LUMINANCE
from blender.world import empty_world
from pipeline.errors import InputError

LAMP = {
    "temperature_k": 6500.0,
    "size_m": 0.3,
    "elevation_rad": math.pi / 2,
    "azimuth_rad": 0.0,
    "cone_rad": 1.0,
}
MIDDLE = (slice(12, 18), slice(16, 24))


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_of(tmp_path)


def white_sheet(recipe: Recipe, lights: Values) -> np.ndarray[Any, Any]:
    """Linear luminance [H, W] of a white sheet, 1 m wide, under this light."""
    start(SIZE_WH, samples=64)
    world = empty_world(SIZE_WH)
    camera.apply(world, {**plain(recipe, "camera"), "distance_m": 1.0, "focal_length_mm": 36.0})
    background.apply(world, {**plain(recipe, "background"), "value": 1.0})
    light.apply(world, lights)
    return render_layers(world, 0).rgb @ LUMINANCE


@pytest.mark.parametrize("kind", ["sun", "area", "point", "spot"])
def test_light_of_energy_1_exposes_a_white_sheet(kind: str, recipe: Recipe) -> None:
    """In the middle, under a lamp of any kind. A sheet of whiteness 1 also mirrors a little: 10 % are allowed."""
    half = {"energy": 0.5, "ambient": 0.0, "lamps": [{**LAMP, "kind": kind}]}
    full, dim = (white_sheet(recipe, {**half, "energy": e})[MIDDLE].mean() for e in (1.0, 0.5))
    assert full == pytest.approx(1.0, rel=0.1)
    assert dim == pytest.approx(full / 2, rel=0.02)
    assert white_sheet(recipe, {**half, "lamps": []}).mean() == pytest.approx(0.5, rel=0.1)  # all from around


def test_a_slanting_sun_exposes_it_as_well(recipe: Recipe) -> None:
    lamp = {**LAMP, "kind": "sun", "elevation_rad": 0.5}
    sheet = white_sheet(recipe, {"energy": 1.0, "ambient": 0.0, "lamps": [lamp]})
    assert sheet.mean() == pytest.approx(1.0, rel=0.1)


def test_lamps_and_surroundings_share_the_energy(recipe: Recipe) -> None:
    lamps = [{**LAMP, "kind": "sun"}, {**LAMP, "kind": "sun"}]
    sheet = white_sheet(recipe, {"energy": 1.0, "ambient": 0.3, "lamps": lamps})
    assert sheet.mean() == pytest.approx(1.0, rel=0.1)


def test_a_spot_lights_a_pool(recipe: Recipe) -> None:
    """A cone of 0.2 rad from 2.5 m: a pool 0.5 m wide, half of the picture; the rest stays black."""
    lamp = {**LAMP, "kind": "spot", "cone_rad": 0.2, "size_m": 0.0}
    sheet = white_sheet(recipe, {"energy": 1.0, "ambient": 0.0, "lamps": [lamp]})
    lit = np.flatnonzero(sheet[15] > 1e-3)
    assert abs(lit[0] - 10) <= 1
    assert abs(lit[-1] - 29) <= 1


def test_a_lamp_in_the_west_throws_shadows_to_the_east(recipe: Recipe) -> None:
    """Azimuth pi, 2.5 m away at 30 degrees: the left side of the sheet is nearer to the lamp."""
    lamp = {**LAMP, "kind": "point", "elevation_rad": math.pi / 6, "azimuth_rad": math.pi}
    sheet = white_sheet(recipe, {"energy": 1.0, "ambient": 0.0, "lamps": [lamp]})
    assert sheet[:, :5].mean() > 1.3 * sheet[:, -5:].mean()


def test_an_unknown_lamp_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"randomizers\.light: kind.*'spott'.*spot"):
        recipe_of(tmp_path, light={"kind": "spott"})
