"""From Blender to COCO: labels of rendered cubes and spheres against values computed by hand. Run by test_blender.py.

Both cameras of worlds.py look straight down from 10 m: the point (x, -y, z) of the world lies before the camera at
(x - W/2, y - H/2, 10 - z), and the focal length is 10 px, or 1 px/m.
"""

import itertools
import re
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler, Vector
from worlds import HEIGHT_M, cuboid, start, world_of

from blender.facts.instances import instances
from blender.facts.view import camera_facts
from blender.picture.passes import render_layers
from blender.world import Labelled, World
from pipeline.annotate import annotate_frame
from pipeline.frame import Frame
from pipeline.labelers import IMAGE_LABELERS
from pipeline.labelers.semantic import category_ids
from pipeline.params import Labels

KINDS = ["ORTHO", "PERSP"]
SIZES = [(44, 28), (28, 44)]
LABELS = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=0.1)
SIGNS = {"".join(s): s for s in itertools.product("-+", repeat=3)}  # corners of a cube, by the signs of x, y, z
DOCS = Path(__file__).parents[1] / "docs" / "labels.md"


def put(world: World, side_m: float, place: tuple[float, float, float], turn: Any = (0, 0, 0)) -> Any:
    """A cube with its origin in its middle, its corners as keypoints, at x px, y px, z m."""
    half = side_m / 2
    thing = cuboid((-half, -half, -half), (half, half, half))
    thing.location, thing.rotation_euler = (place[0], -place[1], place[2]), turn
    corners = {name: tuple(half if s == "+" else -half for s in signs) for name, signs in SIGNS.items()}
    return label(world, thing, corners)


def label(world: World, thing: Any, keypoints: dict[str, Any]) -> Any:
    world.objects.append(Labelled(thing, "cube", 1.0, keypoints=keypoints))
    thing.pass_index = len(world.objects)
    return thing


def seen(world: World) -> Frame:
    layers = render_layers(world, 0)
    kept = {"depth": layers.depth_m} | ({} if layers.normals is None else {"normals": layers.normals})
    return Frame(
        split="train",
        index=0,
        rgb=np.zeros((*layers.ids.shape, 3), np.uint8),
        ids=layers.ids,
        categories=("ball", "cube"),
        instances=instances(world, layers.depth_m),
        camera=camera_facts(world),
        keypoint_names={"cube": tuple(SIGNS)},
        layers=kept,
    )


def keypoints_of(annotation: dict[str, Any]) -> dict[str, tuple[float, float, int]]:
    values = annotation["keypoints"]
    return {name: tuple(values[3 * n : 3 * n + 3]) for n, name in enumerate(SIGNS)}


# --- Pose, 3D box, camera


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_wh", SIZES)
def test_pose_of_a_unit_cube(kind: str, size_wh: tuple[int, int]) -> None:
    """Lying straight: its y axis points up in the picture, its z axis at the camera. Turned left: its x axis is up."""
    start(size_wh)
    world = world_of(size_wh, kind)
    put(world, 1.0, (5, 7, 0.5))
    put(world, 1.0, (12, 9, 3), turn=(0, 0, np.pi / 2)).scale = (2, 3, 1)
    straight, turned = annotate_frame(seen(world), LABELS)
    middle = np.array(size_wh) / 2
    assert straight["pose"]["rotation"] == [[1, 0, 0], [0, -1, 0], [0, 0, -1]]
    assert straight["pose"]["translation_m"] == [5 - middle[0], 7 - middle[1], 9.5]
    assert straight["bbox_3d"] == {"centre_m": [0, 0, 0], "size_m": [1, 1, 1]}
    np.testing.assert_allclose(turned["pose"]["rotation"], [[0, -1, 0], [-1, 0, 0], [0, 0, -1]], atol=1e-6)
    assert turned["pose"]["translation_m"] == [12 - middle[0], 9 - middle[1], 7]
    assert turned["bbox_3d"]["size_m"] == pytest.approx([2, 3, 1], abs=2e-6)


@pytest.mark.parametrize(("kind", "name", "focal"), [("ORTHO", "orthographic", 1.0), ("PERSP", "perspective", 10.0)])
@pytest.mark.parametrize("size_wh", [(11, 7), (7, 11)])
def test_camera(kind: str, name: str, focal: float, size_wh: tuple[int, int]) -> None:
    start(size_wh)
    camera = IMAGE_LABELERS["camera"](seen(world_of(size_wh, kind)))["camera"]
    width_px, height_px = size_wh
    assert camera["kind"] == name
    expected = [[focal, 0, (width_px - 1) / 2], [0, focal, (height_px - 1) / 2], [0, 0, 1]]
    np.testing.assert_allclose(camera["intrinsics"], expected, atol=1e-4)
    view = [[1, 0, 0, -width_px / 2], [0, -1, 0, -height_px / 2], [0, 0, -1, HEIGHT_M], [0, 0, 0, 1]]
    np.testing.assert_allclose(camera["world_to_camera"], view, atol=1e-6)


