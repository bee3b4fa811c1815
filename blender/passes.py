"""One render call -> every layer of pixels, straight from the engine's memory.

The object index pass of Cycles is not antialiased: each pixel holds the id of the object at its centre.
"""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from pipeline.params import Render


@dataclass(frozen=True)
class Layers:
    """Pixels of one view, the first row on top."""

    rgb: npt.NDArray[np.float32]  # [H, W, 3], scene-linear, not clipped
    ids: npt.NDArray[np.uint16]  # [H, W], Object.pass_index


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
    """Start from an empty Blender and apply the render settings, once for each worker."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import cycles

    cycles.CyclesRender.render = _keep_passes
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = render.width_px, render.height_px
    scene.render.resolution_percentage = 100
    scene.render.use_compositing = scene.render.use_sequencer = False
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_layers[0].use_pass_object_index = True
    _set_up_cycles(scene.cycles, render)


def _set_up_cycles(settings: Any, render: Render) -> None:
    settings.device = "CPU"
    settings.use_auto_tile, settings.tile_size = True, 8192  # one tile: the passes of a tiled picture are still empty
    settings.samples = render.samples
    settings.use_adaptive_sampling = settings.use_light_tree = False  # 5 to 15 % of the time each
    settings.max_bounces = settings.diffuse_bounces = settings.glossy_bounces = render.bounces
    settings.use_denoising = render.denoise
    settings.denoiser, settings.denoising_prefilter = "OPENIMAGEDENOISE", "NONE"
    settings.denoising_quality = "FAST"


def render_layers(seed: int) -> Layers:
    """Render the current scene; `seed` is that of the path tracer's noise."""
    _layers.clear()
    bpy.context.scene.cycles.seed = seed
    bpy.ops.render.render()
    return Layers(rgb=_layers["Combined"][:, :, :3], ids=_layers["Object Index"][:, :, 0].astype(np.uint16))
