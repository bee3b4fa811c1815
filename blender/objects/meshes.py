"""Meshes of the user's from files: one object for each file, whatever it holds.

Nothing is kept from frame to frame: reading a file takes 1 to 10 ms for some thousand faces, little of a frame. The
scene `props` keeps what it has read (`blender/scenes/props_store.py`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from pipeline.errors import InputError, nearest

Floats = npt.NDArray[np.float64]

# Wavefront and glTF files have y up by convention, which the importers turn to z; PLY and STL are taken as they are.
IMPORTERS: dict[str, Callable[[str], Any]] = {
    ".glb": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".gltf": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".obj": lambda path: bpy.ops.wm.obj_import(filepath=path),
    ".ply": lambda path: bpy.ops.wm.ply_import(filepath=path),
    ".stl": lambda path: bpy.ops.wm.stl_import(filepath=path),
}
SUFFIXES = tuple(IMPORTERS)
SURFACES = {"MESH", "CURVE", "FONT", "SURFACE"}  # types of objects that have faces
MOST_FACES = 500_000  # labels follow every triangle, and each object of a frame takes the memory of its mesh


def load(path: Path) -> Any:
    """An object with all meshes of the file, their places, modifiers and poses applied, in the scene at the origin.

    Its materials are those of the file. Raises InputError for a file that cannot be read, has no mesh, or one of too
    many faces.
    """
    return gather(path, lambda: _import(path))


def gather(path: Path, bring: Callable[[], None]) -> Any:
    """The same of all objects that `bring` puts into the scene, but for those that are not rendered."""
    before = _blocks()
    bring()
    found = [o for o in bpy.data.objects if o not in before and o.type in SURFACES and not o.hide_render]
    graph = bpy.context.evaluated_depsgraph_get()
    meshes = [_applied(o.evaluated_get(graph), graph) for o in found]
    bpy.data.batch_remove([block for block in _blocks() if block not in before])
    _check_faces(meshes, path)
    made = _joined([_add(path.stem, m) for m in meshes if len(m.polygons)], path)
    points = vertices(made)
    if not np.isfinite(points).all() or not np.ptp(points, axis=0).any():
        raise InputError(f"{path}: expected a mesh of some size, found points that are all one, or infinite.")
    return made


def _check_faces(meshes: list[Any], path: Path) -> None:
    faces = sum(len(m.polygons) for m in meshes)
    if faces > MOST_FACES:
        bpy.data.batch_remove(meshes)
        hint = "Blender's modifier Decimate makes them fewer; some ten thousand look the same in a picture."
        raise InputError(f"{path}: expected at most {MOST_FACES:,} faces, found {faces:,}. {hint}")


def _blocks() -> set[Any]:
    """What an importer makes besides meshes, materials and images, and nobody needs afterwards."""
    kinds = (bpy.data.objects, bpy.data.collections, bpy.data.actions, bpy.data.armatures, bpy.data.cameras)
    return {block for kind in (*kinds, bpy.data.lights) for block in kind}


def _import(path: Path) -> None:
    if path.suffix.lower() not in IMPORTERS:
        raise InputError(f"{path}: expected a mesh file, found '{path.suffix}'.{nearest(path.suffix, IMPORTERS)}")
    if not path.is_file():
        raise InputError(f"{path}: expected a mesh file, found no file.")
    try:
        IMPORTERS[path.suffix.lower()](str(path))
    except RuntimeError as error:  # what operators of Blender raise for all that goes wrong
        raise InputError(f"{path}: expected a mesh that Blender can read, found: {str(error).strip()}") from None


def _applied(evaluated: Any, graph: Any) -> Any:
    """The mesh as it is seen, in the coordinates of the world."""
    mesh = bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=graph)
    mesh.transform(evaluated.matrix_world)
    if evaluated.matrix_world.is_negative:
        mesh.flip_normals()
    return mesh


def _add(name: str, mesh: Any) -> Any:
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def _joined(parts: list[Any], path: Path) -> Any:
    if not parts:
        raise InputError(f"{path}: expected a mesh with faces, found none.")
    if len(parts) > 1:
        context = {"active_object": parts[0], "object": parts[0], "selected_editable_objects": parts}
        with bpy.context.temp_override(**context):
            bpy.ops.object.join()
    return parts[0]


def vertices(thing: Any) -> Floats:
    """The points of a mesh object in its own coordinates: [V, 3]."""
    flat = np.empty(len(thing.data.vertices) * 3, np.float32)
    thing.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def fit(thing: Any, size_m: float) -> None:
    """Scale a mesh to this largest side, its middle at the origin."""
    points = vertices(thing)
    low, high = points.min(axis=0), points.max(axis=0)
    thing.data.transform(Matrix.Scale(size_m / float((high - low).max()), 4) @ Matrix.Translation(-(low + high) / 2))
