"""Randomizers one at a time, at the ends of their distributions. Run by test_blender.py."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rendering import small_values, write_params
from worlds import start

from blender.ablate import PARTS, STEPS, Row, ablation_sheet, at_end, caption, only, varying
from blender.make import Recipe, make_frame, make_recipe
from blender.randomizers import RANDOMIZERS, geometry
from blender.samplers import draw, end, stream
from pipeline.draw import scaled
from pipeline.params import load_params
from pipeline.section import validate
from pipeline.table import GAP_PX, LINE_PX, picture_table, wrap


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    start((40, 30))
    return make_recipe(load_params(write_params(tmp_path / "params.yaml", small_values())))


def drawn(recipe: Recipe) -> dict[str, Any]:
    return make_frame(recipe, "train", recipe.sequence_length - 1).drawn


def picture(recipe: Recipe) -> Image.Image:
    """The first picture in the size of a cell, six times as large."""
    return scaled(make_frame(recipe, "train", 0).rgb, 6)


@pytest.mark.parametrize("name", RANDOMIZERS)
@pytest.mark.parametrize("part", PARTS)
def test_all_distributions_of_a_randomizer_are_at_one_end(name: str, part: Any, recipe: Recipe) -> None:
    params = recipe.randomizers[name]
    changed = at_end(params, part)
    assert changed.enabled and type(changed) is type(params)
    assert not varying(changed)
    rng = stream(0, "train", 0, name)
    for key, distribution in varying(params).items():
        assert draw(getattr(changed, key), rng) == end(distribution, part)
    RANDOMIZERS[name].sample(rng, changed, 3)


def test_the_others_are_switched_off(recipe: Recipe) -> None:
    off = drawn(only(recipe, None))
    for part in PARTS:
        one = drawn(only(recipe, Row("camera"), part))
        assert one["camera"]["distance_m"] == end(recipe.randomizers["camera"].distance_m, part)
        assert [name for name in one if one[name] != off[name]] == ["camera"]


def test_of_one_distribution_the_others_are_at_their_middle(recipe: Recipe) -> None:
    camera = recipe.randomizers["camera"]
    low = drawn(only(recipe, Row("camera", "tilt_rad"), "high"))["camera"]
    assert low["tilt_rad"] == end(camera.tilt_rad, "high")
    assert low["distance_m"] == end(camera.distance_m, "middle")


def test_motion_is_seen_at_the_end_of_a_sequence(recipe: Recipe) -> None:
    moving = only(recipe, Row("motion"), "high")
    frame = make_frame(moving, "train", moving.sequence_length - 1)
    assert (frame.sequence, frame.step) == (0, STEPS - 1)
    assert only(recipe, Row("light"), "high").sequence_length == 1


def test_each_cell_of_the_sheet_shows_what_its_row_and_column_say(recipe: Recipe) -> None:
    """Rows of camera and light; the same pictures made by themselves, found where the table puts them."""
    kept = {
        name: params if name in ("camera", "light") else params.model_copy(update={"enabled": False})
        for name, params in recipe.randomizers.items()
    }
    recipe = replace(recipe, randomizers=kept)
    sheet = ablation_sheet(recipe, "train")
    off = picture(only(recipe, None))
    width_px, height_px = off.size
    top = 2 * LINE_PX
    for name in ("camera", "light"):
        expected = [off, *(picture(only(recipe, Row(name), part)) for part in PARTS)]
        assert len({one.tobytes() for one in expected}) == 4
        for column, one in enumerate(expected):
            left = sheet.width - (4 - column) * (width_px + GAP_PX)
            assert sheet.crop((left, top, left + width_px, top + height_px)).tobytes() == one.tobytes()
        captions = [wrap(caption(recipe.randomizers[name], Row(name), part), width_px) for part in PARTS]
        top += height_px + LINE_PX * max(map(len, captions)) + GAP_PX
    assert top == sheet.height  # no other row, and no footer


def test_what_changes_nothing_is_named_below(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cone of a lamp that is no spot; the other row is there."""
    tables = []

    def spy(headings: Any, rows: Any, footer: str) -> Image.Image:
        tables.append((headings, [name for name, _ in rows], footer))
        return picture_table(headings, rows, footer)

    monkeypatch.setattr("blender.ablate.picture_table", spy)
    whole = recipe.randomizers["light"]
    light = at_end(whole, "low").model_copy(update={name: getattr(whole, name) for name in ("energy", "cone_rad")})
    ablation_sheet(replace(recipe, randomizers=recipe.randomizers | {"light": light}), "train", "light")
    assert tables == [(["all off", "low", "middle", "high"], ["energy"], "No change: cone_rad.")]


def test_inputs_of_geometry_nodes_have_ends_too() -> None:
    params = validate(
        geometry.Params, {"enabled": False, "inputs": {"Pips": {"integer": [1, 6]}, "Solid": True}}, "geometry"
    )
    assert list(varying(params)) == ["Pips"]
    values = [geometry.sample(stream(0, "train", 0, "x"), at_end(params, part), 2)["inputs"] for part in PARTS]
    assert [v["Pips"] for v in values] == [[1, 1], [3, 3], [6, 6]]
    assert all(v["Solid"] == [True, True] for v in values)
    assert caption(params, Row("geometry"), "high") == "Pips 6"


def test_captions_are_short(recipe: Recipe) -> None:
    assert caption(recipe.randomizers["light"], Row("light", "temperature_k"), "low") == "temperature_k 3500"
    text = caption(recipe.randomizers["sensor"], Row("sensor"), "middle")
    assert all(len(pair.split()[1]) < 9 for pair in text.split(", "))
