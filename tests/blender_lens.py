"""Pixels and labels through a lens, and labels with depth of field, by hand. Run by test_blender.py."""

from typing import Any

import bpy
import numpy as np
import pytest
from blender_passes import glow
from worlds import HEIGHT_M, cuboid, start, world_of

from blender.facts.bend import bend_of
from blender.facts.geometry import Silhouette, silhouette
from blender.facts.instances import instances
from blender.facts.mesh import world_triangles
from blender.facts.view import camera_facts, projection
from blender.picture.lens import Lens
from blender.picture.passes import render_layers
from blender.world import Labelled, World

BARREL = Lens(k1=-0.2)
PINCUSHION = Lens(k1=0.15, p1=0.002, p2=-0.003)
SMALL_WH, LARGE_WH = (11, 7), (80, 60)


def lens_world(size_wh: tuple[int, int], lens: Lens | None, **settings: Any) -> World:
    """Worlds of `world_of` seen from a distance of 1 m for each pixel of the width: the focal length is the width."""
    start(size_wh, **settings)
    world = world_of(size_wh, "PERSP")
    width_px = size_wh[0]
    world.camera.location.z, world.camera.data.lens = width_px, world.camera.data.sensor_width
    world.lens = lens
    return world


def seen(world: World, thing: Any) -> Silhouette:
    bend = bend_of(camera_facts(world), world.size_wh)
    found = silhouette(world_triangles(thing), projection(world.camera, world.size_wh), world.size_wh, bend)
    assert found is not None
    return found


def box_of(mask: Any) -> list[int]:
    y, x = np.nonzero(mask)
    return [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]


def straight_place(size_wh: tuple[int, int], k1: float) -> Any:
    """Where pixel centres would be seen without the distortion r -> r (1 + k1 r²), by bisection: [2, H, W], x and y."""
    width_px, height_px = size_wh
    y, x = np.mgrid[:height_px, :width_px] + 0.5
    x, y = (x - width_px / 2) / width_px, (y - height_px / 2) / width_px
    distance = np.hypot(x, y)
    low, high = np.zeros_like(distance), np.full_like(distance, 1.2)
    for _ in range(50):
        middle = (low + high) / 2
        short = middle * (1 + k1 * middle**2) < distance
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    scale = np.divide(low, distance, out=np.ones_like(low), where=distance > 0) * width_px
    return np.stack([x * scale + width_px / 2, y * scale + height_px / 2])


def test_small_picture_by_hand() -> None:
    """The box reaches 3.5 px to the side and 2.5 px up and down of the middle, x = 7 / 22 and y = 5 / 22: the middle of
    a side lies farthest out, at 3.5 (1 - 0.2 * 49 / 484) and 2.5 (1 - 0.2 * 25 / 484)."""
    world = lens_world(SMALL_WH, BARREL)
    found = seen(world, cuboid((2, 1, 0), (9, 6, 0)))
    x, y = 3.5 * (1 - 0.2 * 49 / 484), 2.5 * (1 - 0.2 * 25 / 484)
    assert found.box_xyxy == pytest.approx((5.5 - x, 3.5 - y, 5.5 + x, 3.5 + y), abs=1e-4)
    layers = render_layers(world, 0)
    assert layers.ids.shape == layers.depth_m.shape == layers.rgb.shape[:2] == (7, 11)
    expected = np.zeros((7, 11), int)
    expected[1:6, 2:9] = 1
    np.testing.assert_array_equal(layers.ids, expected)
    assert found.area_px == 35


def test_corners_by_hand() -> None:
    """A corner 30 px and 22 px from the middle is at (0.375, 0.275) focal lengths: r² = 0.21625, times 0.95675."""
    world = lens_world(LARGE_WH, BARREL)
    thing = cuboid((10, 8, 0), (70, 52, 0))
    ids = render_layers(world, 0).ids
    x, y = 30 * 0.95675, 22 * 0.95675  # 28.70 and 21.05 instead of 30 and 22
    for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        inside = (40 + right * (x - 1), 30 + down * (y - 1))
        outside = (40 + right * (x + 1), 30 + down * (y + 1))
        assert ids[int(inside[1]), int(inside[0])] == 1
        assert ids[int(outside[1]), int(outside[0])] == 0
    side, top = 30 * (1 - 0.2 * 0.375**2), 22 * (1 - 0.2 * 0.275**2)  # the sides bend outward
    box = (40 - side, 30 - top, 40 + side, 30 + top)
    assert seen(world, thing).box_xyxy == pytest.approx(box, abs=0.02)
    assert np.abs(np.subtract(box_of(ids == 1), box)).max() <= 1


