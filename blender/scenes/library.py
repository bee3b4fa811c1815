"""Things out of the user's own .blend, by the names that they have there.

An object is one thing; a collection stands for each of its objects. Empties named `keypoint.<name>` whose parent is
the object mark its keypoints.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mathutils import Matrix

from pipeline.errors import InputError, nearest

Point = tuple[float, float, float]

KEY = "params.yaml: scene"
SURFACES = {"MESH", "CURVE", "FONT", "SURFACE"}  # types of objects that can be seen
MARK = "keypoint."
COPY = re.compile(r"\.\d{3,}$")  # what Blender adds to the name of a copy


@dataclass(frozen=True)
class Template:
    """An object to copy."""

    name: str
    category: str
    object: Any
    turn: Matrix  # [4, 4], its rotation and scale in the file
    keypoints: dict[str, Point]  # in its own coordinates


def load_templates(path: Path, categories: dict[str, str], source: Any, whole: bool = False) -> list[Template]:
    """What `categories` (object or collection -> category) names in a .blend, in that order.

    Appended to `source`: bpy.data, or temporary data. `whole` appends the rest of the objects too, so that parts of
    an object are found. Raises InputError for a file, name or type of object that cannot work.
    """
    if not path.is_file():
        raise InputError(f"{KEY}.file: expected a .blend file, found no file {path}.")
    try:
        with source.libraries.load(str(path)) as (there, wanted):
            _check_names(path, categories, [*there.objects, *there.collections])
            names = [n for n in there.objects if whole or n in categories or n.startswith(MARK)]
            groups = [n for n in there.collections if n in categories and n not in there.objects]
            wanted.objects, wanted.collections = list(names), list(groups)
    except OSError as error:
        raise InputError(f"{KEY}.file: expected a .blend file, found {path}: {error}") from None
    things = dict(zip(names, wanted.objects, strict=True))
    sets = dict(zip(groups, wanted.collections, strict=True))
    found: list[Template] = []
    for name, category in categories.items():
        key = f"{KEY}.objects.{name}"
        members = [(name, things[name])] if name in things else _members(sets[name], key)
        found += [_template(n, o, category, things, key) for n, o in members]
    return found


def _check_names(path: Path, categories: dict[str, str], there: list[str]) -> None:
    known = sorted({n for n in there if not n.startswith(MARK)})
    for name in categories:
        if name not in known:
            hint = nearest(name, known)
            raise InputError(f"{KEY}.objects: expected an object or collection of {path}, found '{name}'.{hint}")


def _members(group: Any, key: str) -> list[tuple[str, Any]]:
    found = [(o.name, o) for o in group.all_objects if o.type in SURFACES]
    if not found:
        raise InputError(f"{key}: expected a collection of objects with a surface, found none in it.")
    return found


def _template(name: str, thing: Any, category: str, others: dict[str, Any], key: str) -> Template:
    if thing.type not in SURFACES:
        raise InputError(f"{key}: expected an object with a surface, found one of type {thing.type}.")
    if thing.particle_systems:
        found = ", ".join(system.name for system in thing.particle_systems)
        raise InputError(f"{key}: expected no particle systems, which get no label, found {found}. Use geometry nodes.")
    children = {n: o for n, o in others.items() if o.parent == thing}
    parts = [n for n, o in children.items() if o.type in SURFACES]
    if parts:
        raise InputError(f"{key}: expected one object, found parts of it: {', '.join(parts)}. Join them in Blender.")
    _, turn, scale = _in_file(thing).decompose()
    points = {COPY.sub("", n.removeprefix(MARK)): _in_parent(o) for n, o in children.items() if n.startswith(MARK)}
    return Template(name, category, thing, Matrix.LocRotScale(None, turn, scale), dict(sorted(points.items())))


def _in_file(thing: Any) -> Matrix:
    """[4, 4]: from an object's own coordinates to the world of its file."""
    if thing.parent is None:
        return thing.matrix_basis
    return _in_file(thing.parent) @ thing.matrix_parent_inverse @ thing.matrix_basis


def _in_parent(thing: Any) -> Point:
    x, y, z = (thing.matrix_parent_inverse @ thing.matrix_basis).translation
    return x, y, z
