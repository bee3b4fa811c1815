"""One contract for every scene, and what the digits promise beyond it. Run by test_blender.py."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from rendering import small_values
from worlds import start

from blender.geometry import world_triangles
from blender.samplers import stream
from blender.scenes import SCENES, strokes
from blender.world import Labelled, empty_world
from pipeline.section import validate

SIZE_WH = (40, 30)
EXAMPLES = {"digits": small_values()["scene"] | {"count": 12}}  # a scene without an entry here fails the contract


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH)


def build(name: str, index: int = 0, **changes: Any) -> list[Labelled]:
    """The labelled objects of one frame."""
    scene = SCENES[name]
    values = {key: value for key, value in (EXAMPLES[name] | changes).items() if key != "name"}
    params = validate(scene.Params, values, "scene")
    scene.check(params)
    world = empty_world(SIZE_WH)
    scene.build(world, params, stream(0, "train", index, "scene"))
    return world.objects


def vertices(objects: list[Labelled]) -> Iterator[np.ndarray[Any, Any]]:
    """World vertices [N, 3] of each object."""
    return (world_triangles(o.object).reshape(-1, 3) for o in objects)


@pytest.mark.parametrize("name", SCENES)
def test_categories_are_unique_and_all_appear(name: str) -> None:
    categories = SCENES[name].CATEGORIES
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
def test_the_same_stream_builds_the_same(name: str) -> None:
    def built(index: int) -> list[tuple[str, dict[str, Any], bytes]]:
        objects = build(name, index)
        return [(o.category, o.drawn, v.tobytes()) for o, v in zip(objects, vertices(objects), strict=True)]

    first = built(0)
    other = built(1)
    assert built(0) == first
    assert other != first


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
    assert set(strokes.FORMS) == set(SCENES["digits"].CATEGORIES)
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
