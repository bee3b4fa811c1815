"""This project's renderer as one side of a comparison: frames into a store, then COCO, as the stages make them."""

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import bpy  # noqa: F401  # first: bmesh is found only after it
import numpy as np

from bench import scene
from bench.changes import cores, only_camera_varies, sized, with_bench_scene
from bench.export import lights_of, objects_of, places_of, sky_of
from bench.side import Clock, serve, take_stdout
from blender.make import make_frame
from blender.workers.store import Store
from blender.workers.worker import start
from pipeline.annotate import annotate_frame, annotate_split
from pipeline.coco import write_json
from pipeline.frame import Frame, Instance
from pipeline.params import Labels, Params, load_params

LABELS = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=0.0)


@cache
def given() -> Params:
    return only_camera_varies(with_bench_scene(load_params(Path("params.yaml"))))


def render(size_wh: list[int], settings: dict[str, Any], threads: int, frames: int, out: str) -> list[float]:
    """Seconds, of wall and of CPU time, for `frames` pictures with every label, and their COCO file."""
    recipe, _ = start(sized(given(), (size_wh[0], size_wh[1]), **settings), threads, turn=0)
    folder = Path(out)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clock = Clock()
    store, keys = Store(folder), [f"{index:064d}" for index in range(frames)]
    for index, key in enumerate(keys):
        store.put(key, make_frame(recipe, "train", index))
    write_json(folder / "coco.json", annotate_split([store.folder(key) for key in keys], folder, LABELS))
    return clock.read()


def export(size_wh: list[int], frames: int, out: str) -> None:
    """Write the world of the measurement, and what changes from frame to frame, for the other side."""
    recipe, _ = start(sized(given(), (size_wh[0], size_wh[1]), samples=1, denoiser="none"), cores(), turn=0)
    views = [_view(make_frame(recipe, "train", index)) for index in range(frames)]
    world = {"objects": objects_of(), "lights": lights_of(), "sky": sky_of(), "size_wh": size_wh, "views": views}
    Path(out).write_text(json.dumps(world), encoding="utf-8")


def _view(frame: Frame) -> dict[str, Any]:
    """Camera and places of one frame, which Blender still shows."""
    assert frame.camera is not None and len(frame.instances) == scene.COUNT
    camera = {"intrinsics": frame.camera.intrinsics, "world_to_camera": frame.camera.world_to_camera}
    return {**camera, "places": places_of()}


def coco(ids: str, repeats: int, out: str) -> list[float]:
    """Seconds, of wall and of CPU time, for the annotations of pictures of instance ids [N, H, W]."""
    frames = [_frame(picture) for picture in np.load(ids)]
    clock = Clock()
    for _ in range(repeats):
        annotations = [annotate_frame(frame, LABELS) for frame in frames]
    seconds = clock.read()
    Path(out).write_text(json.dumps(annotations), encoding="utf-8")
    return seconds


def _frame(ids: Any) -> Frame:
    """As the renderer would hand it over; every instance is of one category."""
    numbers = [int(n) for n in np.unique(ids) if n]
    instances = tuple(Instance(n, "thing", (0.0, 0.0, 1.0, 1.0), ids.size, 0.0) for n in numbers)
    return Frame("train", 0, np.zeros((*ids.shape, 3), np.uint8), ids, ("thing",), instances)


if __name__ == "__main__":
    answers = take_stdout()
    scene.register()
    serve({"render": render, "export": export, "coco": coco}, answers)
