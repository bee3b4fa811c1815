"""Settings of camera and renderer for the length of a render call, put back afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from blender.world import World
from pipeline.frame import Camera

ONE_RAY = {
    "samples": 1,
    "max_bounces": 0,
    "use_denoising": False,
}


@contextmanager
def setting(owner: Any, **values: Any) -> Iterator[None]:
    """Give attributes of a Blender object these values."""
    before = {name: getattr(owner, name) for name in values}
    try:
        _assign(owner, values)
        yield
    finally:
        _assign(owner, before)


def _assign(owner: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(owner, name, value)


@contextmanager
def picture_of(world: World, camera: Camera, size_wh: tuple[int, int]) -> Iterator[None]:
    """A picture of another size about the same middle: as many pixels per radian, the same principal point.

    The sensor grows rather than the focal length, on which depth of field depends.
    """
    (fx, _, cx), (_, _, cy), _ = camera.intrinsics
    (old_width_px, old_height_px), (width_px, height_px) = world.size_wh, size_wh
    data = world.camera.data
    frame = {"sensor_fit": "HORIZONTAL", "sensor_width": data.lens * width_px / fx}
    shift = {
        "shift_x": ((old_width_px - 1) / 2 - cx) / width_px,
        "shift_y": (cy - (old_height_px - 1) / 2) / width_px,
    }
    render = bpy.context.scene.render
    with setting(data, **frame, **shift), setting(render, resolution_x=width_px, resolution_y=height_px):
        yield


@contextmanager
def sharp_and_cheap(world: World) -> Iterator[None]:
    """One ray through each pixel centre, without depth of field: all that labels need."""
    scene = bpy.context.scene
    with setting(world.camera.data.dof, use_dof=False), setting(scene.cycles, **ONE_RAY):
        scene.update_tag()  # else changes of cycles alone could pass unseen
        yield
    scene.update_tag()
