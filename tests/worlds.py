"""Blender worlds in which pixels can be computed by hand. For blender_*.py only: imports bpy.

Both cameras look straight down from 10 m; the point (x, -y, 0) in m is seen at the pixel position (x, y).
"""

from typing import Any

import bpy

from blender.picture.passes import set_up
from blender.world import World, add, empty_world
from pipeline.params import Render

HEIGHT_M = 10.0


def start(size_wh: tuple[int, int], **settings: Any) -> None:
    """A fresh Blender that renders pictures of this size."""
    width_px, height_px = size_wh
    plain = {"train": 1, "val": 1, "samples": 1, "bounces": 0, "denoiser": "none"}
    plain |= {"layers": [], "sequence_length": 1, "device": "cpu", "scheduler": None}
    pool = {"workers": 1, "frames_per_worker": 1, "timeout_s": 60.0}
    set_up(Render(width_px=width_px, height_px=height_px, **(plain | pool | settings)), threads=2)


def world_of(size_wh: tuple[int, int], kind: str) -> World:
    """An empty world without ground, seen by an "ORTHO" or "PERSP" camera."""
    world = empty_world(size_wh)
    bpy.data.objects.remove(world.ground)
    width_px, height_px = size_wh
    world.camera.data.type, world.camera.data.sensor_fit = kind, "HORIZONTAL"
    world.camera.data.ortho_scale = width_px
    world.camera.data.lens = world.camera.data.sensor_width * HEIGHT_M / width_px
    world.camera.location = (width_px / 2, -height_px / 2, HEIGHT_M)
    return world


def cuboid(low: tuple[float, float, float], high: tuple[float, float, float], number: int = 1) -> Any:
    """A box between two corners (x px, y px, z m) with this id."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    corners = [(x, -y, z) for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)]
    sides = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    mesh = bpy.data.meshes.new("cuboid")
    mesh.from_pydata(corners, [], sides)
    made = add("cuboid", mesh)
    made.pass_index = number
    return made
