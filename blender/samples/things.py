"""The sample objects: a mug, a bottle and a bolt."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.samples.lathe import ANGLES, Faces, bands, turned
from blender.world import add, empty_world, principled

Floats = npt.NDArray[np.float64]
SHARP_RAD = math.radians(40)  # edges of a larger angle stay edges


def handle() -> tuple[Floats, Faces]:
    """Half a ring of a tube, whose ends stick in the wall of the mug."""
    turn = np.linspace(0, np.pi, 13)[:, None]
    out = np.stack([np.sin(turn), np.cos(turn)], axis=-1)  # [13, 1, 2], x and z
    middle = np.array([0.038, 0.048]) + out * (0.026, 0.029)
    flat = middle + out * 0.005 * np.cos(ANGLES)[None, :, None]  # [13, SEGMENTS, 2]
    y = np.broadcast_to(0.007 * np.sin(ANGLES), flat.shape[:2])
    return np.stack([flat[..., 0], y, flat[..., 1]], axis=-1).reshape(-1, 3), bands(13)


def thing(name: str, parts: list[tuple[Floats, Faces]]) -> Any:
    """An object of these parts."""
    starts = np.cumsum([0, *(len(points) for points, _ in parts)])
    faces = [tuple(i + int(s) for i in face) for (_, some), s in zip(parts, starts, strict=False) for face in some]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.concatenate([points for points, _ in parts]).tolist(), [], faces)
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SHARP_RAD)
    return add(name, mesh)


def coloured(made: Any, colours: list[tuple[float, float, float]], kind: Callable[[Floats], int]) -> Any:
    """The object with a material for each colour; `kind` says which one a face has, by its middle [3]."""
    for number, rgb in enumerate(colours):
        material, shader = principled(f"{made.name}.{number}")
        shader.inputs["Base Color"].default_value, shader.inputs["Roughness"].default_value = (*rgb, 1.0), 0.3
        made.data.materials.append(material)
    made.data.polygons.foreach_set("material_index", [kind(np.array(p.center)) for p in made.data.polygons])
    return made


def mug() -> Any:
    """9.5 cm high; glazed white inside."""
    outside = [(0.0, 0.0), (0.034, 0.0), (0.038, 0.004), (0.04, 0.015), (0.04, 0.092), (0.0385, 0.095)]
    inside = [(0.037, 0.092), (0.037, 0.01), (0.033, 0.006), (0.0, 0.006)]
    wall = turned(outside + inside)

    def kind(middle: Floats) -> int:
        return int(np.hypot(*middle[:2]) < 0.0372 and middle[2] > 0.005)

    return coloured(thing("mug", [wall, handle()]), [(0.05, 0.16, 0.45), (0.8, 0.78, 0.72)], kind)


def bottle() -> Any:
    """22 cm high, with a label and a cap."""
    body = [(0.0, 0.0), (0.03, 0.0), (0.033, 0.004), (0.033, 0.045), (0.033, 0.1), (0.033, 0.125), (0.029, 0.143)]
    neck = [(0.015, 0.172), (0.013, 0.196), (0.0145, 0.197), (0.0145, 0.22), (0.0, 0.22)]

    def kind(middle: Floats) -> int:
        return 2 if middle[2] > 0.196 else int(0.05 < middle[2] < 0.1)

    colours = [(0.02, 0.12, 0.04), (0.75, 0.7, 0.55), (0.5, 0.04, 0.03)]
    return coloured(thing("bottle", [turned(body + neck)]), colours, kind)


def bolt() -> Any:
    """A hexagon head of 24 mm across flats and a shank of 48 mm with a thread, head down; lengths in mm."""
    hexagon = 1 / np.cos(ANGLES % (np.pi / 3) - np.pi / 6)  # of its inner circle
    head = [(0.0, 0.0), (11.0, 0.0), (-12.0, 1.5), (-12.0, 10.0), (8.0, 10.01), (8.0, 24.0)]
    thread = [(8.0 - n % 2, 25.0 + 2.0 * n) for n in range(17)]
    return thing("bolt", [turned([*head, *thread, (6.5, 58.0), (0.0, 58.0)], hexagon)])


def _obj(path: str) -> None:
    bpy.ops.wm.obj_export(filepath=path, export_selected_objects=True, export_uv=False)


SAMPLES: dict[str, tuple[Callable[[], Any], Callable[[str], Any]]] = {
    "mug/mug.glb": (mug, lambda path: bpy.ops.export_scene.gltf(filepath=path, use_selection=True)),
    "bottle/bottle.obj": (bottle, _obj),
    "bolt/bolt.stl": (bolt, lambda path: bpy.ops.wm.stl_export(filepath=path, export_selected_objects=True)),
}


def write(out: Path) -> list[Path]:
    """Write all samples; returns their files."""
    for name, (make, export) in SAMPLES.items():
        empty_world((4, 3))
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        bpy.ops.object.select_all(action="DESELECT")
        make().select_set(True)
        export(str(out / name))
    return [out / name for name in SAMPLES]
