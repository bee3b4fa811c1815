"""The scene `props`: the user's own objects, out of a folder. Run by test_blender.py."""

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from rendering import REPOSITORY
from worlds import start, world_of

from blender.facts.instances import instances
from blender.facts.mesh import read_mesh, world_triangles
from blender.objects import meshes
from blender.objects.primitives import solid
from blender.objects.sides import down_side, hull_of, laid_on
from blender.picture.passes import render_layers
from blender.randomizers import material
from blender.samplers import stream
from blender.samples.things import write
from blender.scenes import props
from blender.workers.keys import content_hash
from blender.world import Labelled, add, empty_world, principled
from pipeline.errors import InputError
from pipeline.section import validate

SAMPLES = REPOSITORY / "assets" / "props"
BOX = """v 0 0 0\nv 0.1 0 0\nv 0.1 0.3 0\nv 0 0.3 0\nv 0 0 0.2\nv 0.1 0 0.2\nv 0.1 0.3 0.2\nv 0 0.3 0.2
f 1 4 3 2\nf 5 6 7 8\nf 1 2 6 5\nf 3 4 8 7\nf 1 5 8 4\nf 2 3 7 6\n"""  # 0.1 wide, 0.2 deep, 0.3 high: y is up in .obj
SQUARE = """ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z
property uchar red\nproperty uchar green\nproperty uchar blue
element face 1\nproperty list uchar int vertex_indices\nend_header
0 0 0 255 0 0\n0.1 0 0 255 0 0\n0.1 0.1 0 255 0 0\n0 0.1 0 255 0 0\n4 0 1 2 3\n"""
PLAIN: dict[str, Any] = {"count": 1, "rotation_rad": 0.0}


