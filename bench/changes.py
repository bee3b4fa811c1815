"""params.yaml with what a measurement fixes: scene, size, settings of the renderer, what varies."""

import os
from typing import Any

from pipeline.params import Params
from pipeline.section import Named

SCENE = "bench"  # twenty meshes, see scene.py
SIZES_WH = ((320, 240), (640, 480))
SAMPLES = 8


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def with_render(params: Params, **settings: Any) -> Params:
    """Other settings of the renderer; on the CPU, which every machine has."""
    render = params.render.model_copy(update={"device": "cpu", "layers": [], "sequence_length": 1, **settings})
    return params.model_copy(update={"render": render})


def sized(params: Params, size_wh: tuple[int, int], **settings: Any) -> Params:
    return with_render(params, width_px=size_wh[0], height_px=size_wh[1], **settings)


def with_bench_scene(params: Params) -> Params:
    return params.model_copy(update={"scene": Named(name=SCENE)})


def only_camera_varies(params: Params) -> Params:
    """The same objects in the same light in every frame, seen from elsewhere by one lens."""
    randomizers = {name: {**given, "enabled": name == "camera"} for name, given in params.randomizers.items()}
    randomizers["camera"] |= {"focal_length_mm": 50.0}
    return params.model_copy(update={"randomizers": randomizers})
