"""One contract for every scene, and what the digits promise beyond it. Run by test_blender.py."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blends import write_blend
from rendering import REPOSITORY, small_values
from worlds import start, world_of

from blender.facts.instances import instances
from blender.facts.mesh import read_mesh, world_triangles
from blender.make import make_recipe
from blender.objects import primitives
from blender.picture.passes import render_layers
from blender.samplers import stream
from blender.scenes import SCENES, digits, strokes
from blender.world import Labelled, add, empty_world
from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.section import validate

SIZE_WH = (40, 30)
PRESETS = sorted((REPOSITORY / "presets").glob("*.yaml"))
EXAMPLES = {  # a scene without an entry here fails the contract
    "digits": small_values()["scene"] | {"count": 12},
    "shapes": {"count": 12},
    "dice": {"count": 6},
    "coins": {"count": 6},
    "blend": {
        "file": "props.blend",
        "objects": {"Die": "die", "Coins": "coin", "Cushion": "cushion", "Wire": "wire", "Bush": "bush"},
        "count": 12,
    },
    "props": {"folder": "assets/props", "count": 12, "size_m": {"bolt": 0.07}, "pose": {"choice": ["upright", "any"]}},
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    write_blend(folder / "props.blend")
    shutil.copytree(REPOSITORY / "assets" / "props", folder / "assets" / "props")
    return folder


@pytest.fixture(autouse=True)
def blender(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("SYNTH2REAL_STORE", str(workspace / "store"))
    start(SIZE_WH)


def params_of(name: str, **changes: Any) -> Any:
    values = {key: value for key, value in (EXAMPLES[name] | changes).items() if key != "name"}
    params = validate(SCENES[name].Params, values, "scene")
    SCENES[name].check(params)
    return params


def build(name: str, index: int = 0, **changes: Any) -> list[Labelled]:
    """The labelled objects of one frame."""
    scene, params = SCENES[name], params_of(name, **changes)
    world = empty_world(SIZE_WH)
    scene.build(world, params, stream(0, "train", index, "scene"))
    return world.objects


def vertices(objects: list[Labelled]) -> Iterator[np.ndarray[Any, Any]]:
    """World vertices [N, 3] of each object."""
    return (world_triangles(o.object).reshape(-1, 3) for o in objects)


@pytest.mark.parametrize("name", SCENES)
def test_categories_are_unique_and_all_appear(name: str) -> None:
    categories = SCENES[name].categories(params_of(name))
    assert categories and len(set(categories)) == len(categories)
    assert {o.category for index in range(10) for o in build(name, index)} == set(categories)


@pytest.mark.parametrize("name", SCENES)
def test_objects_lie_on_the_ground_at_the_origin(name: str) -> None:
    """Part of an object may be sunk (a stroke of ink is, by half), but never more than stands out."""
    objects = build(name)
    assert objects
    for labelled, points in zip(objects, vertices(objects), strict=True):
        low, high = points.min(axis=0), points.max(axis=0)
        assert high[2] > 0 and -high[2] - 1e-6 <= low[2] <= 1e-6
        middle = (low + high)[:2] / 2
        assert np.hypot(*middle) < 0.5 * labelled.radius_m
        assert np.hypot(*points[:, :2].T).max() < 1.5 * labelled.radius_m


@pytest.mark.parametrize("name", SCENES)
def test_keypoints_lie_in_the_box_of_their_object_and_have_the_names_of_their_category(name: str) -> None:
    names = SCENES[name].keypoints(params_of(name))
    assert set(names) <= set(SCENES[name].categories(params_of(name)))
    marked = 0
    for labelled in build(name):
        assert set(labelled.keypoints) <= set(names.get(labelled.category, ()))
        mesh = read_mesh(labelled.object)
        for point in labelled.keypoints.values():
            own = mesh.scale @ point
            assert (own >= mesh.points_m.min(axis=0) - 1e-6).all() and (own <= mesh.points_m.max(axis=0) + 1e-6).all()
            marked += 1
    assert bool(marked) == bool(names)


@pytest.mark.parametrize("name", SCENES)
def test_the_same_stream_builds_the_same(name: str) -> None:
    def built(index: int) -> list[tuple[str, dict[str, Any], bytes]]:
        objects = build(name, index)
        return [(o.category, o.drawn, v.tobytes()) for o, v in zip(objects, vertices(objects), strict=True)]

    first = built(0)
    other = built(1)
    assert built(0) == first
    assert other != first


@pytest.mark.parametrize("name", SCENES)
def test_labels_cover_the_pixels_of_the_picture(name: str) -> None:
    """Each object alone, aslant from above: its silhouette, found from its mesh, has as many pixels as the renderer
    gives its id, but for those that its outline cuts."""
    start((120, 90))
    world = world_of((120, 90), "ORTHO")
    SCENES[name].build(world, params_of(name), stream(0, "train", 0, "scene"))
    world.camera.data.ortho_scale = 0.4
    world.camera.location, world.camera.rotation_euler = (0.0, -5.0, 8.66), (np.pi / 6, 0.0, 0.0)
    everything = list(world.objects)
    for labelled in everything:
        world.objects[:] = [labelled]
        for other in everything:
            other.object.hide_render, other.object.pass_index = other is not labelled, int(other is labelled)
        layers = render_layers(world, 0)
        (label,) = instances(world, layers.depth_m)
        mask = layers.ids == 1
        outline_px = (mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum()
        assert label.truncated_fraction == 0 and mask.sum() > 50
        assert abs(label.amodal_area_px - mask.sum()) <= 0.05 * outline_px


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_make_a_recipe_of_the_scene_that_they_are_named_after(path: Path) -> None:
    recipe = make_recipe(load_params(path))
    assert path.stem not in SCENES or recipe.scene is SCENES[path.stem]


@pytest.mark.parametrize(("font_fraction", "key"), [(0.0, "form"), (1.0, "font")])
def test_digits_have_the_height_that_was_drawn(font_fraction: float, key: str) -> None:
    """Fonts exactly; a stroke's control points need not reach the upper and lower edge."""
    upright = {"rotation_rad": 0.0, "slant": 0.0, "jitter": 0.0, "roundness": 0.3, "height_m": 0.1}
    objects = build("digits", font_fraction=font_fraction, **upright)
    for labelled, points in zip(objects, vertices(objects), strict=True):
        assert key in labelled.drawn
        assert np.ptp(points[:, 1]) == pytest.approx(0.1, rel=0.01 if key == "font" else 0.2)