@pytest.fixture(autouse=True, scope="module")
def blender() -> None:
    start((40, 30))


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTH2REAL_STORE", str(tmp_path / "store"))
    empty_world((40, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One category, `box`, of one file."""
    return put(tmp_path / "objects", "box/box.obj", BOX)


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file there; returns the folder."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def params_of(folder: Path, **changes: Any) -> props.Params:
    params = validate(props.Params, PLAIN | {"folder": str(folder)} | changes, "params.yaml: scene")
    props.check(params)
    return params


def build(folder: Path, index: int = 0, **changes: Any) -> list[Labelled]:
    params = params_of(folder, **changes)
    world = empty_world((40, 30))
    props.build(world, params, stream(0, "train", index, "scene"))
    return world.objects


def extent(labelled: Labelled) -> tuple[Any, Any]:
    points = world_triangles(labelled.object).reshape(-1, 3)
    return points.min(axis=0), points.max(axis=0)


# --- Files become objects


def test_an_object_stands_on_the_ground_about_the_middle_of_its_box(folder: Path) -> None:
    (box,) = build(folder)
    low, high = extent(box)
    np.testing.assert_allclose(low, (-0.05, -0.1, 0.0), atol=1e-6)
    np.testing.assert_allclose(high, (0.05, 0.1, 0.3), atol=1e-6)
    assert tuple(box.object.location) == pytest.approx((0.0, 0.0, 0.15))
    assert box.radius_m == pytest.approx(np.hypot(0.05, 0.1), rel=1e-5)
    assert box.drawn == {"file": "box/box.obj", "scale": 1.0, "pose": "upright", "rotation_rad": 0.0}


@pytest.mark.parametrize(
    ("changes", "size_m"),
    [
        ({"scale": 2.0}, (0.2, 0.4, 0.6)),
        ({"size_m": 0.6}, (0.2, 0.4, 0.6)),
        ({"size_m": {"box": 0.6}, "scale": 0.5}, (0.1, 0.2, 0.3)),
        ({"size_m": {"default": 0.6, "box": 0.03}}, (0.01, 0.02, 0.03)),
        ({"size_m": None}, (0.1, 0.2, 0.3)),
        ({"rotation_rad": np.pi / 2}, (0.2, 0.1, 0.3)),
        ({"upright": "x"}, (0.3, 0.2, 0.1)),
        ({"upright": {"box": "-x"}}, (0.3, 0.2, 0.1)),
        ({"upright": {"default": "y"}}, (0.1, 0.3, 0.2)),
        ({"upright": "-y"}, (0.1, 0.3, 0.2)),
    ],
)
def test_size_and_upright_axis(changes: dict[str, Any], size_m: tuple[float, ...], folder: Path) -> None:
    (box,) = build(folder, **changes)
    low, high = extent(box)
    np.testing.assert_allclose(high - low, size_m, atol=1e-6)
    assert low[2] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("axis", props.UP)
def test_the_axis_that_is_named_points_up(axis: str) -> None:
    towards = np.array([axis.endswith(name) for name in "xyz"]) * (-1.0 if axis.startswith("-") else 1.0)
    assert np.asarray(props.UP[axis])[:3, :3] @ towards == pytest.approx((0, 0, 1), abs=1e-6)
    assert np.linalg.det(np.asarray(props.UP[axis])[:3, :3]) == pytest.approx(1)  # no mirror


def test_categories_are_as_likely_and_so_are_their_files(folder: Path) -> None:
    for name in ("can/one.obj", "can/more/two.OBJ", "can/three.obj", "can/notes.txt", ".git/x.obj"):
        put(folder, name, BOX)
    assert props.categories(params_of(folder)) == ("box", "can")
    built = build(folder, count=60)
    assert {o.drawn["file"] for o in built} == {"box/box.obj", "can/one.obj", "can/more/two.OBJ", "can/three.obj"}
    assert 20 < sum(o.category == "box" for o in built) < 40
    assert len({o.object.data for o in built}) == 60


def test_the_same_stream_builds_the_same_whether_files_were_read_before_or_not(tmp_path: Path) -> None:
    def built(index: int) -> str:
        objects = build(
            SAMPLES,
            index,
            count=4,
            size_m={"bolt": 0.07},
            scale={"uniform": [0.5, 2.0]},
            pose={"choice": ["upright", "any"]},
        )
        places = [world_triangles(o.object).round(7).tolist() for o in objects]
        return json.dumps([(o.category, o.drawn, p) for o, p in zip(objects, places, strict=True)])

    first = built(0)
    assert sum(1 for _ in (tmp_path / "store" / "meshes").iterdir()) == 3
    assert first == built(0) != built(1)


def test_everything_of_a_blend_that_is_rendered_is_one_object(tmp_path: Path) -> None:
    """A cube of 0.1 m, and above it one of 0.2 m, twice when rendered. A cutter and a lamp stay away."""
    parts = [
        add("low", solid("cube", (0.1,) * 3)),
        add("high", solid("cube", (0.2,) * 3)),
        add("no", solid("cube", (9.0,) * 3)),
    ]
    parts[1].location.z, parts[2].hide_render = 0.15, True
    array = parts[1].modifiers.new("twice", "ARRAY")
    array.show_viewport, array.count = False, 2
    parts.append(add("lamp", bpy.data.lights.new("lamp", "POINT")))
    (tmp_path / "objects" / "tower").mkdir(parents=True)
    bpy.data.libraries.write(str(tmp_path / "objects" / "tower" / "tower.blend"), set(parts))
    (tower,) = build(tmp_path / "objects")
    low, high = extent(tower)
    np.testing.assert_allclose(high - low, (0.4, 0.2, 0.3), atol=1e-6)
    assert len(tower.object.data.vertices) == 24
    assert not bpy.data.lights


def test_reading_leaves_nothing_behind(folder: Path) -> None:
    kinds = ("objects", "meshes", "materials", "images", "collections", "node_groups")
    before = {kind: set(getattr(bpy.data, kind)) for kind in kinds}
    params_of(SAMPLES, size_m={"bolt": 0.07})
    assert {kind: set(getattr(bpy.data, kind)) for kind in kinds} == before


# --- How they lie


def test_a_box_comes_to_rest_on_any_of_its_sides_and_on_broad_ones_more_often() -> None:
    corners = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-1.0, 1.0) for z in (-1.5, 1.5)])
    rng, hull = np.random.default_rng(0), hull_of(corners)
    downs = [tuple((down_side(hull, rng.normal(size=3)).round(6) + 0.0).tolist()) for _ in range(600)]
    counts = {axis: sum(abs(d[axis]) == 1 for d in downs) for axis in range(3)}
    assert sum(counts.values()) == 600 and len(set(downs)) == 6
    assert counts[0] > counts[1] > counts[2] > 0  # sides of 2 x 3, 1 x 3 and 1 x 2


def test_what_would_tip_over_does() -> None:
    """A pyramid of 1 x 1 m, 1 m high, whose top lies 8 m beyond its foot, falls onto the side under the top."""
    leaning = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (9, 0.5, 1)], float)
    down = down_side(hull_of(leaning), np.array([0.0, 0.0, -1.0]))
    assert down == pytest.approx(np.array([1, 0, -8]) / np.sqrt(65), abs=1e-6)
    turned = np.asarray(laid_on(down))[:3, :3] @ down
    assert turned == pytest.approx((0, 0, -1), abs=1e-6)


def test_flat_things_stay_as_they_are(tmp_path: Path) -> None:
    (square,) = build(put(tmp_path / "objects", "square/a.ply", SQUARE), pose="any")
    assert extent(square)[1][2] == pytest.approx(0, abs=1e-6)


def test_any_pose_lies_on_the_ground(folder: Path) -> None:
    heights_m = set()
    for labelled in build(folder, count=30, pose="any", rotation_rad={"uniform": [-3.0, 3.0]}):
        low, high = extent(labelled)
        assert low[2] == pytest.approx(0, abs=1e-6)
        heights_m.add(round(float(high[2]), 4))
    assert heights_m == {0.1, 0.2, 0.3}


# --- What they are made of


def test_samples_are_what_the_script_makes(tmp_path: Path) -> None:
    made = write(tmp_path / "samples")
    assert len(made) == 3
    for path in sorted(p for p in (tmp_path / "samples").rglob("*") if p.is_file()):
        committed = SAMPLES / path.relative_to(tmp_path / "samples")
        assert path.read_bytes() == committed.read_bytes() and len(path.read_bytes()) < 100_000


def test_own_materials_stay_and_a_bare_mesh_gets_one(tmp_path: Path) -> None:
    """The samples' mug and bottle have materials, the bolt has none; the square has colours at its corners."""
    put(tmp_path, "square/a.ply", SQUARE)
    for name in ("mug/mug.glb", "bottle/bottle.obj", "bottle/bottle.mtl", "bolt/bolt.stl"):
        put(tmp_path, name, (SAMPLES / name).read_bytes())
    params = params_of(tmp_path, count=30, size_m={"bolt": 0.07}, symmetry={"bottle": "axis", "bolt": 6})
    world = empty_world((40, 30))
    props.build(world, params, stream(0, "train", 0, "scene"))
    world.ground.data.materials.append(principled("ground")[0])
    drawn = {"source": "own", "value": 0.5, "hue": 0.0, "saturation": 1.0, "contrast": 0.5, "roughness": 0.5}
    drawn |= {"metallic": 0.0, "specular": 0.5, "coat": 0.0, "transmission": 0.0, "ior": 1.5, "bump": 0.0}
    drawn |= {"pattern": "plain", "shift_m": [0.0, 0.0, 0.0]}
    material.apply(world, {"inverted": False, "pressure": [1.0] * 30, "shared": True, "materials": [drawn]})
    names = {o.category: [m.name.split(".")[0] for m in o.object.data.materials] for o in world.objects}
    assert names == {"mug": ["mug"] * 2, "bottle": ["bottle"] * 3, "bolt": ["object"], "square": ["vertices"]}
    found = {o.category: o.drawn.get("symmetry") for o in world.objects}
    assert found == {"mug": None, "bottle": "axis", "bolt": 6, "square": None}


def test_colours_of_vertices_and_labels_are_in_the_picture(tmp_path: Path) -> None:
    """A red square of 10 x 10 px, seen from above."""
    put(tmp_path / "objects", "square/a.ply", SQUARE)
    world = world_of((40, 30), "ORTHO")
    props.build(world, params_of(tmp_path / "objects", size_m=10.0), stream(0, "train", 0, "scene"))
    world.objects[0].object.location = (20.0, -15.0, 0.0)
    world.objects[0].object.pass_index = 1
    world.scene.world = bpy.data.worlds.new("white")
    world.scene.world.use_nodes = True
    layers = render_layers(world, 0)
    assert (layers.ids == 1).sum() == 100 and layers.ids[10, 15] == layers.ids[19, 24] == 1
    red, green, _ = layers.rgb[layers.ids == 1].mean(axis=0)
    assert red > 5 * green > 0
    (label,) = instances(world, layers.depth_m)
    assert label.amodal_box_xyxy == pytest.approx((15, 10, 25, 20), abs=1e-3)


def test_the_key_changes_with_every_file_of_the_folder(folder: Path) -> None:
    before = content_hash("key", folder)
    put(folder, "box/textures/wood.png", b"1")
    assert len({before, content_hash("key", folder), content_hash("key", put(folder, "box/box.obj", BOX + "\n"))}) == 3


# --- What cannot work is named


@pytest.mark.parametrize("content", [b"", b"this is no mesh\n"])
@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".obj", ".ply", ".stl", ".blend"])
def test_a_file_that_does_not_load_is_named(suffix: str, content: bytes, folder: Path) -> None:
    put(folder, f"box/broken{suffix}", content)
    with pytest.raises(InputError, match=rf"broken\{suffix}: expected a mesh"):
        params_of(folder)


