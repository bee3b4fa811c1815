"""Things without a label: on the ground, flying, and out of files. Run by test_blender.py."""

import itertools
import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from drawn import cubes, fixed, params_of, places_of, sampled
from worlds import start

from blender.facts.mesh import world_triangles
from blender.objects.primitives import KINDS, solid
from blender.picture.passes import render_layers
from blender.randomizers import camera, distractors, placement
from blender.world import World, add
from pipeline.errors import InputError

SIZE_WH = (40, 30)


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH)


def strew(world: World, index: int = 0, **changes: Any) -> list[Any]:
    """Apply one draw; returns the objects that it made."""
    before = set(bpy.data.objects)
    distractors.apply(world, sampled("distractors", len(world.objects), index, **changes))
    bpy.context.view_layer.update()
    return [o for o in bpy.data.objects if o not in before]


def box_of(thing: Any) -> Any:
    """[2, 3]: its lowest and highest corner in the world, m."""
    points = world_triangles(thing).reshape(-1, 3)
    return np.array([points.min(axis=0), points.max(axis=0)])


@pytest.mark.parametrize("shape", KINDS)
def test_solids_stand_on_the_ground_and_have_their_size(shape: str) -> None:
    (made,) = strew(cubes(SIZE_WH, []), number=1, shape=shape, size_m=0.05)
    low, high = box_of(made)
    assert low[2] == pytest.approx(0.0, abs=1e-6)
    assert high[2] == pytest.approx(0.015 if shape == "torus" else 0.05)
    made.rotation_euler = (0.0, 0.0, 0.0)
    assert np.ptp(box_of(made), axis=0).max() == pytest.approx(0.05)


def test_a_scribble_lies_half_in_the_paper() -> None:
    (made,) = strew(cubes(SIZE_WH, []), number=1, shape="scribble", size_m=0.05)
    low, high = box_of(made)
    assert low[2] == pytest.approx(-high[2], rel=0.01) and high[2] == pytest.approx(0.003, rel=0.05)


@pytest.mark.parametrize("index", range(3))
def test_things_keep_clear_of_objects_and_each_other_unless_they_may_overlap(index: int) -> None:
    world = cubes(SIZE_WH, [0.2] * 4)
    placement.apply(world, fixed("placement", 4))
    made = strew(world, index, number=30, shape="cylinder", size_m=0.05, overlap=False)
    assert 0 < len(made) <= 30
    for a, b in itertools.combinations([tuple(o.location)[:2] for o in made], 2):
        assert math.dist(a, b) > 0.05
    for spot in places_of(world):
        assert min(math.dist(spot[:2], tuple(o.location)[:2]) for o in made) > 0.1 * math.sqrt(2) + 0.025
    assert len(strew(world, index, number=30, shape="cylinder", size_m=0.05, overlap=True)) == 30


def test_what_finds_no_room_is_left_out() -> None:
    world = cubes(SIZE_WH, [0.05])
    world.objects[0].radius_m = 100.0
    assert strew(world, number=5, shape="cube", overlap=False) == []


@pytest.mark.parametrize("index", range(4))
def test_nothing_is_put_into_the_sky(index: int) -> None:
    world = cubes(SIZE_WH, [])
    camera.apply(world, {**fixed("camera", 0), "tilt_rad": 1.5})
    for made in strew(world, index, number=8, flying_fraction=0.5, overlap=False):
        assert all(abs(v) < 1e6 for v in made.location)


def test_flying_things_hide_objects_and_have_no_id() -> None:
    """A cube of 0.4 m, 0.6 m above one of 0.1 m, both below a camera that looks straight down."""
    world = cubes(SIZE_WH, [0.1])
    world.objects[0].object.pass_index = 7
    assert (render_layers(world, 0).ids == 7).any()
    (made,) = strew(world, number=1, shape="cube", size_m=0.4, flying_fraction=1.0, height_m=0.6)
    assert made.location.z == pytest.approx(0.6)
    made.location.xy = (0.0, 0.0)
    assert (render_layers(world, 0).ids == 0).all()


