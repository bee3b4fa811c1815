"""Patterns, pictures, bumps and glass on objects. Run by test_blender.py."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn import cubes, params_of, sampled
from PIL import Image
from worlds import start

from blender.picture.passes import render_layers
from blender.randomizers import material
from blender.shaders.textures import PATTERNS
from blender.world import World
from pipeline.errors import InputError

SIZE_WH = (40, 30)
SHIFT = [0.0, 0.0, 0.0]


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH, samples=4, bounces=1)


def one_cube(**changes: Any) -> np.ndarray[Any, Any]:
    """Linear pixels [N, 3] of a cube of 0.4 m in the middle, which fills the picture by half."""
    return pixels(cubed(0.4, **changes))


def cubed(edge_m: float, scale: float = 1.0, **changes: Any) -> World:
    world = cubes(SIZE_WH, [edge_m / scale])
    world.objects[0].object.scale = (scale, scale, scale)
    world.objects[0].object.location.z = edge_m / 2
    values = sampled("material", 1, **changes)
    material.apply(world, {**values, "materials": [m | {"shift_m": SHIFT} for m in values["materials"]]})
    return world


def pixels(world: World) -> np.ndarray[Any, Any]:
    layers = render_layers(world, 0)
    return np.asarray(layers.rgb[layers.ids > 0])


@pytest.mark.parametrize("kind", PATTERNS)
def test_patterns_show(kind: str) -> None:
    """A pattern makes parts of the object darker, by its strength at most."""
    grey = {"source": "colour", "saturation": 0.0, "value": 0.8, "pattern_strength": 1.0, "pattern_scale": 10.0}
    plain, printed = one_cube(**grey), one_cube(**grey, pattern=kind)
    assert printed.std() > 1.5 * plain.std()
    assert printed.mean() < 0.98 * plain.mean()


def test_patterns_are_in_metres_whatever_the_scale_of_an_object() -> None:
    checker = {"source": "colour", "saturation": 0.0, "value": 0.8, "pattern": "checker", "pattern_strength": 1.0}
    once, scaled = (pixels(cubed(0.4, scale, **checker, pattern_scale=4.0)) for scale in (1.0, 0.01))
    assert np.abs(once - scaled).mean() < 0.02
    assert np.abs(once - pixels(cubed(0.4, **checker, pattern_scale=8.0))).mean() > 0.1


def red_and_blue(folder: Path) -> str:
    """A picture, red on the left and blue on the right."""
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:, :4, 0], halves[:, 4:, 2] = 255, 255
    folder.mkdir()
    Image.fromarray(halves).save(folder / "halves.png")
    return str(folder)


def test_a_picture_is_laid_on_from_all_sides_and_tinted(tmp_path: Path) -> None:
    """Half of a cube that it covers is red, half blue; seen through green glass it is black."""
    picture = {"source": "colour", "pattern": "image", "folder": red_and_blue(tmp_path / "a"), "image_width_m": 0.2}
    shown = one_cube(**picture, saturation=0.0, value=1.0)
    reds, blues = shown[:, 0] > 5 * shown[:, 2], shown[:, 2] > 5 * shown[:, 0]
    assert reds.mean() > 0.25 and blues.mean() > 0.25
    assert one_cube(**picture, saturation=1.0, hue=1 / 3, value=1.0, specular=0.0).mean() < 0.02


def test_the_picture_that_was_drawn_is_recorded_relative_to_its_folder(tmp_path: Path) -> None:
    folder = red_and_blue(tmp_path / "a")
    (drawn,) = sampled("material", 2, pattern="image", folder=folder)["materials"]
    assert (drawn["folder"], drawn["file"]) == (folder, "halves.png")


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_pictures_that_are_missing_stop_before_the_first_frame(folder: str | None) -> None:
    with pytest.raises(InputError, match=r"params.yaml: randomizers.material.folder: expected .*"):
        params_of("material", pattern={"choice": ["plain", "image"]}, folder=folder)


def test_bumps_change_the_light_and_not_the_shape() -> None:
    grey = {"source": "colour", "saturation": 0.0, "value": 0.8, "pattern_scale": 20.0}
    plain, uneven = (render_layers(cubed(0.4, **grey, bump=b), 0) for b in (0.0, 1.0))
    assert (plain.ids == uneven.ids).all()
    assert uneven.rgb[uneven.ids > 0].std() > 1.2 * plain.rgb[plain.ids > 0].std()


def test_glass_that_stands_on_the_ground_shows_the_ground() -> None:
    """Its foot lies in the plane of the ground: light must find its way out all the same."""
    start(SIZE_WH, samples=64, bounces=12)
    clear = {"source": "colour", "saturation": 0.0, "value": 1.0, "transmission": 1.0, "roughness": 0.0}
    layers = render_layers(cubed(0.4, **clear), 0)
    assert layers.rgb[layers.ids > 0].mean() > 0.8 * layers.rgb[layers.ids == 0].mean()
