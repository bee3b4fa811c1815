"""The light from all around: a white sheet gets as much of it whatever it looks like. Run by test_blender.py."""

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
import pytest
from varying import SIZE_WH, plain, recipe_of
from worlds import cuboid, start

from blender.make import Recipe, make_frame
from blender.picture.passes import render_layers
from blender.randomizers import background, camera, environment, light
from blender.randomizers.base import Values
from blender.shaders import hdri, sky
from blender.shaders.hdri import LUMINANCE
from blender.world import World, empty_world
from pipeline.errors import InputError

AROUND = {"energy": 0.5, "ambient": 1.0, "lamps": []}


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_of(tmp_path)


def write_hdri(path: Path, pixels: npt.ArrayLike) -> Path:
    """Linear light [H, W, 3], the first row on top, as a .hdr or .exr file."""
    rgb = np.asarray(pixels, np.float32)
    picture = bpy.data.images.new("hdri", rgb.shape[1], rgb.shape[0], float_buffer=True, is_data=True)
    picture.pixels.foreach_set(np.dstack([rgb, np.ones(rgb.shape[:2])])[::-1].astype(np.float32).ravel())
    path.parent.mkdir(exist_ok=True)
    picture.filepath_raw, picture.file_format = str(path), "HDR" if path.suffix == ".hdr" else "OPEN_EXR"
    picture.save()
    return path


def sheet_under(recipe: Recipe, values: Values) -> World:
    """A white sheet, 1 m wide, with light from around only."""
    start(SIZE_WH, samples=64)
    world = empty_world(SIZE_WH)
    camera.apply(world, {**plain(recipe, "camera"), "distance_m": 1.0, "focal_length_mm": 36.0})
    background.apply(world, {**plain(recipe, "background"), "value": 1.0})
    light.apply(world, AROUND)
    environment.apply(world, {**plain(recipe, "environment"), "rotation_rad": 0.0, **values})
    return world


def luminance(world: World) -> npt.NDArray[Any]:
    return np.asarray(render_layers(world, 0).rgb @ LUMINANCE)


@pytest.mark.parametrize("sun_disc", [False, True])
@pytest.mark.parametrize(("elevation_rad", "haze"), [(0.07, 0.7), (0.3, 1.4), (0.65, 3.0), (1.4, 6.0)])
def test_any_sky_gives_as_much_light(elevation_rad: float, haze: float, sun_disc: bool, recipe: Recipe) -> None:
    """Between the places of the tables."""
    values = {"kind": "sky", "sun_elevation_rad": elevation_rad, "haze": haze, "sun_disc": sun_disc}
    assert luminance(sheet_under(recipe, values)).mean() == pytest.approx(0.5, rel=0.15)


def test_the_tables_hold_where_they_were_measured(recipe: Recipe) -> None:
    for row, elevation_rad in enumerate(sky.ELEVATION_RAD):
        assert sky.irradiance(elevation_rad, 4.0, True) == pytest.approx(sky.WITH_SUN[row][4])
        assert sky.irradiance(elevation_rad, 0.1, False) == pytest.approx(sky.WITHOUT_SUN[row][0])


def lit_half(upper: Any, lower: Any) -> npt.NDArray[np.float32]:
    """An equirectangular picture, 64 x 32, of these colours above and below the horizon."""
    return np.repeat(np.array([[upper], [lower]], np.float32), 16, axis=0).repeat(64, axis=1)


def test_irradiance_of_pictures_by_hand() -> None:
    """White above: 1, whatever is below. A band from 30 degrees up to 60: sin^2 60 - sin^2 30 = 1/2 of its light."""
    assert hdri.from_above(lit_half((1, 1, 1), (9, 9, 9))) == pytest.approx(1.0)
    assert hdri.from_above(lit_half((0, 2, 0), (0, 0, 0))) == pytest.approx(2 * 0.7152)
    band = np.zeros((180, 7, 3), np.float32)
    band[30:60] = 3.0
    assert hdri.from_above(band) == pytest.approx(1.5, abs=1e-3)


def test_a_shrunk_picture_sheds_as_much_light() -> None:
    pixels = np.random.default_rng(0).random((6, 1024, 3), dtype=np.float32)
    assert hdri.shrunk(pixels).shape == (3, 512, 3)
    assert hdri.shrunk(pixels)[0, 0] == pytest.approx(pixels[:2, :2].mean((0, 1)), rel=1e-5)
    assert hdri.shrunk(pixels[:, :1000]).mean() == pytest.approx(pixels[:, :1000].mean(), rel=0.01)
    assert (hdri.shrunk(pixels[:, :512]) == pixels[:, :512]).all()