@pytest.mark.parametrize("k1", [-0.2, 0.2])
def test_every_pixel_shows_what_the_formula_says(k1: float) -> None:
    world = lens_world(LARGE_WH, Lens(k1=k1))
    cuboid((10, 8, 0), (70, 52, 0))
    x, y = straight_place(LARGE_WH, k1)
    from_border = np.minimum(np.minimum(x - 10, 70 - x), np.minimum(y - 8, 52 - y))  # px; > 0 inside
    wrong = (render_layers(world, 0).ids == 1) != (from_border > 0)
    assert np.abs(from_border[wrong]).max(initial=0.0) < 0.75  # of the rendered pixel next to it


def test_beyond_the_border_is_rendered_too() -> None:
    """The corner pixels of a barrel show what lies outside of a straight picture."""
    world = lens_world(LARGE_WH, BARREL, layers=["normals"])
    glow(cuboid((-40, -40, -1), (120, 100, 0)), (0.5, 0.25, 2.0))
    layers = render_layers(world, 0)
    assert (layers.ids == 1).all()
    np.testing.assert_allclose(layers.rgb, np.broadcast_to([0.5, 0.25, 2.0], (60, 80, 3)), rtol=1e-4)
    np.testing.assert_allclose(layers.depth_m, 80, rtol=1e-4)
    assert layers.normals is not None
    np.testing.assert_allclose(layers.normals, np.broadcast_to([0, 0, -1], (60, 80, 3)), atol=1e-4)


@pytest.mark.parametrize("lens", [BARREL, PINCUSHION])
def test_colours_are_in_register_with_the_ids(lens: Lens) -> None:
    world = lens_world(LARGE_WH, lens, samples=16)
    glow(cuboid((10, 8, 0), (70, 52, 8)), (1.0, 1.0, 1.0))
    layers = render_layers(world, 0)
    light, mask = layers.rgb[..., 1], layers.ids == 1
    border_px = 2 * (65 + 48)
    assert abs(light.sum() - mask.sum()) < 0.5 * border_px
    for axis in (0, 1):  # the same middle
        place = np.indices(mask.shape)[axis]
        assert np.average(place, weights=light) == pytest.approx(place[mask].mean(), abs=0.25)
    assert ((light > 0.5) != mask).sum() < 0.45 * border_px


@pytest.mark.parametrize("lens", [BARREL, PINCUSHION])
@pytest.mark.parametrize("size_wh", [LARGE_WH, (60, 80)])
def test_silhouette_equals_the_id_pass(lens: Lens, size_wh: tuple[int, int]) -> None:
    """Of boxes turned at random under a turned camera, anywhere in the picture. Ids are those of the rendered pixel
    next to it, so a border may lie half a pixel off."""
    for seed in range(6):
        world = lens_world(size_wh, lens)
        rng = np.random.default_rng(seed)
        world.camera.rotation_euler = rng.uniform(-0.05, 0.05, 3)
        thing = cuboid((-14, -9, -4), (14, 9, 4))
        thing.rotation_euler = rng.uniform(-3, 3, 3)
        thing.location = (rng.uniform(20, size_wh[0] - 20), -rng.uniform(20, size_wh[1] - 20), 0)
        found, mask = seen(world, thing), render_layers(world, 0).ids == 1
        assert found.truncated_fraction < 0.05
        box = np.clip(found.box_xyxy, 0, [*size_wh, *size_wh])
        inside_px = found.area_px * (1 - found.truncated_fraction)
        assert abs(inside_px - mask.sum()) <= 0.5 * (box[2] - box[0] + box[3] - box[1])  # a quarter px around
        assert np.abs(np.subtract(box_of(mask), box)).max() <= 1.5


@pytest.mark.parametrize("size_wh", [SMALL_WH, (7, 11)])
@pytest.mark.parametrize("fit", ["HORIZONTAL", "VERTICAL", "AUTO"])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.1, -0.2)])
def test_a_lens_that_hardly_bends_changes_no_label(
    size_wh: tuple[int, int], fit: str, shift: tuple[float, float]
) -> None:
    """However the camera is set up, the larger picture has the same pixels; and the camera is put back."""
    world = lens_world(size_wh, None)
    cuboid((2, 1, 0), (5, 3, 4)), cuboid((1.3, 4.2, 0), (6.1, 8.4, 2), number=2)
    data, settings = world.camera.data, bpy.context.scene.render
    data.sensor_fit, (data.shift_x, data.shift_y) = fit, shift

    def state() -> list[Any]:
        names = ("lens", "sensor_width", "sensor_height", "sensor_fit", "shift_x", "shift_y")
        return [getattr(data, name) for name in names] + [settings.resolution_x, settings.resolution_y]

    before, straight = state(), render_layers(world, 0)
    world.lens = Lens(k1=-1e-7)
    bent = render_layers(world, 0)
    assert straight.ids.any()
    np.testing.assert_array_equal(bent.ids, straight.ids)
    np.testing.assert_allclose(bent.depth_m, straight.depth_m, rtol=1e-5)
    assert state() == before


def test_an_orthographic_camera_has_no_lens() -> None:
    start(SMALL_WH)
    world = world_of(SMALL_WH, "ORTHO")
    cuboid((2, 1, 0), (5, 3, 4))
    straight = render_layers(world, 0)
    world.lens = Lens(k1=-0.9)
    np.testing.assert_array_equal(render_layers(world, 0).rgb, straight.rgb)