def test_rotation_turns_counterclockwise() -> None:
    """A quarter turn swaps the sides of the bounding box: (x, y) becomes (-y, x)."""
    before, after = (next(vertices(build("digits", rotation_rad=angle))) for angle in (0.0, np.pi / 2))
    np.testing.assert_allclose(after[:, 0], -before[:, 1], atol=1e-6)
    np.testing.assert_allclose(after[:, 1], before[:, 0], atol=1e-6)


def test_every_digit_has_forms_within_the_unit_square() -> None:
    assert set(strokes.FORMS) == set(digits.CATEGORIES)
    for forms in strokes.FORMS.values():
        assert forms
        for stroke in (s for form in forms for s in form):
            points = np.array(stroke)
            assert points.shape[1] == 2 and len(points) >= 2
            assert (points >= -0.05).all() and (points <= 1.05).all()


def test_trace_runs_through_its_control_points() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    corner = strokes.trace(points, roundness=0.0, step=0.1)
    assert corner[0].tolist() == [0, 0] and corner[-1].tolist() == [1, 1]
    assert (np.isclose(corner[:, 1], 0) | np.isclose(corner[:, 0], 1)).all()  # along the two sides
    smooth = strokes.trace(points, roundness=1.0, step=0.1)
    assert np.isclose(smooth, [1, 0]).all(axis=1).any()
    assert (smooth[:, 1] < -0.01).any()  # swings out of the corner


def test_deform_shears_x_by_y_and_keeps_the_middle() -> None:
    square = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]
    (bent,) = strokes.deform(square, np.random.default_rng(0), jitter=0.0, aspect=0.5, slant=0.2)
    np.testing.assert_allclose(bent, [[-0.35, -0.5], [0.15, -0.5], [0.35, 0.5], [-0.15, 0.5]])


