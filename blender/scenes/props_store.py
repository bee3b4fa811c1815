"""What has been read of the user's objects, kept for every frame, worker and run: one small .blend for each file.

Reading a mesh of 100,000 faces takes 0.1 to 0.3 s, appending it from a .blend 6 ms. The .blend files lie beside the
frame store, named by the hash of all that they come from: the file's category folder (textures lie there too), the
code, and Blender's version.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import bpy
import numpy as np

from blender.objects.meshes import SURFACES, gather, load, vertices
from blender.scenes.alike import as_rendered, realize
from blender.scenes.props_files import KEY, files_of
from blender.workers.keys import code_hash, content_hash
from blender.world import principled
from pipeline.cache import cache_folder
from pipeline.errors import InputError

Kept = dict[str, list[tuple[str, Path]]]  # category -> (the user's file, from the folder on; what is kept of it)


@lru_cache(maxsize=1)
def kept(folder: str) -> Kept:
    """Every object of the folder, read now or before. Raises InputError for one that cannot be labelled."""
    files = files_of(folder)
    bases = {name: _base(Path(folder) / name) for name in files}
    named = {name: [(f, f.relative_to(folder).as_posix()) for f in found] for name, found in files.items()}
    return {name: [(n, _keep(f, f"{bases[name]}/{n}")) for f, n in found] for name, found in named.items()}


def _base(category: Path) -> str:
    return f"{content_hash(f'{KEY}.folder', category)}/{code_hash()}/{bpy.app.version_string}"


def _keep(file: Path, facts: str) -> Path:
    """The .blend of a file, which is made if it is not there: whole or not at all."""
    place = cache_folder() / "meshes" / f"{hashlib.sha256(facts.encode()).hexdigest()}.blend"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(f".{uuid4().hex}")
        before = _everything()
        bpy.data.libraries.write(str(unfinished), {read(file)})
        bpy.data.batch_remove(_everything() - before)
        unfinished.replace(place)
    return place


def _everything() -> set[Any]:
    """What a file may bring."""
    kinds = ("objects", "meshes", "materials", "images", "textures", "node_groups", "collections", "actions", "curves")
    return {block for kind in kinds for block in getattr(bpy.data, kind)}


def read(file: Path) -> Any:
    """The object of a file, with its pictures packed, and a material that shows its colours if it has no other."""
    before = set(bpy.data.images)
    made = gather(file, lambda: _append_all(file)) if file.suffix.lower() == ".blend" else load(file)
    for image in set(bpy.data.images) - before:
        _pack(image, file)
    if not any(made.data.materials) and made.data.color_attributes:
        made.data.materials.clear()
        made.data.materials.append(_coloured(made.data.color_attributes[0].name))
    return made


def _append_all(file: Path) -> None:
    try:
        with bpy.data.libraries.load(str(file)) as (there, wanted):
            wanted.objects = list(there.objects)
    except OSError as error:
        raise InputError(f"{file}: expected a mesh that Blender can read, found: {error}") from None
    things = [o for o in wanted.objects if o is not None]
    for thing in things:
        bpy.context.scene.collection.objects.link(thing)
        as_rendered(thing)
    realize([thing for thing in things if thing.type in SURFACES])


def _pack(image: Any, file: Path) -> None:
    if image.source != "FILE" or image.packed_file:
        return
    picture = Path(bpy.path.abspath(image.filepath))
    if not picture.is_file():
        raise InputError(f"{file}: expected its picture {picture.name}, found no file. Put it beside the object.")
    image.pack()


def _coloured(attribute: str) -> Any:
    """A material with the colours that scanners write to each vertex."""
    material, shader = principled("vertices")
    node = material.node_tree.nodes.new("ShaderNodeVertexColor")
    node.layer_name = attribute
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    return material


def largest_side(place: Path) -> float:
    """Of the object that was kept there, in the lengths of its file."""
    with bpy.data.temp_data() as apart:
        with apart.libraries.load(str(place)) as (there, wanted):
            wanted.objects = list(there.objects)
        return float(np.ptp(vertices(wanted.objects[0]), axis=0).max())


def append(place: Path) -> Any:
    """The object that was kept there, in no scene yet."""
    with bpy.data.libraries.load(str(place)) as (there, wanted):
        wanted.objects = list(there.objects)
    return wanted.objects[0]
