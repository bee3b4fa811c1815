"""Old coins: meshes against volumes and outlines computed by hand, their wear and patina, grey pictures. Run by
test_blender.py."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml
from rendering import REPOSITORY, write_params
from worlds import start

from blender.facts.mesh import world_triangles
from blender.make import make_frame, make_recipe
from blender.objects.coin import SEGMENTS, Form, coin, outline
from blender.objects.relief import hollows, noise, relief
from blender.scenes import coins
from blender.scenes.coins_metal import coat
from blender.world import add, empty_world
from pipeline.params import load_params
from pipeline.section import validate

PLAIN = Form(diameter_m=0.2, thickness_m=0.02, relief_m=0.0, dome_m=0.0, uneven=0.0, chips=0, off_centre=0.0, wear=0.5)
SILVER = {"patina": 1.0, "metal": "silver", "saturation": 0.0, "value": 0.5, "metallic": 0.0, "roughness": 0.5}
DISC = np.stack(np.meshgrid(np.linspace(-0.7, 0.7, 30), np.linspace(-0.7, 0.7, 30)), axis=-1).reshape(-1, 2)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module", autouse=True)
def blender() -> None:
    start((40, 30))
    empty_world((40, 30))


def test_a_plain_coin_is_a_closed_disc_with_its_normals_outwards() -> None:
    """By the divergence theorem. Its border is rounded: less than a cylinder, more than the one of its inner face."""
    mesh, points, _ = coin(PLAIN, rng())
    assert not mesh.validate()  # it had nothing to mend
    volume = np.linalg.det(world_triangles(add("coin", mesh))).sum() / 6
    cylinder = np.pi * 0.1**2 * 0.02
    assert 0.9 * cylinder < volume < cylinder
    np.testing.assert_allclose(np.ptp(points, axis=0), (0.2, 0.2, 0.02), rtol=1e-6)


def test_every_edge_has_two_faces() -> None:
    mesh, _, _ = coin(replace(PLAIN, uneven=0.05, chips=2, relief_m=0.01), rng())
    edges = [tuple(sorted(key)) for face in mesh.polygons for key in face.edge_keys]
    assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}


def test_relief_and_dome_stand_on_the_face() -> None:
    """The face at 0.02 m carries a dome of 0.005 m, and at most 0.01 m of relief."""
    _, points, surface = coin(replace(PLAIN, relief_m=0.01, dome_m=0.005, wear=0.0), rng())
    expected_m = 0.02 + 0.01 * surface[:, 0] + 0.005 * (1 - (points[:, :2] ** 2).sum(axis=1) / 0.1**2)
    inner = (np.hypot(*points[:, :2].T) < 0.089) & (points[:, 2] > 0.01)
    inner[-1] = False  # the middle is the mean of the ring around it
    np.testing.assert_allclose(points[inner, 2], expected_m[inner], atol=1e-9)
    assert inner.sum() > 1000 and np.ptp(surface[inner, 0]) > 0.5


def test_an_uneven_outline_keeps_its_mean_and_has_its_deviation() -> None:
    """Waves that run around a whole number of times have the mean 0, and the root of a half as deviation."""
    border_m = outline(replace(PLAIN, uneven=0.04), rng())
    assert border_m.shape == (SEGMENTS,)
    assert border_m.mean() == pytest.approx(0.1)
    assert border_m.std() == pytest.approx(0.04 * 0.1)


def test_chips_take_away_only() -> None:
    border_m = outline(replace(PLAIN, chips=2), rng())
    assert (border_m <= 0.1 + 1e-12).all() and 0.07 < border_m.min() < 0.099
    assert (border_m > 0.0999).mean() > 0.4


def test_wear_flattens_what_was_struck() -> None:
    fresh, worn, gone = (relief(DISC, wear, rng()) for wear in (0.0, 0.5, 1.0))
    assert fresh.min() >= 0 and fresh.max() <= 1
    assert fresh.std() > 1.3 * worn.std() > 1.3 * gone.std() > 0


def test_noise_has_the_deviation_one() -> None:
    """Over many fields at one place: a sum of waves with random phases."""
    values = [noise(np.array([[0.3, -0.2]]), 2.0, rng(seed))[0] for seed in range(2000)]
    assert np.mean(values) == pytest.approx(0, abs=0.1) and np.std(values) == pytest.approx(1, abs=0.06)


def test_a_pit_is_hollow_and_a_bump_is_not_also_where_the_circle_closes() -> None:
    heights = np.zeros((9, 24))
    heights[4, 0], heights[4, 12] = -1.0, 1.0
    found = hollows(heights)
    assert found[4, 0] > 0.5 and found[4, 12] < -0.5
    np.testing.assert_allclose(found[:, 1], found[:, -1])
    assert not hollows(np.full((9, 24), 0.7)).round(12).any()


def colours(hollow: float, **drawn: Any) -> Any:
    """Of a coin that is as hollow all over, [V, 4]."""
    mesh, points, _ = coin(PLAIN, rng())
    coat(mesh, np.column_stack([np.full(len(points), 1.0), np.full(len(points), hollow)]), SILVER | drawn, rng())
    flat = np.empty(len(points) * 4, np.float32)
    mesh.attributes["tone"].data.foreach_get("color", flat)
    return flat.reshape(-1, 4)


def test_patina_darkens_hollows() -> None:
    flat, hollow, clean = colours(0.0), colours(0.15), colours(0.15, patina=0.0)
    np.testing.assert_allclose(hollow[:, :3], 0.2 * flat[:, :3], atol=1e-6)  # 1 - 0.8, where it is full
    np.testing.assert_allclose(clean, flat, atol=1e-6)
    assert flat[:, 0].mean() == pytest.approx(0.5, abs=0.1)


def test_metals_are_grey_without_saturation() -> None:
    assert np.ptp(colours(0.0)[:, :3], axis=1).max() == 0
    bronze = colours(0.0, metal="bronze", saturation=1.0).mean(axis=0)
    assert bronze[0] > bronze[1] > bronze[2]


@pytest.mark.parametrize("tilt_rad", [0.0, 0.2, -0.2])
def test_a_tilted_coin_touches_the_ground(tilt_rad: float) -> None:
    world = empty_world((40, 30))
    params = validate(coins.Params, {"count": 2, "tilt_rad": tilt_rad, "diameter_m": 0.1}, "scene")
    coins.build(world, params, rng())
    for labelled in world.objects:
        points = world_triangles(labelled.object).reshape(-1, 3)
        assert points[:, 2].min() == pytest.approx(0, abs=1e-7)
        assert labelled.category == "coin" and labelled.drawn["symmetry"] == "axis"
        assert labelled.radius_m == pytest.approx(np.hypot(*points[:, :2].T).max(), rel=1e-5)


def test_the_preset_makes_grey_pictures(tmp_path: Any) -> None:
    """But for what the sensor adds: the colours of noise and of JPEG. A lamp of 6500 K is white to 2 %."""
    values = yaml.safe_load((REPOSITORY / "presets" / "coins.yaml").read_text(encoding="utf-8"))
    values["render"] |= {"width_px": 64, "height_px": 48}
    for name in ("sensor", "distractors"):
        values["randomizers"][name]["enabled"] = False
    recipe = make_recipe(load_params(write_params(tmp_path / "params.yaml", values)))
    start((64, 48), bounces=2)
    frame = make_frame(recipe, "train", 0)
    assert np.ptp(frame.rgb.astype(int), axis=-1).max() <= 6
    assert len(frame.instances) >= 5 and frame.rgb.std() > 10