def test_a_pen_starts_and_ends_on_top_of_its_line() -> None:
    """Both keypoints touch the surface of the stroke: no vertex above them within a fifth of the pen's radius."""
    for labelled in build("digits", font_fraction=0.0):
        assert list(labelled.keypoints) == ["start", "end"]
        mesh = read_mesh(labelled.object)
        radius_m = labelled.drawn["thickness"] * labelled.drawn["height_m"] / 2
        for point in labelled.keypoints.values():
            away = mesh.points_m - mesh.scale @ point
            assert np.linalg.norm(away, axis=1).min() < 0.1 * radius_m


def test_glyphs_have_no_keypoints() -> None:
    assert not any(o.keypoints for o in build("digits", font_fraction=1.0))
    assert SCENES["digits"].keypoints(params_of("digits", font_fraction=1.0)) == {}


@pytest.mark.parametrize(
    ("category", "size_m"),
    [
        ("cube", (0.2, 0.2, 0.2)),
        ("cuboid", (0.2, 0.1, 0.1)),
        ("cylinder", (0.2, 0.2, 0.1)),
        ("cone", (0.2, 0.2, 0.1)),
        ("sphere", (0.2, 0.2, 0.2)),
        ("torus", (0.2, 0.2, 0.05)),
    ],
)
def test_shapes_have_the_size_that_was_drawn_and_stand_on_the_ground(category: str, size_m: tuple[float, ...]) -> None:
    sizes = {"size_m": 0.2, "aspect": 0.5, "rotation_rad": 0.0}
    (labelled,) = build("shapes", categories=[category], count=1, **sizes)
    (points,) = vertices([labelled])
    np.testing.assert_allclose(points.min(axis=0), (-size_m[0] / 2, -size_m[1] / 2, 0), atol=1e-6)
    np.testing.assert_allclose(points.max(axis=0), (size_m[0] / 2, size_m[1] / 2, size_m[2]), atol=1e-6)
    assert labelled.radius_m == pytest.approx(np.hypot(*points[:, :2].T).max(), rel=1e-5)
    assert labelled.drawn["size_m"] == pytest.approx(size_m)


def test_keypoints_of_a_cuboid_are_its_corners() -> None:
    sizes = {"size_m": 0.2, "aspect": 0.5, "rotation_rad": 0.0}
    (labelled,) = build("shapes", categories=["cuboid"], count=1, **sizes)
    assert len(labelled.keypoints) == 8
    assert labelled.keypoints["corner_101"] == pytest.approx((0.1, -0.05, 0.05))  # about its middle
    mesh = read_mesh(labelled.object)
    assert {tuple(p) for p in mesh.points_m.round(6)} == {tuple(np.round(p, 6)) for p in labelled.keypoints.values()}


@pytest.mark.parametrize(
    ("categories", "words"),
    [(["cube", "spher"], "found 'spher'. Did you mean 'sphere'?"), (["cube", "cube"], "expected each once")],
)
def test_wrong_categories_are_named(categories: list[str], words: str) -> None:
    with pytest.raises(InputError, match=r"params.yaml: scene.categories: ") as error:
        params_of("shapes", categories=categories)
    assert words in str(error.value)


@pytest.mark.parametrize("kind", primitives.KINDS)
def test_solids_are_closed_and_have_their_volume(kind: str) -> None:
    """By the divergence theorem: only of a closed surface with its normals outwards is it the sum of these tetrahedra.
    Round ones have 48 sides: 0.3 % less than a circle; a sphere or tube loses another 0.3 to 0.6 %."""
    tube, ring = primitives.TUBE / 2, 0.5 - primitives.TUBE / 2
    area = np.pi / 4
    volumes = {"cube": 1.0, "cylinder": area, "cone": area / 3, "sphere": np.pi / 6}
    volumes["torus"] = 2 * np.pi * ring * np.pi * tube * 0.5  # Pappus: an ellipse on its way around
    triangles = world_triangles(add(kind, primitives.solid(kind, (1.0, 2.0, 3.0))))
    volume = np.linalg.det(triangles).sum() / 6
    assert volume == pytest.approx(6 * volumes[kind], rel=1e-6 if kind == "cube" else 0.015)
    assert volume <= 6 * volumes[kind] * (1 + 1e-6)