def test_box_of_a_thing_whose_origin_is_not_its_middle() -> None:
    start((11, 7))
    world = world_of((11, 7), "ORTHO")
    label(world, cuboid((2, 1, 0), (5, 3, 4)), {})
    (found,) = annotate_frame(seen(world), LABELS)
    assert found["bbox_3d"] == {"centre_m": [3.5, -2, 2], "size_m": [3, 2, 4]}
    assert (found["bbox"], found["amodal_bbox"]) == ([2, 1, 3, 2], [2, 1, 3, 2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_wh", SIZES)
def test_corners_of_the_3d_box_bound_the_amodal_box(kind: str, size_wh: tuple[int, int]) -> None:
    """Of cubes turned and stretched at random under a turned camera, as a reader of the file would compute them."""
    namespace: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1], namespace)  # type: ignore[index]
    start(size_wh)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        world = world_of(size_wh, kind)
        world.camera.rotation_euler = rng.uniform(-0.2, 0.2, 3)
        put(world, 6.0, (*(np.array(size_wh) / 2), 0), rng.uniform(-3, 3, 3)).scale = rng.uniform(0.3, 1, 3)
        frame = seen(world)
        (found,) = annotate_frame(frame, LABELS)
        corners = namespace["box_3d_px"](found, IMAGE_LABELERS["camera"](frame)["camera"]) + 0.5
        x, y, w, h = found["amodal_bbox"]
        np.testing.assert_allclose([*corners.min(axis=0), *corners.max(axis=0)], [x, y, x + w, y + h], atol=0.02)
        named = [keypoints_of(found)[name][:2] for name in SIGNS]
        np.testing.assert_allclose(np.array(named) + 0.5, corners, atol=0.02)


# --- Keypoints


def test_keypoints_of_a_cube_seen_from_above() -> None:
    """Its top, 6 m away, is seen 10 / 6 px/m large and hides its bottom, 10 m away."""
    start((44, 28))
    world = world_of((44, 28), "PERSP")
    put(world, 4.0, (22, 14, 2))
    (found,) = annotate_frame(seen(world), LABELS)
    for name, (x, y, v) in keypoints_of(found).items():
        size = 2 * 10 / 6 if name[2] == "+" else 2
        expected = (22 + (size if name[0] == "+" else -size), 14 - (size if name[1] == "+" else -size))
        assert (x + 0.5, y + 0.5) == pytest.approx(expected, abs=0.011)
        assert v == (2 if name[2] == "+" else 1)
    assert found["num_keypoints"] == 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_cube_on_its_corner_shows_seven(kind: str) -> None:
    """The eighth is opposite to the one that points at the camera."""
    start((44, 28))
    world = world_of((44, 28), kind)
    turn = Vector((1, 1, 1)).rotation_difference(Vector((0, 0, 1))).to_euler()
    put(world, 14.0 if kind == "ORTHO" else 4.0, (22, 14, -4), turn)
    (found,) = annotate_frame(seen(world), LABELS)
    assert {name: v for name, (_, _, v) in keypoints_of(found).items()} == dict.fromkeys(SIGNS, 2) | {"---": 1}


def test_hidden_by_another_cube() -> None:
    """The upper one covers the right half of the lower one, whose left corners on top stay visible."""
    start((44, 28))
    world = world_of((44, 28), "ORTHO")
    put(world, 8.0, (20, 14, -10))
    put(world, 10.0, (25, 14, 0))
    lower, upper = annotate_frame(seen(world), LABELS)
    assert {name: v for name, (_, _, v) in keypoints_of(lower).items() if name[2] == "+"} == {
        "--+": 2,
        "-++": 2,
        "+-+": 1,
        "+++": 1,
    }
    assert all(v == 2 for name, (_, _, v) in keypoints_of(upper).items() if name[2] == "+")
    assert (lower["visible_fraction"], lower["area"], lower["amodal_area"]) == (0.5, 32, 64)
    assert lower["bbox"] == [16, 10, 4, 8]
    assert upper["visible_fraction"] == 1


def test_cut_by_the_border() -> None:
    """Its left half is outside of the picture, and so are the keypoints there."""
    start((44, 28))
    world = world_of((44, 28), "ORTHO")
    put(world, 8.0, (0, 14, 0))
    (found,) = annotate_frame(seen(world), LABELS)
    assert all(point == (0, 0, 0) for name, point in keypoints_of(found).items() if name[0] == "-")
    assert keypoints_of(found)["+++"] == (3.5, 9.5, 2)
    assert (found["num_keypoints"], found["truncated_fraction"]) == (4, 0.5)
    assert (found["bbox"], found["amodal_bbox"]) == ([0, 10, 4, 8], [-4, 10, 8, 8])


def test_reaching_behind_the_camera() -> None:
    """A tower beside the camera that ends above it: its foot is labelled, its top is not."""
    start((44, 28))
    world = world_of((44, 28), "PERSP")
    tower = cuboid((24, 15, 0), (26, 17, 0))
    label(world, tower, {"foot": (24, -15, 0), "top": (24, -15, HEIGHT_M + 1)})
    (one,) = seen(world).instances
    assert [(k.name, k.depth_m) for k in one.keypoints] == [("foot", 10)]


