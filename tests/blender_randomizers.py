"""One contract for every randomizer; what each promises beyond it has a file of its own. Run by test_blender.py."""

import json
from pathlib import Path
from typing import Any

import pytest
from rendering import DIGITS, small_values
from varying import SIZE_WH, plain, recipe_of, sampled, small_world
from worlds import start

from blender.make import Recipe, make_frame
from blender.randomizers import RANDOMIZERS
from pipeline.params import load_params

NAMES = list(RANDOMIZERS)
QUIET = {"geometry"}  # those that vary nothing by the values of params.yaml: no object there has what they change
VARIED = [name for name in NAMES if name not in QUIET]


@pytest.fixture
def values() -> dict[str, Any]:
    return small_values()


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return recipe_of(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_json_repeatable_and_varied(name: str, recipe: Recipe) -> None:
    drawn = [sampled(recipe, name, index) for index in range(8)]
    assert drawn == [sampled(recipe, name, index) for index in range(8)]
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn
    assert (len({json.dumps(d) for d in drawn}) > 4) == (name in VARIED)


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
        return make_frame(recipe_of(tmp_path, values), "train", 0).drawn

    assert drawn(0, enabled=False) == drawn(1, enabled=False)
    different = [name for name in NAMES if drawn(0, enabled=True)[name] != drawn(1, enabled=True)[name]]
    assert different == VARIED


def test_switching_one_off_leaves_the_others_as_they_were(values: dict[str, Any], tmp_path: Path) -> None:
    start(SIZE_WH)
    all_on = make_frame(recipe_of(tmp_path, values), "train", 0).drawn
    values["randomizers"]["light"]["enabled"] = False
    one_off = make_frame(recipe_of(tmp_path, values), "train", 0).drawn
    assert [name for name in NAMES if one_off[name] != all_on[name]] == ["light"]


def test_every_randomizer_has_a_section_in_params_yaml() -> None:
    assert set(load_params(DIGITS).randomizers) == set(NAMES)
