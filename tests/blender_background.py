"""The ground: colours, printed patterns, pictures. Run by test_blender.py."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from varying import SIZE_WH, plain, recipe_of
from worlds import cuboid, start

from blender import assets
from blender.make import Recipe, make_frame
from blender.picture.passes import render_layers
from blender.randomizers import background, camera, light
from blender.randomizers.base import Values
from blender.shaders import textures
from blender.world import World, empty_world, principled
from pipeline.errors import InputError


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_of(tmp_path)


def ground(recipe: Recipe, width_m: float = 1.0, **values: Any) -> World:
    """The ground from straight above, in white light from all around of strength 1."""
    start(SIZE_WH, samples=32)
    world = empty_world(SIZE_WH)
    camera.apply(world, {**plain(recipe, "camera"), "distance_m": width_m, "focal_length_mm": 36.0})
    background.apply(world, {**plain(recipe, "background"), "value": 0.8, "hue": 0.0, **values})
    light.apply(world, {"energy": 1.0, "ambient": 1.0, "lamps": []})
    return world


def rgb_of(world: World) -> npt.NDArray[np.float32]:
    return render_layers(world, 0).rgb


def test_the_ground_has_its_colour(recipe: Recipe) -> None:
    """HSV (0, 0.5, 0.8) is RGB (0.8, 0.4, 0.4); the gloss adds a few percent."""
    assert rgb_of(ground(recipe, saturation=0.5)).mean((0, 1)) == pytest.approx([0.8, 0.4, 0.4], abs=0.05)


def test_a_negative_hue_of_the_ground_goes_around_the_circle(recipe: Recipe) -> None:
    """-1/3 is 2/3, blue."""
    world = empty_world(SIZE_WH)
    background.apply(world, {**plain(recipe, "background"), "value": 0.8, "saturation": 0.5, "hue": -1 / 3})
    shader = world.ground.data.materials[0].node_tree.nodes["Principled BSDF"]
    assert tuple(shader.inputs["Base Color"].default_value) == pytest.approx((0.4, 0.4, 0.8, 1.0))


@pytest.mark.parametrize("kind", textures.PATTERNS)
def test_a_pattern_darkens_by_its_strength(kind: str, recipe: Recipe) -> None:
    pixels = rgb_of(ground(recipe, pattern=kind, pattern_strength=0.5, pattern_scale=4.0))
    assert 0.38 < pixels.min() < 0.72
    assert 0.55 < pixels.max() < 0.85
    assert pixels.max() - pixels.min() > 0.1


@pytest.mark.parametrize(("kind", "repeats"), [("lines", 5), ("grid", 5), ("checker", 5), ("dots", 5)])
def test_a_pattern_repeats_as_often_as_it_should(kind: str, repeats: int, recipe: Recipe) -> None:
    """5 in a metre, of which the picture shows one in height: the strongest frequency along its rows."""
    scale = {"pattern_scale": float(repeats), "pattern_strength": 1.0, "pattern": kind}
    pixels = rgb_of(ground(recipe, width_m=4 / 3, **scale)).mean(axis=2)
    spectrum = np.abs(np.fft.rfft(pixels - pixels.mean(axis=0), axis=0)).sum(axis=1)
    assert int(spectrum.argmax()) == repeats


def write_picture(path: Path) -> Path:
    """Twice as wide as high; quarters of the width are red, green, blue and white, the lower half is black."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    for quarter, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]):
        pixels[:20, quarter * 20 : quarter * 20 + 20] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def laid(folder: Path, **values: Any) -> Values:
    write_picture(folder / "a.png")
    place = {"pattern": "image", "folder": str(folder), "file": "a.png", "image_width_m": 0.8}
    return {**place, "turn_rad": 0.0, "shift_m": [0.0, 0.0], "value": 1.0, **values}


def test_a_picture_lies_on_the_ground_in_its_size(recipe: Recipe, tmp_path: Path) -> None:
    """It starts in the middle of the ground, 80 cm wide and 40 cm high, and goes on mirrored. Under a picture of 1 m
    by 75 cm that is pixel 20 in x, 15 in y; a quarter of it is 8 px wide, its lower half 8 px high."""
    pixels = rgb_of(ground(recipe, **laid(tmp_path)))
    named = (pixels > 0.5).astype(int)
    assert named[4, [22, 30, 38]].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert named[4, [17, 9, 1]].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]  # mirrored
    assert not named[[10, 18]].any()
    assert named[25, 22].tolist() == [1, 0, 0]