def test_behind_the_camera_is_nothing() -> None:
    start((44, 28))
    world = world_of((44, 28), "PERSP")
    put(world, 4.0, (22, 14, HEIGHT_M + 10))
    assert annotate_frame(seen(world), LABELS) == []


def test_nothing_there() -> None:
    start((7, 11))
    frame = seen(world_of((7, 11), "PERSP"))
    assert annotate_frame(frame, LABELS) == []
    assert not category_ids(frame).any()
    assert np.isinf(frame.layers["depth"]).all()


# --- Spheres


@pytest.mark.parametrize(("kind", "radius_px"), [("ORTHO", 6.0), ("PERSP", 7.5)])
def test_sphere(kind: str, radius_px: float) -> None:
    """6 m wide about (22, 14, 0): f R / sqrt(D² - R²) = 10 px * 6 / 8. It hides its own lower pole."""
    start((44, 28))
    world = world_of((44, 28), kind)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=128, ring_count=64, radius=6.0, location=(22, -14, 0))
    label(world, bpy.context.object, {"+++": (0, 0, 6), "---": (0, 0, -6)})
    frame = seen(world)
    (found,) = annotate_frame(frame, LABELS)
    expected = [22 - radius_px, 14 - radius_px, 2 * radius_px, 2 * radius_px]
    assert found["amodal_bbox"] == pytest.approx(expected, abs=0.03)
    assert found["amodal_area"] == found["area"] == pytest.approx(np.pi * radius_px**2, rel=0.03)
    assert found["bbox_3d"]["size_m"] == pytest.approx([12, 12, 12], abs=0.02)
    assert (keypoints_of(found)["+++"], keypoints_of(found)["---"]) == ((21.5, 13.5, 2), (21.5, 13.5, 1))
    assert frame.layers["depth"][13:15, 21:23] == pytest.approx(HEIGHT_M - 6, abs=0.06)
    assert set(np.unique(category_ids(frame))) == {0, 2}


# --- Layers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size_wh", [(11, 7), (7, 11)])
def test_depth_is_along_the_optical_axis(kind: str, size_wh: tuple[int, int]) -> None:
    """The ground, 10 m below, is at 10 m in the corners too; a tile of 2 m height is at 8 m; beyond it is nothing."""
    start(size_wh)
    world = world_of(size_wh, kind)
    cuboid((-50, -50, -1), (4, 50, 0))
    cuboid((1, 1, 1), (2, 2, 2))
    depth = seen(world).layers["depth"]
    assert depth.dtype == np.float32
    expected = np.full(size_wh[::-1], np.inf)
    expected[:, :4] = HEIGHT_M
    if kind == "ORTHO":
        expected[1, 1] = 8
        np.testing.assert_allclose(depth, expected, atol=1e-4)
    else:
        np.testing.assert_allclose(depth[-1], expected[-1], atol=1e-4)
        assert np.isclose(depth, 8, atol=1e-4).any()


@pytest.mark.parametrize("kind", KINDS)
def test_depth_of_a_slope_is_that_of_the_pixel_s_middle(kind: str) -> None:
    """To a thousandth of a pixel, with many samples too. A plate turned by 45 degrees about x = 22 px: z = x - 22."""
    start((44, 28), samples=8)
    world = world_of((44, 28), kind)
    plate = cuboid((-30, -30, 0), (30, 30, 0))
    plate.rotation_euler, plate.location = Euler((0, -np.pi / 4, 0)), (22, -14, 0)
    depth = seen(world).layers["depth"]
    right = np.arange(44) + 0.5 - 22  # px
    expected = 10 - right if kind == "ORTHO" else 10 / (1 + right / 10)  # x = right z / 10 and z = 10 - x
    here = (expected > 0.5) & (np.abs(expected - 10) < 15)
    np.testing.assert_allclose(depth[14, here], expected[here], rtol=2e-4, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_normals_are_in_camera_axes(kind: str) -> None:
    """The same plate: it faces left and up in the world, so left and at the camera; beside it lies the ground."""
    start((44, 28), layers=["normals"], samples=4)
    world = world_of((44, 28), kind)
    plate = cuboid((-3, -3, 0), (3, 3, 0))
    plate.rotation_euler, plate.location = Euler((0, -np.pi / 4, 0)), (22, -14, 0)
    cuboid((26, 0, -1), (36, 28, 0))
    normals = seen(world).layers["normals"]
    half = np.sqrt(0.5)
    np.testing.assert_allclose(normals[14, 22], [-half, 0, -half], atol=1e-3)
    np.testing.assert_allclose(normals[14, 31], [0, 0, -1], atol=1e-3)
    assert not normals[14, 42].any()
    length = np.linalg.norm(normals, axis=2)
    assert np.isclose(length, 1, atol=1e-5).sum() + (length == 0).sum() == length.size
