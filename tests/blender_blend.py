"""The scene `blend`: things of the user's own file, as they are there. Run by test_blender.py."""

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from blends import write_blend
from worlds import start

from blender.facts.mesh import read_mesh, world_triangles
from blender.objects.primitives import solid
from blender.samplers import stream
from blender.scenes import blend
from blender.world import Labelled, add, empty_world
from pipeline.errors import InputError
from pipeline.section import validate

PLAIN: dict[str, Any] = {"objects": {"Die": "die"}, "count": 1, "rotation_rad": 0.0}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    start((40, 30))
    return write_blend(tmp_path / "props.blend")


def params_of(file: Path, **changes: Any) -> blend.Params:
    return validate(blend.Params, PLAIN | {"file": str(file)} | changes, "scene")


def build(file: Path, index: int = 0, **changes: Any) -> list[Labelled]:
    world = empty_world((40, 30))
    blend.build(world, params_of(file, **changes), stream(0, "train", index, "scene"))
    return world.objects


def test_a_thing_lies_as_in_its_file_over_the_origin_and_on_the_ground(file: Path) -> None:
    """2 x 4 x 6 cm, scaled by 2 in the file and by 0.5 here, turned about y by 90 degrees: 6 x 4 x 2 cm."""
    (die,) = build(file, scale=0.5)
    points = world_triangles(die.object).reshape(-1, 3)
    np.testing.assert_allclose(points.min(axis=0), (-0.03, -0.02, 0.0), atol=1e-6)
    np.testing.assert_allclose(points.max(axis=0), (0.03, 0.02, 0.02), atol=1e-6)
    assert die.radius_m == pytest.approx(np.hypot(0.03, 0.02), rel=1e-5)
    assert die.drawn == {"object": "Die", "scale": 0.5, "rotation_rad": 0.0}


def test_rotation_is_about_the_vertical(file: Path) -> None:
    (die,) = build(file, scale=0.5, rotation_rad=np.pi / 2)
    assert np.ptp(world_triangles(die.object).reshape(-1, 3), axis=0) == pytest.approx((0.04, 0.06, 0.02), abs=1e-6)


def test_labels_are_of_the_modifiers_that_the_renderer_uses(file: Path) -> None:
    """Two subdivisions of a cube by Catmull and Clark's scheme have 98 points; only the viewport stretches it."""
    (cushion,) = build(file, objects={"Cushion": "cushion"})
    points = read_mesh(cushion.object).points_m
    assert len(points) == 98
    assert np.ptp(points[:, 2]) == pytest.approx(np.ptp(points[:, 0])) and np.ptp(points[:, 2]) < 0.09


def test_labels_are_of_the_curve_that_the_renderer_sees(file: Path) -> None:
    """Four sides in the viewport, 48 in the picture; a side's middle is 0.1 m / sqrt(2) from that of the square."""
    (wire,) = build(file, objects={"Wire": "wire"})
    points = read_mesh(wire.object).points_m
    middle = np.abs(np.arctan2(points[:, 1], points[:, 0]) - np.pi / 4) < 0.05
    assert middle.any()
    assert np.hypot(*points[middle, :2].T).mean() == pytest.approx(0.1, abs=0.005)


def test_instances_of_geometry_nodes_are_part_of_the_object(file: Path) -> None:
    """Eight cubes of 2 cm about the corners of one of 10 cm."""
    (bush,) = build(file, objects={"Bush": "bush"})
    points = world_triangles(bush.object).reshape(-1, 3)
    assert len(read_mesh(bush.object).points_m) == 64
    assert np.ptp(points, axis=0) == pytest.approx((0.12, 0.12, 0.12), abs=1e-6)
    assert points[:, 2].min() == pytest.approx(0, abs=1e-6)


def test_marks_become_keypoints(file: Path) -> None:
    """`top` is marked at (0, 0, 3 cm) of the die; turned about y, that is +x, and doubled by the file's scale."""
    (die,) = build(file)
    assert blend.keypoints(params_of(file)) == {"die": ("one", "top")}
    assert die.keypoints["top"] == pytest.approx((0.0, 0.0, 0.03))
    mesh = read_mesh(die.object)
    top = mesh.to_world @ [*(mesh.scale @ die.keypoints["top"]), 1.0]
    assert top[:3] == pytest.approx((0.06, 0.0, 0.02), abs=1e-6)


def test_a_collection_stands_for_its_objects(file: Path) -> None:
    objects = {"Coins": "coin", "Die": "die"}
    assert blend.categories(params_of(file, objects=objects)) == ("coin", "die")
    built = build(file, objects=objects, count=40)
    assert {(o.category, o.drawn["object"]) for o in built} == {("coin", "Penny"), ("coin", "Pound"), ("die", "Die")}
    assert 10 < sum(o.category == "coin" for o in built) < 30  # categories are as likely, not objects


def test_copies_have_meshes_of_their_own_and_nothing_else_comes_along(file: Path) -> None:
    built = build(file, count=3)
    assert len({o.object.data for o in built}) == 3
    shown = {o.name for o in bpy.context.scene.collection.all_objects}
    assert shown == {"camera", "ground", *(o.object.name for o in built)}


def test_names_are_those_of_the_file_when_the_world_has_the_same(file: Path) -> None:
    """The world of a frame has a `camera` and a `ground`, and Blender renames what comes second."""
    empty_world((4, 3))
    bpy.data.objects["ground"].name = "earth"
    mine = add("ground", solid("cube", (0.1, 0.1, 0.1)))
    path = file.with_name("same.blend")
    bpy.data.libraries.write(str(path), {mine})
    (only,) = build(path, objects={"ground": "block"})
    assert only.drawn["object"] == "ground"
    assert np.ptp(read_mesh(only.object).points_m, axis=0) == pytest.approx((0.1, 0.1, 0.1))


def test_the_same_stream_builds_the_same_and_it_is_json(file: Path) -> None:
    def built(index: int) -> str:
        objects = build(file, index, objects={"Coins": "coin", "Die": "die"}, count={"integer": [3, 9]})
        return json.dumps([(o.category, o.drawn, o.keypoints) for o in objects])

    assert built(0) == built(0) != built(1)


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ({"Dye": "die"}, "scene.objects: expected an object or collection of .*, found 'Dye'. Did you mean 'Die'?"),
        ({"Lamp": "lamp"}, "scene.objects.Lamp: expected an object with a surface, found one of type LIGHT"),
        ({"Table": "table"}, "scene.objects.Table: expected one object, found parts of it: Leg"),
        ({"Cloud": "cloud"}, "scene.objects.Cloud: expected no particle systems, .* found Dust. Use geometry nodes"),
        ({"keypoint.top": "top"}, "scene.objects: expected an object or collection of .*, found 'keypoint.top'"),
    ],
)
def test_objects_that_cannot_work_are_named(file: Path, objects: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=f"^params.yaml: {words.replace('?', '[?]')}"):
        blend.check(params_of(file, objects=objects))


def test_files_that_cannot_work_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.blend"
    with pytest.raises(InputError, match=r"scene.file: expected a .blend file, found no file .*x.blend"):
        blend.check(params_of(path))
    path.write_text("no blend", encoding="utf-8")
    with pytest.raises(InputError, match=r"scene.file: expected a .blend file, found .*x.blend"):
        blend.check(params_of(path))


def test_checking_leaves_nothing_behind(file: Path) -> None:
    empty_world((40, 30))
    before = set(bpy.data.objects)
    blend.check(params_of(file, objects={"Die": "die"}))
    assert blend.keypoints(params_of(file)) == {"die": ("one", "top")}
    assert set(bpy.data.objects) == before