def test_a_picture_is_shifted_turned_and_tinted(recipe: Recipe, tmp_path: Path) -> None:
    """Shifted by 20 cm, 8 px, and turned by a quarter: its upper half is where x < 16 px + ..., red at the bottom."""
    turned = laid(tmp_path, turn_rad=np.pi / 2, shift_m=[0.2, 0.0], saturation=1.0)
    pixels = rgb_of(ground(recipe, **turned))
    red, green, _ = np.moveaxis(pixels, 2, 0)
    assert red[12, 16] > 0.5  # upper half, first quarter: left of the shifted middle, up to 8 px above it
    assert red[12, 24] < 0.1  # the lower half, black
    assert green.max() < 0.1  # seen through red glass


def test_lightness_and_darkening(recipe: Recipe, tmp_path: Path) -> None:
    assert background.lightness(ground(recipe)) == pytest.approx(0.8)
    for values, expected in (({"pattern": "grid"}, 0.8), (laid(tmp_path), 0.25)):  # half of the picture is black
        world = ground(recipe, **values)
        assert background.lightness(world) == pytest.approx(expected, abs=0.03)
        before = rgb_of(world).mean()
        background.darken(world, 0.5)
        assert background.lightness(world) == pytest.approx(expected / 2, abs=0.02)
        assert rgb_of(world).mean() == pytest.approx(before / 2, abs=0.03)


def test_pictures_are_drawn_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "more/b.jpg"):
        write_picture(tmp_path / "pictures" / name)
    monkeypatch.chdir(tmp_path)
    recipe = recipe_of(tmp_path, background={"pattern": {"choice": ["plain", "image"]}, "folder": "pictures"})
    start(SIZE_WH)
    drawn = [make_frame(recipe, "train", index).drawn["background"] for index in range(8)]
    assert {d.get("file") for d in drawn} == {None, "a.png", "more/b.jpg"}


def test_what_is_no_picture_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^params.yaml: randomizers.background.folder: expected .*\.png.* found null"):
        recipe_of(tmp_path, background={"pattern": "image"})
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"^pictures/a\.png: expected a picture"):
        recipe_of(tmp_path, background={"pattern": "image", "folder": "pictures"})


def test_a_picture_that_is_cut_off_is_named(recipe: Recipe, tmp_path: Path) -> None:
    """Its head is whole, so that the check of the folder passes."""
    start(SIZE_WH)
    cut = write_picture(tmp_path / "a.png")
    cut.write_bytes(cut.read_bytes()[:60])
    assets.check_pictures(str(tmp_path), "key")
    with pytest.raises(InputError, match=r"a\.png: expected a picture, found damaged data"):
        background.mean_light(cut)
    place = {"pattern": "image", "folder": str(tmp_path), "file": "a.png", "turn_rad": 0.0, "shift_m": [0.0, 0.0]}
    with pytest.raises(InputError, match=r"a\.png: expected a picture, found damaged data"):
        background.apply(empty_world(SIZE_WH), {**plain(recipe, "background"), **place})


@pytest.mark.parametrize("box", [False, True])
def test_a_picture_covers_solid_things_from_six_sides(box: bool, recipe: Recipe, tmp_path: Path) -> None:
    """On the front of a cube of 1 m, along its height: the picture's upper and lower half, or without `box` stripes."""
    world = ground(recipe)
    view = {"distance_m": 2.5, "focal_length_mm": 36.0, "tilt_rad": 1.5, "azimuth_rad": 0.0, "level": True}
    camera.apply(world, {**plain(recipe, "camera"), **view})
    cube = cuboid((-0.5, -0.5, 0), (0.5, 0.5, 1))
    material, shader = principled("cube")
    where = material.node_tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    colour = textures.image(material.node_tree, write_picture(tmp_path / "a.png"), where, 0.8, box=box)
    material.node_tree.links.new(colour, shader.inputs["Base Color"])
    cube.data.materials.append(material)
    column = rgb_of(world)[2:13, 22]  # of the front: 20 px a metre, its foot at row 15
    assert (np.ptp(column, axis=0).max() > 0.5) == box