def test_the_sun_in_a_picture_does_not_flare_up(recipe: Recipe, tmp_path: Path) -> None:
    """A sun of 2 px among 1024, thousands of times brighter than the sky."""
    pixels = lit_half((0.3, 0.3, 0.3), (0, 0, 0)).repeat(16, axis=0).repeat(16, axis=1)
    pixels[100:102, 300:302] = 40_000.0
    write_hdri(tmp_path / "around" / "a.exr", pixels)
    seen = luminance(sheet_under(recipe, {"kind": "hdri", "folder": str(tmp_path / "around"), "file": "a.exr"}))
    assert seen.mean() == pytest.approx(0.5, rel=0.15)
    assert seen.std() < 0.05


@pytest.mark.parametrize("name", ["a.hdr", "b.exr"])
def test_any_picture_gives_as_much_light(name: str, recipe: Recipe, tmp_path: Path) -> None:
    pixels = lit_half((0.3, 0.2, 0.1), (5.0, 5.0, 5.0))
    pixels[4:8, 40:46] = (40.0, 30.0, 20.0)  # a window
    path = write_hdri(tmp_path / "around" / name, pixels)
    assert hdri.light_of(path).irradiance == pytest.approx(hdri.from_above(pixels), rel=0.01)
    values = {"kind": "hdri", "folder": str(tmp_path / "around"), "file": name}
    assert luminance(sheet_under(recipe, values)).mean() == pytest.approx(0.5, rel=0.15)


def shadow_rad(world: World) -> float:
    """Direction in which the shadow of a pole in the middle of the sheet lies, counterclockwise from x."""
    cuboid((-0.02, -0.02, 0), (0.02, 0.02, 0.3))
    dark = 1 - luminance(world) / luminance(world).max()
    dark[dark < 0.5] = 0
    y, x = np.indices(dark.shape)
    return math.atan2(np.average(14.5 - y, weights=dark), np.average(x - 19.5, weights=dark))


@pytest.mark.parametrize("kind", ["sky", "hdri"])
def test_rotation_turns_the_light_counterclockwise(kind: str, recipe: Recipe, tmp_path: Path) -> None:
    pixels = lit_half((0.01, 0.01, 0.01), (0, 0, 0))
    pixels[9:11, 20:22] = 1000.0
    write_hdri(tmp_path / "around" / "a.exr", pixels)
    values = {"kind": kind, "folder": str(tmp_path / "around"), "file": "a.exr"}
    values |= {"sun_elevation_rad": 0.8, "haze": 0.3, "sun_disc": True}
    before = shadow_rad(sheet_under(recipe, values))
    after = shadow_rad(sheet_under(recipe, {**values, "rotation_rad": math.pi / 2}))
    assert math.remainder(after - before - math.pi / 2, 2 * math.pi) == pytest.approx(0, abs=0.2)


def test_a_picture_is_drawn_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subfolders too, and the whole frame can be made twice from the recorded names."""
    for name in ("around/a.exr", "around/more/b.hdr"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_hdri(tmp_path / name, lit_half((1, 1, 1), (0, 0, 0)))
    (tmp_path / "around" / "readme.txt").write_text("no picture", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    recipe = recipe_of(tmp_path, environment={"kind": "hdri", "folder": "around"})
    start(SIZE_WH)
    frames = [make_frame(recipe, "train", index) for index in range(6)]
    drawn = [frame.drawn["environment"] for frame in frames]
    assert {d["file"] for d in drawn} == {"a.exr", "more/b.hdr"}
    assert {d["folder"] for d in drawn} == {"around"}
    assert (make_frame(recipe, "train", 1).rgb == frames[1].rgb).all()


@pytest.mark.parametrize("folder", [None, "nowhere", "empty"])
def test_a_folder_without_pictures_is_named(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^params.yaml: randomizers.environment.folder: expected .*\.exr.*found"):
        recipe_of(tmp_path, environment={"kind": {"choice": ["plain", "hdri"]}, "folder": folder})
    recipe_of(tmp_path, environment={"kind": "hdri", "folder": folder, "enabled": False})


def test_damaged_and_dark_pictures_are_named(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "around").mkdir()
    (tmp_path / "around" / "a.hdr").write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"a\.hdr: expected \.hdr data, found"):
        recipe_of(tmp_path, environment={"kind": "hdri", "folder": str(tmp_path / "around")})
    (tmp_path / "around" / "a.hdr").write_bytes(b"#?RADIANCE\n")
    with pytest.raises(InputError, match=r"a\.hdr: expected a picture, found damaged data"):
        sheet_under(recipe, {"kind": "hdri", "folder": str(tmp_path / "around"), "file": "a.hdr"})
    write_hdri(tmp_path / "around" / "night.exr", lit_half((0, 0, 0), (1, 1, 1)))
    with pytest.raises(InputError, match=r"night\.exr: expected light from above, found none"):
        sheet_under(recipe, {"kind": "hdri", "folder": str(tmp_path / "around"), "file": "night.exr"})
