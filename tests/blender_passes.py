"""Layers of pixels: ids exact, the right way up, and in register with the colours. Run by test_blender.py."""

from typing import Any

import bpy
import numpy as np
import pytest
from worlds import cuboid, start, world_of

from blender.picture.passes import render_layers
from blender.world import World, add

SIZE_WH, DENOISED_WH = (11, 7), (61, 43)
INSIDE = np.s_[15:30, 18:40]  # of the thing that is lit


def glow(thing: Any, rgb: tuple[float, float, float]) -> None:
    """Make a thing shine: its pixels have this scene-linear colour, whatever the light."""
    material = bpy.data.materials.new("glow")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs["Color"].default_value = (*rgb, 1.0)
    material.node_tree.links.new(emission.outputs[0], nodes["Material Output"].inputs["Surface"])
    thing.data.materials.append(material)


def lit_corner() -> World:
    """A thing of 40x30 px, turned a little, under a broad lamp: its light is noise at one sample."""
    world = world_of(DENOISED_WH, "PERSP")
    thing = cuboid((8, 6, 0), (48, 36, 1))
    thing.rotation_euler = (0.01, 0.02, 0.1)
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.size, lamp.energy = 60.0, 50_000.0
    made = add("lamp", lamp)
    made.location = (30, -20, 12)
    return world


def corner(number: int) -> tuple[World, Any]:
    """A thing of 5x3 pixels in the upper left corner."""
    world = world_of(SIZE_WH, "ORTHO")
    return world, cuboid((0, 0, 0), (5, 3, 1), number)


@pytest.mark.parametrize("number", [1, 255, 256, 32_767])
def test_ids_are_exact_and_the_first_row_is_on_top(number: int) -> None:
    start(SIZE_WH)
    world, _ = corner(number)
    expected = np.zeros((7, 11), np.uint16)
    expected[:3, :5] = number
    ids = render_layers(world, 0).ids
    assert ids.dtype == np.uint16
    np.testing.assert_array_equal(ids, expected)


def test_colours_are_linear_and_in_register_with_the_ids() -> None:
    """The colours are antialiased over about a pixel, so only pixels away from borders are compared."""
    start(SIZE_WH, samples=16)
    world, thing = corner(1)
    glow(thing, (0.5, 0.25, 2.0))
    layers = render_layers(world, 0)
    assert layers.rgb.shape == (7, 11, 3)
    np.testing.assert_allclose(layers.rgb[1, 1:4], [(0.5, 0.25, 2.0)] * 3, rtol=1e-5)
    assert not layers.rgb[4:].any()
    assert not layers.rgb[:, 6:].any()


def test_ids_depend_neither_on_samples_nor_on_the_seed_of_the_noise() -> None:
    found = []
    for samples, seed in ((1, 0), (1, 1), (8, 0)):
        start(SIZE_WH, samples=samples)
        world, thing = corner(3)
        thing.rotation_euler = (0.2, 0.3, 0.5)
        glow(thing, (1, 1, 1))
        found.append(render_layers(world, seed))
    assert np.array_equal(found[0].ids, found[1].ids) and np.array_equal(found[0].ids, found[2].ids)
    assert (found[0].ids == 3).any()
    assert not np.array_equal(found[0].rgb, found[2].rgb)


@pytest.mark.parametrize("denoiser", ["fast", "accurate"])
def test_a_denoiser_changes_colours_alone_and_repeats_its_bytes(denoiser: str) -> None:
    """Also on another number of threads."""
    found = []
    for name, threads in (("none", 2), (denoiser, 1), (denoiser, 2), (denoiser, 2)):
        start(DENOISED_WH, denoiser=name, layers=["normals"], bounces=1)
        bpy.context.scene.render.threads = threads
        found.append(render_layers(lit_corner(), 0))
    noisy, *denoised = found
    assert (noisy.ids == 1).any() and (noisy.ids == 0).any() and np.isfinite(noisy.depth_m).any()
    for layers in denoised:
        for exact in ("ids", "depth_m", "normals"):
            assert getattr(layers, exact).tobytes() == getattr(noisy, exact).tobytes()
        assert layers.rgb.tobytes() == denoised[0].rgb.tobytes()
    roughness = [np.abs(np.diff(layers.rgb[INSIDE], axis=1)).mean() for layers in found[:2]]
    assert roughness[1] < 0.5 * roughness[0]


def test_nothing_to_see() -> None:
    start(SIZE_WH)
    layers = render_layers(world_of(SIZE_WH, "ORTHO"), 0)
    assert layers.ids.shape == (7, 11)
    assert not layers.ids.any()


def test_large_picture() -> None:
    """Above 2048x2048 pixels Cycles would render in tiles, whose passes are empty when they are read."""
    size_wh = (2300, 1830)
    start(size_wh)
    world = world_of(size_wh, "ORTHO")
    cuboid((100, 50, 0), (2200, 1800, 1), number=9)
    assert (render_layers(world, 0).ids == 9).sum() == 2100 * 1750
