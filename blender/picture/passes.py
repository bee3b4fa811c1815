"""One render call -> every layer of pixels, straight from the engine's memory.

The object index pass of Cycles is not antialiased: each pixel holds the id of the object at its centre.
"""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from blender.facts.view import camera_facts, world_to_camera
from blender.picture.lens import lens_of
from blender.picture.temporary import picture_of, sharp_and_cheap
from blender.picture.warp import make_warp
from blender.world import World
from pipeline.params import Render


@dataclass(frozen=True)
class Layers:
    """Pixels of one view, the first row on top."""

    rgb: npt.NDArray[np.float32]  # [H, W, 3], scene-linear, not clipped
    ids: npt.NDArray[np.uint16]  # [H, W], Object.pass_index
    depth_m: npt.NDArray[np.float32]  # [H, W], along the optical axis, at the pixel centre; inf where nothing is
    normals: npt.NDArray[np.float32] | None  # [H, W, 3], unit, in OpenCV's camera axes; 0 where nothing is


DENOISING = {"fast": ("NONE", "FAST"), "accurate": ("ACCURATE", "HIGH")}  # prefilter and quality
NOTHING_M = 1e9  # Cycles gives 1e10 m where a ray meets nothing

_layers: dict[str, npt.NDArray[np.float32]] = {}


def _keep_passes(self: Any, depsgraph: Any) -> None:
    """CyclesRender.render, which afterwards keeps the passes: they can't be read headless once the call is over."""
    from cycles import engine

    engine.render(self, depsgraph)
    result = self.get_result()
    for one in result.layers[0].passes:
        flat = np.empty(result.resolution_x * result.resolution_y * one.channels, np.float32)
        one.rect.foreach_get(flat)
        _layers[one.name] = flat.reshape(result.resolution_y, result.resolution_x, one.channels)[::-1]


def set_up(render: Render, threads: int) -> None:
    """Start from an empty Blender and apply the render settings, once for each worker; `device.apply` comes after."""
    threadpool_limits(1)  # of numpy's BLAS, whose threads would wait for each other on matrices of 4x4
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import cycles

    cycles.CyclesRender.render = _keep_passes
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = render.width_px, render.height_px
    scene.render.resolution_percentage = 100
    scene.render.use_compositing = scene.render.use_sequencer = False
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    layer = scene.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_z = True
    layer.use_pass_normal = "normals" in render.layers
    _set_up_cycles(scene.cycles, render)


def _set_up_cycles(settings: Any, render: Render) -> None:
    settings.device = "CPU"
    settings.use_auto_tile, settings.tile_size = True, 8192  # one tile: the passes of a tiled picture are still empty
    settings.samples = render.samples
    settings.use_adaptive_sampling = settings.use_light_tree = False  # 5 to 15 % of the time each
    settings.max_bounces = settings.diffuse_bounces = settings.glossy_bounces = render.bounces
    settings.use_denoising = render.denoiser != "none"
    settings.denoiser = "OPENIMAGEDENOISE"
    settings.denoising_prefilter, settings.denoising_quality = DENOISING.get(render.denoiser, DENOISING["fast"])


def render_layers(world: World, seed: int) -> Layers:
    """Render the current scene through the camera's lens; `seed` is that of the path tracer's noise."""
    camera = camera_facts(world)
    lens = lens_of(camera)
    if lens is None:
        return _layers_of(world, seed)
    warp = make_warp(lens, camera.intrinsics, world.size_wh)
    with picture_of(world, camera, warp.render_wh):
        straight = _layers_of(world, seed)
    return Layers(
        rgb=warp.colours(straight.rgb),
        ids=warp.nearest(straight.ids),
        depth_m=warp.nearest(straight.depth_m, outside=np.inf),
        normals=None if straight.normals is None else warp.nearest(straight.normals),
    )


def _layers_of(world: World, seed: int) -> Layers:
    """Colours and labels out of one call, or of two with depth of field: it lets every ray start elsewhere on the
    lens, so labels would be noise at the borders of what is out of focus.
    """
    passes = _render(seed)
    rgb = passes["Combined"][:, :, :3]
    if world.camera.data.dof.use_dof:
        with sharp_and_cheap(world):
            passes = _render(seed)
    depth = passes["Depth"][:, :, 0]
    return Layers(
        rgb=rgb,
        ids=passes["Object Index"][:, :, 0].astype(np.uint16),
        depth_m=np.where(depth < NOTHING_M, depth, np.float32(np.inf)),
        normals=_normals(passes["Normal"], world) if "Normal" in passes else None,
    )


def _render(seed: int) -> dict[str, npt.NDArray[np.float32]]:
    _layers.clear()
    bpy.context.scene.cycles.seed = seed
    bpy.ops.render.render()
    return dict(_layers)


def _normals(in_world: npt.NDArray[np.float32], world: World) -> npt.NDArray[np.float32]:
    """Turned into camera axes, of length 1. At the borders of objects the pass is a mean over both sides."""
    turned = in_world @ world_to_camera(world.camera)[:3, :3].T.astype(np.float32)
    length = np.linalg.norm(turned, axis=2, keepdims=True)
    return np.divide(turned, length, out=np.zeros_like(turned), where=length > 0)
