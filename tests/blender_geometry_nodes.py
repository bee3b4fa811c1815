"""Inputs of geometry nodes, set by name and seen in the evaluated vertices. Run by test_blender.py."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blends import write_blend
from worlds import start

from blender.facts.mesh import read_mesh, world_triangles
from blender.randomizers import geometry
from blender.samplers import stream
from blender.scenes import blend
from blender.world import World, empty_world
from pipeline.errors import InputError
from pipeline.section import validate

SHOWN = {"Solid": True, "Kind": "B"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    start((40, 30))
    return write_blend(tmp_path / "props.blend")


def world_of_plants(file: Path, count: int = 1, **objects: str) -> World:
    world = empty_world((40, 30))
    scene = {"file": str(file), "objects": objects or {"Plant": "plant"}, "count": count, "scale": 1.0}
    blend.build(world, validate(blend.Params, scene, "scene"), stream(0, "train", 0, "scene"))
    return world


def params_of(**inputs: Any) -> geometry.Params:
    return validate(geometry.Params, {"enabled": True, "inputs": inputs}, "geometry")


def apply(world: World, **inputs: Any) -> None:
    geometry.apply(world, geometry.fixed(params_of(**inputs), len(world.objects)))


def test_a_cube_gets_the_size_that_its_inputs_say(file: Path) -> None:
    """0.1 times 3: a cube of 30 cm, which stands on the ground although it grew to all sides."""
    world = world_of_plants(file)
    apply(world, Side=0.1, Times=3, **SHOWN)
    (plant,) = world.objects
    points = world_triangles(plant.object).reshape(-1, 3)
    np.testing.assert_allclose(points.min(axis=0)[2], 0, atol=1e-6)
    assert np.ptp(read_mesh(plant.object).points_m, axis=0) == pytest.approx((0.3, 0.3, 0.3), abs=1e-6)
    assert plant.radius_m == pytest.approx(0.15 * np.sqrt(2), rel=1e-5)
    assert plant.drawn["inputs"] == {"Side": 0.1, "Times": 3, "Solid": True, "Kind": "B"}


def test_a_whole_number_will_do_for_a_float(file: Path) -> None:
    world = world_of_plants(file)
    apply(world, Side=1, Times=2, **SHOWN)
    assert np.ptp(read_mesh(world.objects[0].object).points_m, axis=0) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize(("solid", "kind", "corners"), [(True, "B", 8), (False, "B", 0), (True, "A", 0)])
def test_truth_values_and_menus(file: Path, solid: bool, kind: str, corners: int) -> None:
    world = world_of_plants(file)
    apply(world, Side=0.1, Times=1, Solid=solid, Kind=kind)
    assert len(read_mesh(world.objects[0].object).points_m) == corners


def test_every_object_draws_its_own(file: Path) -> None:
    world = world_of_plants(file, count=5)
    params = params_of(Side={"uniform": [0.1, 0.2]}, Times={"integer": [1, 3]}, **SHOWN)
    values = geometry.sample(stream(0, "train", 0, "geometry"), params, 5)
    geometry.apply(world, values)
    sides = [np.ptp(read_mesh(o.object).points_m[:, 0]) for o in world.objects]
    assert sides == pytest.approx(np.multiply(values["inputs"]["Side"], values["inputs"]["Times"]), rel=1e-5)
    assert len({round(s, 4) for s in sides}) == 5


def test_objects_without_the_input_stay_as_they_are(file: Path) -> None:
    world = world_of_plants(file, count=12, Plant="plant", Die="die")
    apply(world, Side=0.1, Times=1, **SHOWN)
    for labelled in world.objects:
        assert ("inputs" in labelled.drawn) == (labelled.category == "plant")
        expected = (0.1, 0.1, 0.1) if labelled.category == "plant" else (0.04, 0.08, 0.12)
        assert np.ptp(read_mesh(labelled.object).points_m, axis=0) == pytest.approx(expected, abs=1e-6)


def test_a_frame_need_not_show_the_thing_with_the_input(file: Path) -> None:
    apply(world_of_plants(file, count=0, Plant="plant", Die="die"), Side=0.1)
    with pytest.raises(InputError, match=r"found 'Side'\. None has any"):
        apply(world_of_plants(file, count=0, Die="die"), Side=0.1)


def test_switched_off_gives_the_middle_to_all(file: Path) -> None:
    values = geometry.fixed(params_of(Side={"uniform": [0.1, 0.3]}, Times={"integer": [1, 3]}), 2)
    assert values == {"inputs": {"Side": [pytest.approx(0.2)] * 2, "Times": [2, 2]}}


def test_without_inputs_nothing_is_touched(file: Path) -> None:
    world = world_of_plants(file, Die="die")
    before = dict(world.objects[0].drawn)
    apply(world)
    assert world.objects[0].drawn == before


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (
            {"Sides": 0.1},
            "inputs: expected an input of an object's geometry nodes, found 'Sides'. Did you mean 'Side'?",
        ),
        ({"Times": 1.5}, "inputs.Times: expected a value of type int, found 1.5"),
        ({"Times": True}, "inputs.Times: expected a value of type int, found True"),
        ({"Side": "long"}, "inputs.Side: expected a value of type float, found 'long'"),
        ({"Solid": 1}, "inputs.Solid: expected a value of type bool, found 1"),
        ({"Name": 1}, "inputs.Name: expected a value of type string, found 1"),
        ({"Kind": "C"}, "inputs.Kind: expected an entry of the menu, found 'C'. Known: A, B"),
    ],
)
def test_inputs_that_cannot_work_are_named(file: Path, inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        apply(world_of_plants(file), **inputs)
    assert str(error.value).startswith(f"params.yaml: randomizers.geometry.{words}")