def million() -> bytes:
    """A binary .ply of a million squares."""
    side = np.arange(1001, dtype="<f4")
    points = np.stack(np.meshgrid(side, side, [0.0], indexing="ij"), axis=-1).astype("<f4").reshape(-1, 3)
    corner = np.arange(1001 * 1001).reshape(1001, 1001)
    faces = np.empty(1_000_000, [("n", "u1"), ("corners", "<i4", 4)])
    faces["n"] = 4
    around = (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])
    faces["corners"] = np.stack([a.ravel() for a in around], axis=-1)
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 1002001\nproperty float x\nproperty float y\n"
    head += "property float z\nelement face 1000000\nproperty list uchar int vertex_indices\nend_header\n"
    return head.encode() + points.tobytes() + faces.tobytes()


def test_a_million_faces_are_too_many(folder: Path) -> None:
    put(folder, "box/scan.ply", million())
    with pytest.raises(InputError, match=r"scan\.ply: expected at most 500,000 faces, found 1,000,000\. .*Decimate"):
        params_of(folder)
    assert meshes.MOST_FACES == 500_000


def empty_blend(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.data.libraries.write(str(path), {add("lamp", bpy.data.lights.new("lamp", "POINT"))})


def test_a_blend_without_a_mesh_is_named(folder: Path) -> None:
    empty_blend(folder / "lamp" / "lamp.blend")
    with pytest.raises(InputError, match=r"lamp\.blend: expected a mesh with faces, found none\."):
        params_of(folder)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("box/points.obj", "v 0 0 0\nv 1 0 0\n", r"points\.obj: expected a mesh with faces, found none\.$"),
        ("box/a.fbx", "", r"box/a\.fbx: expected one of \.glb, .*\. Export it as \.glb"),
        ("can/readme.txt", "", r"can: expected objects of the category can: \.glb, .*, found none\.$"),
    ],
)
def test_files_that_cannot_work_are_named(name: str, content: str, words: str, folder: Path) -> None:
    with pytest.raises(InputError, match=words):
        params_of(put(folder, name, content))