@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_depth_of_field_blurs_colours_and_no_label(kind: str) -> None:
    start((40, 30), samples=4, layers=["normals"])
    world = world_of((40, 30), kind)
    glow(cuboid((10, 8, 0), (30, 22, 2)), (1.0, 1.0, 1.0))
    sharp = render_layers(world, 0)
    focus = world.camera.data.dof
    focus.use_dof, focus.focus_distance, focus.aperture_fstop = True, HEIGHT_M / 2, 1e-3 if kind == "PERSP" else 0.2
    for seed in (0, 1):
        blurred = render_layers(world, seed)
        np.testing.assert_array_equal(blurred.ids, sharp.ids)
        np.testing.assert_allclose(blurred.depth_m, sharp.depth_m, rtol=1e-6)
        assert blurred.normals is not None
        np.testing.assert_allclose(blurred.normals[10:20, 12:28], sharp.normals[10:20, 12:28], atol=1e-5)
        half = (blurred.rgb[..., 1] > 0.1) & (blurred.rgb[..., 1] < 0.9)
        assert half.sum() > 100
    assert focus.use_dof and bpy.context.scene.cycles.samples == 4


@pytest.mark.parametrize("lens", [BARREL, PINCUSHION])
def test_depth_of_field_through_a_lens_changes_no_label(lens: Lens) -> None:
    world = lens_world(LARGE_WH, lens, samples=4, layers=["normals"])
    glow(cuboid((10, 8, 0), (70, 52, 2)), (1.0, 1.0, 1.0)), cuboid((30, 20, 20), (45, 40, 24), number=2)
    sharp = render_layers(world, 0)
    focus, settings = world.camera.data.dof, bpy.context.scene.render
    focus.use_dof, focus.focus_distance, focus.aperture_fstop = True, 20.0, 4e-3
    blurred = render_layers(world, 1)
    assert {*np.unique(sharp.ids)} == {0, 1, 2}
    np.testing.assert_array_equal(blurred.ids, sharp.ids)
    np.testing.assert_allclose(blurred.depth_m, sharp.depth_m, rtol=1e-6)
    assert sharp.normals is not None and blurred.normals is not None
    np.testing.assert_allclose(blurred.normals[36:46, 25:55], sharp.normals[36:46, 25:55], atol=1e-5)
    half = [((layers.rgb[..., 1] > 0.1) & (layers.rgb[..., 1] < 0.9)).sum() for layers in (sharp, blurred)]
    assert half[1] > 2 * half[0]
    assert focus.use_dof and bpy.context.scene.cycles.samples == 4
    assert (settings.resolution_x, settings.resolution_y) == LARGE_WH


def test_facts_are_those_of_the_bent_picture() -> None:
    world = lens_world(LARGE_WH, BARREL)
    corner, middle, hidden = (10.0, -8.0, 0.0), (40.0, -30.0, 0.0), (70.0, -52.0, -4.0)
    points = {"corner": corner, "middle": middle, "hidden": hidden}
    thing = cuboid((10, 8, 0), (70, 52, 0))
    world.objects.append(Labelled(thing, "sheet", radius_m=40, keypoints=points))
    (found,) = instances(world, render_layers(world, 0).depth_m)
    side, top = 30 * (1 - 0.2 * 0.375**2), 22 * (1 - 0.2 * 0.275**2)
    assert found.amodal_box_xyxy == pytest.approx((40 - side, 30 - top, 40 + side, 30 + top), abs=0.02)
    place = {k.name: k for k in found.keypoints}
    assert place["corner"].xy_px == pytest.approx((40 - 28.7025, 30 - 21.0485), abs=2e-3)
    assert place["middle"].xy_px == pytest.approx((40, 30), abs=2e-3)
    assert place["middle"].behind_m == pytest.approx(0, abs=1e-3)
    # 4 m below the sheet everything is 80 / 84 as large: x = 0.357143, y = 0.261905, r² = 0.196145, times 0.960771
    assert place["hidden"].xy_px == pytest.approx((40 + 80 * 0.343132, 30 + 80 * 0.251631), abs=2e-3)
    assert place["hidden"].behind_m == pytest.approx(4, abs=1e-3)


def test_points_that_the_lens_cannot_show_are_left_out() -> None:
    """At k1 = -1 the model ends at the radius 0.577."""
    world = lens_world(LARGE_WH, Lens(k1=-1.0))
    points = {"shown": (20.0, -30.0, 0.0), "too far out": (-10.0, -30.0, 0.0)}
    world.objects.append(Labelled(cuboid((10, 8, 0), (70, 52, 0)), "sheet", radius_m=40, keypoints=points))
    (found,) = instances(world, render_layers(world, 0).depth_m)
    assert [k.name for k in found.keypoints] == ["shown"]
