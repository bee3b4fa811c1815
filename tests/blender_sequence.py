"""Sequences: the same objects, moved by what was drawn; flow tells where they go. Run by test_blender.py."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rendering import small_values, write_params
from worlds import cuboid, start, world_of

from blender.facts.flow import optical_flow
from blender.facts.instances import instances
from blender.facts.view import camera_facts
from blender.make import Recipe, make_frame, make_recipe
from blender.picture.passes import Layers, render_layers
from blender.samplers import stream
from blender.sequence import advance, next_moves
from blender.world import Labelled, World, empty_world
from pipeline.frame import Frame
from pipeline.params import load_params

SIZE_WH = (11, 7)


def belt(step: int, **planned: Any) -> tuple[World, list[Any], Any]:
    """A cube of 2x2 px, its origin at (2, 3) px; what moves to the step after `step`."""
    start(SIZE_WH)
    world = world_of(SIZE_WH, "ORTHO")
    cube = cuboid((-1, -1, 0), (1, 1, 1))
    cube.location = (2, -3, 0)
    world.objects.append(Labelled(cube, "cube", 1.0))
    camera = {"slide_m": [0.0, 0.0], "orbit_rad": 0.0} | planned.pop("camera", {})
    world.motion = {"camera": camera, "objects": [{"slide_m": [0.0, 0.0], "spin_rad": 0.0} | planned]}
    objects, moved_camera = next_moves(world, step)
    advance(world, step)
    return world, objects, moved_camera


def seen(step: int, **planned: Any) -> tuple[World, Layers, Any]:
    world, objects, moved_camera = belt(step, **planned)
    layers = render_layers(world, 0)
    return world, layers, optical_flow(layers.depth_m, layers.ids, camera_facts(world), objects, moved_camera)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_objects_slide_on(step: int) -> None:
    """1 m = 1 px; y in the world is up, in the picture down."""
    _, layers, flow = seen(step, slide_m=[2.0, 0.5])
    _, x = np.nonzero(layers.ids)
    assert (x.min(), x.max()) == (1 + 2 * step, 2 + 2 * step)
    np.testing.assert_allclose(flow[layers.ids == 1], [[2.0, -0.5]] * len(x), atol=1e-4)
    assert not flow[layers.ids == 0].any()


def test_objects_turn_about_themselves() -> None:
    """Half a turn of a bar that reaches from its origin to the right: then it reaches to the left."""
    world, objects, _ = belt(1, spin_rad=np.pi)
    (cube,) = (o.object for o in world.objects)
    assert cube.location[:2] == pytest.approx((2, -3))
    assert np.asarray(cube.matrix_world)[:2, 0] == pytest.approx((-1, 0), abs=1e-6)
    np.testing.assert_allclose(objects[0] @ [2, -3, 0, 1], [2, -3, 0, 1], atol=1e-6)  # its origin stays
    np.testing.assert_allclose(objects[0] @ [3, -3, 0, 1], [1, -3, 0, 1], atol=1e-5)


def test_camera_slides_on() -> None:
    """The picture of what stands still goes the other way."""
    _, layers, flow = seen(1, camera={"slide_m": [1.0, 0.0]})
    _, x = np.nonzero(layers.ids)
    assert (x.min(), x.max()) == (0, 1)
    np.testing.assert_allclose(flow[layers.ids == 1], [[-1.0, 0.0]] * len(x), atol=1e-4)


def test_the_instance_is_where_the_flow_says() -> None:
    motion: dict[str, Any] = {"slide_m": [1.5, 0.25], "spin_rad": 0.3, "camera": {"orbit_rad": 0.05}}
    world, layers, flow = seen(0, **motion)
    (before,) = instances(world, layers.depth_m)
    world, *_ = belt(1, **motion)
    (after,) = instances(world, layers.depth_m)
    x0, y0, x1, y1 = np.array(after.amodal_box_xyxy) - before.amodal_box_xyxy
    mean = flow[layers.ids == 1].mean(axis=0)
    assert mean == pytest.approx(((x0 + x1) / 2, (y0 + y1) / 2), abs=0.1)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    values = small_values(sequence_length=3, layers=["depth", "flow"])
    return make_recipe(load_params(write_params(tmp_path / "params.yaml", values)))


def test_frames_of_a_sequence_show_the_same_objects(recipe: Recipe) -> None:
    start(recipe.size_wh)
    frames = [make_frame(recipe, "train", index) for index in range(4)]
    assert [(f.sequence, f.step) for f in frames] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    drawn = [{i.id: i.drawn for i in f.instances} for f in frames]
    common = set(drawn[0]) & set(drawn[1])
    assert common and all(drawn[0][i] == drawn[1][i] for i in common)
    assert drawn[3] != drawn[0]
    assert frames[0].drawn["motion"] == frames[2].drawn["motion"] != frames[3].drawn["motion"]
    assert not np.array_equal(frames[0].rgb, frames[1].rgb)


def test_a_frame_in_the_middle_can_be_made_alone(recipe: Recipe) -> None:
    def made() -> Frame:
        start(recipe.size_wh)
        return make_frame(recipe, "train", 2)

    start(recipe.size_wh)
    for index in (0, 1):
        make_frame(recipe, "train", index)
    after_others, alone = make_frame(recipe, "train", 2), made()
    np.testing.assert_array_equal(after_others.rgb, alone.rgb)
    np.testing.assert_array_equal(after_others.layers["flow"], alone.layers["flow"])
    assert after_others.instances == alone.instances


def test_instances_know_their_place_among_the_values_drawn(tmp_path: Path) -> None:
    """More digits than a sheet has room for: those left out take their values with them, the others keep theirs."""
    values = small_values()
    values["scene"] |= {"count": 60, "height_m": 0.15}
    recipe = make_recipe(load_params(write_params(tmp_path / "params.yaml", values)))
    start(recipe.size_wh)
    frame = make_frame(recipe, "train", 0)
    places = [i.place for i in frame.instances]
    assert len(frame.drawn["placement"]["turns_rad"]) == 60 > len(places) > 0
    assert len(set(places)) == len(places) and max(places) < 60
    assert places != list(range(len(places)))
    start(recipe.size_wh)
    world = empty_world(recipe.size_wh)
    recipe.scene.build(world, recipe.scene_params, stream(0, "train", 0, "scene"))
    assert [i.drawn for i in frame.instances] == [world.objects[place].drawn for place in places]