def test_a_picture_that_is_missing_is_named(folder: Path) -> None:
    put(folder, "box/box.obj", "mtllib box.mtl\nusemtl wood\n" + BOX.replace("f", "usemtl wood\nf", 1))
    put(folder, "box/box.mtl", "newmtl wood\nKd 1 1 1\nmap_Kd wood.png\n")
    with pytest.raises(InputError, match=r"box\.obj: expected its picture wood\.png, found no file"):
        params_of(folder)


def test_lengths_that_are_hardly_metres_are_named_unless_a_size_is_given(folder: Path) -> None:
    """The samples' bolt is in mm."""
    put(folder, "box/box.stl", (SAMPLES / "bolt" / "bolt.stl").read_bytes())
    (folder / "box" / "box.obj").unlink()
    with pytest.raises(InputError, match=r"box\.stl: expected a largest side from 0\.001 to 10 m, found 58\. .*size_m"):
        params_of(folder)
    assert extent(build(folder, size_m={"box": 0.058})[0])[1][2] == pytest.approx(0.058)


def test_folders_that_cannot_work_are_named(tmp_path: Path) -> None:
    layout = "^params.yaml: scene.folder: expected a folder for each category, with files of objects in it, found"
    with pytest.raises(InputError, match=rf"{layout} no folder .*nowhere\.$"):
        params_of(tmp_path / "nowhere")
    with pytest.raises(InputError, match=rf"{layout} an empty folder: "):
        params_of(tmp_path)
    with pytest.raises(InputError, match=rf"{layout} 1 files that belong into one: "):
        params_of(put(tmp_path, "loose.obj", BOX))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size_m": {"bax": 0.1}}, "scene.size_m: expected a category, found 'bax'. Did you mean 'box'?"),
        ({"upright": {"can": "x"}}, "scene.upright: expected a category, found 'can'. Known: box."),
        ({"upright": "w"}, "scene: upright.default: expected 'x', '-x', 'y', '-y', 'z' or '-z', found 'w'."),
        ({"size_m": {"box": 0}}, "scene: size_m.box: expected greater than 0, found 0."),
        ({"symmetry": {"box": 3}}, "scene: symmetry: box: expected none, axis, sphere or an even number of turns"),
        ({"pose": "lying"}, "scene: pose: expected a known name, found 'lying'."),
    ],
)
def test_values_that_cannot_work_are_named(changes: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises(InputError) as error:
        params_of(folder, **changes)
    assert str(error.value).startswith(f"params.yaml: {words}")


def test_lengths_of_a_pose_have_the_scale_applied(folder: Path) -> None:
    (box,) = build(folder, size_m=0.6)
    assert np.ptp(read_mesh(box.object).points_m, axis=0) == pytest.approx((0.2, 0.4, 0.6))