def test_flying_things_are_seen_where_they_were_drawn() -> None:
    """The places are parts of the picture: of things 1 m before the camera, those at its border are half as far out as
    it sees wide there."""
    world = cubes(SIZE_WH, [])
    eye_m = world.camera.matrix_world.translation.z
    made = strew(world, number=40, shape="sphere", size_m=0.01, flying_fraction=1.0, height_m=eye_m - 1.0)
    reach_m = world.camera.data.sensor_width / world.camera.data.lens / 2
    assert max(abs(o.location.x) for o in made) <= reach_m
    assert max(abs(o.location.x) for o in made) > 0.7 * reach_m


def test_nothing_flies_behind_the_camera() -> None:
    assert strew(cubes(SIZE_WH, []), number=5, flying_fraction=1.0, height_m=100.0) == []


def folder_with_a_mesh(folder: Path, colour: bool) -> str:
    """A bar of 1 x 2 x 4 m far from the origin, with a material or without."""
    (folder / "below").mkdir()
    cubes(SIZE_WH, [])
    mesh = solid("cube", (1.0, 2.0, 4.0))
    if colour:
        mesh.materials.append(bpy.data.materials.new("own"))
    add("bar", mesh).location = (50.0, 0.0, 0.0)
    bpy.ops.object.select_all(action="DESELECT")
    bpy.data.objects["bar"].select_set(True)
    bpy.ops.export_scene.gltf(filepath=str(folder / "below" / "bar.glb"), use_selection=True)
    return str(folder)


@pytest.mark.parametrize("colour", [True, False])
def test_meshes_out_of_files_have_their_size_and_stand_on_the_ground(colour: bool, tmp_path: Path) -> None:
    folder = folder_with_a_mesh(tmp_path, colour)
    values = sampled("distractors", 0, number=1, shape="mesh", folder=folder, size_m=0.08)
    (thing,) = values["things"]
    assert (thing["folder"], thing["file"]) == (folder, "below/bar.glb")
    thing["rotation_rad"] = [0.0, 0.0, 0.0]
    world = cubes(SIZE_WH, [])
    distractors.apply(world, values)
    (made,) = (o for o in bpy.data.objects if o.name.startswith("bar"))
    np.testing.assert_allclose(np.ptp(box_of(made), axis=0), (0.02, 0.04, 0.08), atol=1e-6)
    assert box_of(made)[0, 2] == pytest.approx(0.0, abs=1e-6)
    assert [m.name.split(".")[0] for m in made.data.materials] == ["own" if colour else "distractor"]


@pytest.mark.parametrize("folder", [None, "nowhere", "."])
def test_meshes_that_are_missing_stop_before_the_first_frame(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"params.yaml: randomizers.distractors.folder: expected .*\.glb.* found"):
        params_of("distractors", shape={"choice": ["cube", "mesh"]}, folder=folder)


def test_a_broken_mesh_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.ply").write_bytes(b"no mesh")
    with pytest.raises(InputError, match=r"broken\.ply: expected a mesh"):
        strew(cubes(SIZE_WH, []), number=1, shape="mesh", folder=str(tmp_path))


def test_colour_and_shine_are_those_that_were_drawn() -> None:
    world = cubes(SIZE_WH, [])
    values = sampled("distractors", 0, number=1, shape="cube", roughness=0.25, metallic={"uniform": [0.5, 1.0]})
    distractors.apply(world, values)
    (thing,) = values["things"]
    shader = bpy.data.objects["distractor"].data.materials[0].node_tree.nodes["Principled BSDF"]
    assert tuple(shader.inputs["Base Color"].default_value) == pytest.approx((*thing["rgb"], 1.0))
    assert shader.inputs["Roughness"].default_value == 0.25
    assert shader.inputs["Metallic"].default_value == pytest.approx(thing["metallic"]) and thing["metallic"] >= 0.5


def test_switched_off_there_is_nothing() -> None:
    world = cubes(SIZE_WH, [])
    before = len(bpy.data.objects)
    distractors.apply(world, fixed("distractors", 0))
    assert len(bpy.data.objects) == before
