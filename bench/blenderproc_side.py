"""BlenderProc as the other side of a comparison. Runs in its own environment, see peer.py.

Used as its documentation shows, and where it offers two ways, in the faster one: objects are loaded once, all poses of
a batch are rendered in one call, and ids come out of that same call (`enable_segmentation_output`).
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from bench.side import Clock, serve, take_stdout

TEMPORARY = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def import_blenderproc() -> Any:
    """Inside of the `bpy` of PyPI. The release 2.8.0 only knows how to run inside of a Blender that it has downloaded:
    its set-up would look for that Blender's Python and install packages into it."""
    os.environ["INSIDE_OF_THE_INTERNAL_BLENDER_PYTHON_ENVIRONMENT"] = "1"
    spec = importlib.util.find_spec("blenderproc")
    assert spec is not None and spec.submodule_search_locations is not None
    package = types.ModuleType("blenderproc")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["blenderproc"] = package
    sys.path.insert(0, str(Path(package.__path__[0]).parent))  # it removes this entry once
    SetupUtility = import_module("blenderproc.python.utility.SetupUtility").SetupUtility
    SetupUtility.setup = staticmethod(lambda *args: SetupUtility.setup_utility_paths(TEMPORARY))
    del sys.modules["blenderproc"]
    return import_module("blenderproc")


ANSWERS = take_stdout()
bproc = import_blenderproc()


OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])  # Blender's camera looks along -z with y up
OBJECTS: list[Any] = []
VIEWS: list[dict[str, Any]] = []  # of the frames: camera, and places of the objects


def init() -> None:
    """`bproc.init`, apart from the choice of a language, of which the `bpy` of PyPI has one."""
    bproc.clean_up(clean_up_camera=True)
    bproc.renderer.set_render_devices(use_only_cpu=True)
    import_module("blenderproc.python.utility.Initializer")._Initializer.set_default_parameters()
    bproc.renderer.set_output_format(view_transform="Standard")  # that of the other side


def load(world: str) -> None:
    """Build what `export` wrote, once; after that only size, lens and places of the views are taken over."""
    values = json.loads(Path(world).read_text(encoding="utf-8"))
    if not OBJECTS:
        build(values)
    bproc.camera.set_intrinsics_from_K_matrix(np.array(values["views"][0]["intrinsics"]), *values["size_wh"])
    VIEWS[:] = values["views"]


def build(values: dict[str, Any]) -> None:
    categories = sorted({one["name"] for one in values["objects"] if one["id"]})
    OBJECTS[:] = [_mesh(one) for one in values["objects"]]
    for made, one in zip(OBJECTS, values["objects"], strict=True):
        made.set_cp("category_id", categories.index(one["name"]) + 1 if one["id"] else 0)
    for one in values["lights"]:
        _light(one)
    bproc.renderer.set_world_background(values["sky"]["colour"], values["sky"]["strength"])
    bproc.renderer.enable_segmentation_output(map_by=["category_id", "instance", "name"])  # numbers what is there


def _mesh(one: dict[str, Any]) -> Any:
    made = bproc.object.create_with_empty_mesh(one["name"])
    made.get_mesh().from_pydata(one["vertices"], [], one["faces"])
    made.set_local2world_mat(one["matrix"])
    material = bproc.material.create(one["name"])
    for name, value in one["material"].items():
        material.set_principled_shader_value(name, value)
    made.add_material(material)
    return made


def _light(one: dict[str, Any]) -> None:
    made = bproc.types.Light(one["kind"])
    made.set_energy(one["energy"])
    made.set_color(one["colour"])
    made.blender_obj.data.size = one["size_m"]
    made.set_local2world_mat(one["matrix"])


def render(settings: dict[str, Any], threads: int, frames: int, out: str) -> list[float]:
    """Seconds, of wall and of CPU time, for `frames` pictures with instance ids, and their COCO file.

    `settings`: see `rows` in peer.py.
    """
    bproc.renderer.set_cpu_threads(threads)
    bproc.renderer.set_max_amount_of_samples(settings["samples"])
    bproc.renderer.set_noise_threshold(settings["noise_threshold"])
    bproc.renderer.set_denoiser(settings["denoiser"])
    bounces = settings["bounces"]
    bproc.renderer.set_light_bounces(diffuse_bounces=bounces, glossy_bounces=settings["glossy"], max_bounces=bounces)
    shutil.rmtree(out, ignore_errors=True)
    clock = Clock()
    bproc.utility.reset_keyframes()
    for number, view in enumerate(VIEWS[:frames]):
        camera_to_world = np.linalg.inv(np.array(view["world_to_camera"])) @ OPENCV
        bproc.camera.add_camera_pose(camera_to_world, frame=number)
        for made, place in zip(OBJECTS, view["places"], strict=True):
            made.set_location(place, frame=number)
    data = bproc.renderer.render()
    bproc.writer.write_coco_annotations(
        out,
        instance_segmaps=data["instance_segmaps"],
        instance_attribute_maps=data["instance_attribute_maps"],
        colors=data["colors"],
    )
    return clock.read()


def coco(ids: str, repeats: int, out: str) -> list[float]:
    """Seconds, of wall and of CPU time, for the annotations of pictures of instance ids [N, H, W]."""
    writer = import_module("blenderproc.python.writer.CocoWriterUtility")._CocoWriterUtility
    pictures = list(np.load(ids))
    names = [[{"idx": int(n), "category_id": 1, "name": "thing"} for n in np.unique(p) if n] for p in pictures]
    paths = [f"images/{number:06d}.png" for number in range(len(pictures))]
    clock = Clock()
    for _ in range(repeats):
        made = writer.generate_coco_annotations(pictures, names, paths, "coco_annotations", "rle")
    seconds = clock.read()
    Path(out).write_text(json.dumps(made), encoding="utf-8")
    return seconds


def about() -> dict[str, str]:
    return {"blenderproc": bproc.__version__, "blender": bpy.app.version_string}


if __name__ == "__main__":
    init()
    try:
        serve({"about": about, "load": load, "render": render, "coco": coco}, ANSWERS)
    finally:
        shutil.rmtree(TEMPORARY)
