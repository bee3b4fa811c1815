"""Randomizers one at a time, at the ends of their distributions. Run by test_blender.py."""

from pathlib import Path
from typing import Any

import pytest
from rendering import small_values, write_params
from worlds import start

from blender.ablate import PARTS, STEPS, Row, at_end, caption, only, varying
from blender.make import Recipe, make_frame, make_recipe
from blender.randomizers import RANDOMIZERS, geometry
from blender.samplers import draw, end, stream
from pipeline.params import load_params
from pipeline.section import validate


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    start((40, 30))
    return make_recipe(load_params(write_params(tmp_path / "params.yaml", small_values())))


def drawn(recipe: Recipe) -> dict[str, Any]:
    return make_frame(recipe, "train", recipe.sequence_length - 1).drawn


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
