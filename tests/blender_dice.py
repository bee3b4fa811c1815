"""Dice: what is on top, their faces, their shape, their pips' colour, and what lies beside them."""

import dataclasses
import math
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
import pytest
from drawn import BEFORE, fixed, sampled
from scipy.ndimage import binary_erosion, label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from worlds import start

from blender.facts.mesh import read_mesh
from blender.objects.die import INK, die_mesh, normals, upwards
from blender.objects.pips import PIPS, Style
from blender.picture.passes import render_layers
from blender.randomizers import RANDOMIZERS, material
from blender.samplers import stream
from blender.scenes import dice, dice_inks
from blender.shaders.shading import mean_rgb, pattern_rgb
from blender.world import World, add, empty_world
from pipeline.errors import InputError
from pipeline.section import validate

Floats = npt.NDArray[np.float64]

SIZE_WH = (56, 42)
NUMBERS = dict(zip(dice.CATEGORIES, range(1, 7), strict=True))
PLAIN = Style(corner=0.1, sphere=1.0, spread=0.25, radius=0.1, depth=0.04, shape="disc")


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH)


def build(count: int, index: int = 0, **changes: Any) -> World:
    world = empty_world(SIZE_WH)
    world.camera.data.type = "ORTHO"
    params = validate(dice.Params, {"count": count} | changes, "scene")
    dice.build(world, params, stream(0, "train", index, "scene"))
    return world


def read(mesh: Any) -> tuple[Floats, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Points [V, 3], corners of its triangles [N, 3] and their material slots [N]."""
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    return points.reshape(-1, 3).astype(np.float64), corners.reshape(-1, 3), slots


def ink_middles(mesh: Any) -> Floats:
    """Middle [N, 3] of each connected piece of ink, in the die's own axes."""
    points, corners, slots = read(mesh)
    inked, triangles = np.unique(corners[slots == INK], return_inverse=True)
    pairs = triangles.reshape(-1, 3)[:, [0, 1, 1, 2]].reshape(-1, 2).T
    number, piece = connected_components(coo_array((np.ones(pairs.shape[1]), pairs), shape=(len(inked),) * 2))
    return np.array([points[inked[piece == n]].mean(axis=0) for n in range(number)])


def on_face(middles: Floats, normal: Any) -> Floats:
    """Those on the face that looks along `normal`."""
    away = middles @ np.array(normal)
    return middles[away > abs(middles).max(axis=1) - 1e-6]


@pytest.mark.parametrize("right_handed", [True, False])
@pytest.mark.parametrize("shape", ["disc", "square", "ring"])
def test_faces_have_their_pips_and_opposite_ones_add_up_to_seven(right_handed: bool, shape: str) -> None:
    style = Style(corner=0.2, sphere=0.7, spread=0.25, radius=0.1, depth=0.04, shape=shape)
    middles = ink_middles(die_mesh(0.1, style, right_handed))
    assert len(middles) == 21
    faces = normals(right_handed)
    for number, normal in faces.items():
        assert len(on_face(middles, normal)) == number
        assert faces[7 - number] == tuple(-n for n in normal)
    handed = np.linalg.det([faces[1], faces[2], faces[3]])
    assert handed == pytest.approx(1 if right_handed else -1)


@pytest.mark.parametrize(("turned", "columns_rows"), [(False, (2, 3)), (True, (3, 2))])
def test_twos_lie_on_a_diagonal_and_sixes_in_rows(turned: bool, columns_rows: tuple[int, int]) -> None:
    """Of a die of 0.1 m with 0.25 of a side from the middle to the outer pips: 0.025 m."""
    middles = ink_middles(die_mesh(0.1, PLAIN, True, (turned,) * 6))
    two, six = (on_face(middles, normals(True)[n]).round(6) for n in (2, 6))
    np.testing.assert_allclose(abs(two[:, 1:]), 0.025, atol=1e-6)
    np.testing.assert_allclose(two[0, 1:], -two[1, 1:], atol=1e-6)
    assert (two[0, 1] * two[0, 2] > 0) != turned
    assert tuple(len(np.unique(six[:, axis])) for axis in (0, 1)) == columns_rows


def test_a_die_is_a_rounded_cube_less_its_pips() -> None:
    """Its volume by the divergence theorem, which holds for closed surfaces alone. A cube of side 1 with edges of the
    radius c has a core, six slabs, twelve quarter cylinders and a ball; a dish is a paraboloid, pi r^2 d / 2."""
    c, side = 0.1, 0.8
    whole = side**3 + 6 * c * side**2 + 3 * np.pi * c**2 * side + 4 / 3 * np.pi * c**3
    dishes = 21 * np.pi * PLAIN.radius**2 * PLAIN.depth / 2
    points, triangles, _ = read(die_mesh(2.0, PLAIN, True))
    assert np.linalg.det(points[triangles]).sum() / 6 / 8 == pytest.approx(whole - dishes, rel=0.005)
    np.testing.assert_allclose(points.min(axis=0), -1.0, atol=1e-5)
    np.testing.assert_allclose(points.max(axis=0), 1.0, atol=1e-5)


def test_a_ball_cuts_the_corners() -> None:
    """A corner of a cube of side 1 is 0.87 from its middle, the middle of an edge 0.71; faces keep their place."""
    points, _, _ = read(die_mesh(1.0, Style(0.01, 0.75, 0.25, 0.1, 0.0, "disc"), True))
    far = np.linalg.norm(points, axis=1)
    assert 0.7 < far.max() < 0.75
    assert points.max() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("right_handed", [True, False])
@pytest.mark.parametrize("number", PIPS)
def test_a_face_is_brought_to_the_top_by_a_rotation(number: int, right_handed: bool) -> None:
    turn = np.array(upwards(number, right_handed))[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    np.testing.assert_allclose(turn @ normals(right_handed)[number], (0, 0, 1), atol=1e-6)


def test_the_category_is_the_number_of_pips_on_top() -> None:
    """By geometry: pieces of ink whose middle lies nearest to the highest point."""
    seen = set()
    for labelled in build(80).objects:
        mesh = read_mesh(labelled.object)
        up = np.linalg.inv(mesh.to_world[:3, :3]) @ (0, 0, 1)
        assert len(on_face(ink_middles(labelled.object.data), up.round(6))) == NUMBERS[labelled.category]
        np.testing.assert_allclose(mesh.to_world[:3, :3] @ mesh.to_world[:3, :3].T, np.eye(3), atol=1e-6)
        seen.add((labelled.category, labelled.drawn["right_handed"]))
    assert len(seen) == 12


def test_the_category_is_the_number_of_pips_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """From straight above: black pieces on light dice."""
    monkeypatch.setattr(dice_inks, "KINDS", ("black",))
    world = build(24, index=1, pip_contrast=0.5, pip_radius=0.08, pip_spread=0.25, size_m=0.1, corner=0.05, sphere=0.9)
    world.camera.location, world.camera.data.ortho_scale = (0.0, 0.0, 5.0), 0.2
    everything, seen = list(world.objects), set()
    sun()
    for labelled in everything:
        for other in everything:
            other.object.hide_render, other.object.pass_index = other is not labelled, int(other is labelled)
        layers = render_layers(world, 0)
        inner = binary_erosion(layers.ids == 1, iterations=2)  # the rounded edges look away from the sun
        assert label(inner & (layers.rgb.mean(axis=-1) < 0.3))[1] == NUMBERS[labelled.category]
        seen.add(labelled.category)
    assert seen == set(dice.CATEGORIES)


def sun() -> None:
    """Straight from above."""
    lamp: Any = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.angle = 3.0, 0.0
    add("sun", lamp)


def test_keypoints_are_the_corners_of_the_cube() -> None:
    (labelled,) = build(1, size_m=0.2).objects
    assert labelled.keypoints["corner_101"] == pytest.approx((0.1, -0.1, 0.1))
    assert dice.keypoints(dice.Params()) == dict.fromkeys(dice.CATEGORIES, tuple(labelled.keypoints))


def test_a_symbol_stands_in_place_of_the_pips_of_one_or_six() -> None:
    """It is one piece; a six then shows one, and the die still has its name."""
    for labelled in build(8, odd_face_fraction=1.0).objects:
        middles = ink_middles(labelled.object.data)
        (name,) = labelled.drawn["symbols"]
        assert len(middles) == (21 if name == "one" else 16)
        face = on_face(middles, normals(labelled.drawn["right_handed"])[NUMBERS[name]])
        assert len(face) == 1


@pytest.mark.parametrize(("value", "sign"), [(0.9, -1), (0.01, 1)])
def test_a_material_covers_the_body_and_pips_show_on_it(value: float, sign: int) -> None:
    """Pips that would not show take white or black instead."""
    world = build(6, pip_contrast=0.4)
    for name in BEFORE:
        RANDOMIZERS[name].apply(world, fixed(name, 6))
    material.apply(world, sampled("material", 6, source="colour", value=value, saturation=0.0, pattern="plain"))
    for labelled in world.objects:
        mesh = labelled.object.data
        body, ink = (colour_of(slot) for slot in mesh.materials)
        assert body == pytest.approx((value,) * 3)
        assert math.dist(dice_inks.oklab(ink), dice_inks.oklab(body)) >= 0.4
        assert sign * (ink[1] - body[1]) > 0
        assert {p.material_index for p in mesh.polygons} == {0, 1}


def colour_of(used: Any) -> tuple[float, float, float]:
    red, green, blue, _ = used.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value
    return red, green, blue


def test_the_first_ink_that_shows_is_taken_or_the_one_that_shows_best() -> None:
    """In OKLab a grey of linear v has the lightness of its cube root: 0.5, 1 and 0."""
    grey, white, black = ((v**3,) * 3 for v in (0.5, 1.0, 0.0))
    assert dice_inks.oklab(grey) == pytest.approx((0.5, 0.0, 0.0), abs=1e-6)
    assert dice_inks.showing((grey, white, black), white, 0.4) == grey
    assert dice_inks.showing((grey, white, black), grey, 0.4) == white
    assert dice_inks.showing((grey, grey, black), grey, 0.6) == black


def test_red_shows_on_blue_as_light() -> None:
    """OKLab of sRGB's red is (0.628, 0.225, 0.126): B. Ottosson's own table."""
    assert dice_inks.oklab((1.0, 0.0, 0.0)) == pytest.approx((0.628, 0.225, 0.126), abs=1e-3)
    blue, red = (0.02, 0.1, 0.5), dice_inks.RED
    assert dice_inks.showing((red, dice_inks.WHITE), blue, 0.25) == red


def test_a_pattern_has_its_own_hue_and_is_darker() -> None:
    red = (0.8, 0.0, 0.0)
    drawn = {"pattern": "marble", "pattern_strength": 0.5, "pattern_hue": 1 / 3}
    assert pattern_rgb(red, drawn) == pytest.approx((0.0, 0.4, 0.0))
    assert pattern_rgb(red, drawn | {"pattern_hue": -1 / 3}) == pytest.approx((0.0, 0.0, 0.4))
    assert mean_rgb(red, drawn) == pytest.approx((0.4, 0.2, 0.0))
    assert mean_rgb(red, drawn | {"pattern": "plain"}) == red


def meshes_of(world: World) -> list[Any]:
    return [thing for thing in bpy.data.objects if thing.type == "MESH" and thing is not world.ground]


def test_trays_and_clutter_have_no_label_and_stand_on_the_table() -> None:
    world = build(3, clutter=5, tray_fraction=1.0)
    bpy.context.view_layer.update()
    dice_themselves = {labelled.object for labelled in world.objects}
    others = [thing for thing in meshes_of(world) if thing not in dice_themselves]
    walls = [thing for thing in others if thing.name.startswith("wall")]
    assert len(dice_themselves) == 3 and len(walls) in (3, 6, 9, 12) and len(others) == len(walls) + 5
    for thing in others:
        heights = [(thing.matrix_world @ v.co).z for v in thing.data.vertices]
        assert min(heights) == pytest.approx(0, abs=1e-6) and max(heights) > 0.0005


def test_without_trays_and_clutter_there_are_dice_alone() -> None:
    world = build(3)
    assert {o.object for o in world.objects} == set(meshes_of(world))


@pytest.mark.parametrize(
    ("key", "value"), [("pip_shape", "star"), ("corner", 0.6), ("pip_spread", 0.4), ("tray_fraction", 1.5)]
)
def test_wrong_values_are_named(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"scene: {key}: "):
        build(1, **{key: value})


@pytest.mark.parametrize("turned", [False, True])
def test_the_rows_of_a_six_may_be_closer(turned: bool) -> None:
    """Half a gap: rows at 0.75 of the spread from the middle, pips of a row at the spread; other faces stay."""
    style = dataclasses.replace(PLAIN, six_gap=0.5)
    middles = ink_middles(die_mesh(1.0, style, True, (False,) * 5 + (turned,)))
    six = abs(on_face(middles, (0, 0, -1))[:, :2])
    across = 0 if six[:, 0].min() > 0.01 else 1  # along the other axis the middle pips of both rows lie at 0
    rows, along = six[:, across], six[:, 1 - across]
    assert rows == pytest.approx(np.full(6, 0.75 * 0.25), abs=0.01)
    assert sorted(along) == pytest.approx([0, 0, 0.25, 0.25, 0.25, 0.25], abs=0.01)
    four = abs(on_face(middles, normals(True)[4]))
    assert np.sort(four, axis=1)[:, :2] == pytest.approx(np.full((4, 2), 0.25), abs=0.01)
