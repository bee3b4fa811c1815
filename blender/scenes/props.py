"""The user's own objects, out of a folder: scans, downloads, models.

    scene:
      name: props
      folder: assets/props              # <category>/*.glb, .gltf, .obj, .ply, .stl, .blend: one object a file
      count: {integer: [3, 8]}
      size_m: {bolt: 0.06}              # largest side; null: the file's own size. One number: of all
      scale: {uniform: [0.9, 1.1]}
      upright: {default: z, bolt: -y}   # which axis of the file is up
      pose: {choice: [upright, any]}    # any: lies on one of its sides
      symmetry: {bottle: axis, bolt: 6} # for 6D poses: none, axis, sphere, or so many equal turns about the axis

Categories are the folders, sorted. An object's own axes are those of its file, turned so that z is up, about the middle
of its box.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import bpy
import numpy as np
from mathutils import Matrix
from pydantic import AfterValidator, Field

from blender.allowed import integers, names, numbers
from blender.objects.meshes import vertices
from blender.objects.rest import rest
from blender.objects.sides import down_side, hull_of, laid_on
from blender.samplers import Rng, draw
from blender.scenes import props_store
from blender.scenes.per_category import ALL, PER_CATEGORY, check_categories, value_of
from blender.scenes.props_files import KEY, category_names
from blender.world import Labelled, World
from pipeline.errors import InputError
from pipeline.section import Distribution, Positive, Section

SMALLEST_M, LARGEST_M = 1e-3, 10.0  # of what a file's own size may be, if params.yaml does not give it
UP = {  # what turns this axis of a file to z
    "x": Matrix.Rotation(-np.pi / 2, 4, "Y"),
    "-x": Matrix.Rotation(np.pi / 2, 4, "Y"),
    "y": Matrix.Rotation(np.pi / 2, 4, "X"),
    "-y": Matrix.Rotation(-np.pi / 2, 4, "X"),
    "z": Matrix.Identity(4),
    "-z": Matrix.Rotation(np.pi, 4, "X"),
}


def _check_symmetries(given: dict[str, str | int]) -> dict[str, str | int]:
    for name, value in given.items():
        turns = isinstance(value, int) and value >= 2 and value % 2 == 0  # of odd ones, the axis is not in the middle
        if value not in ("none", "axis", "sphere") and not turns:
            raise ValueError(f"{name}: expected none, axis, sphere or an even number of turns, found {value!r}")
    return given


Axis = Literal["x", "-x", "y", "-y", "z", "-z"]


class Params(Section):
    folder: str
    count: Annotated[Distribution, integers(0)] = Distribution(kind="integer", args=[3, 8])
    size_m: Annotated[dict[str, Positive], PER_CATEGORY] = Field(default={})
    scale: Annotated[Distribution, numbers(1e-6)] = Distribution(kind="constant", args=[1.0])
    upright: Annotated[dict[str, Axis], PER_CATEGORY] = Field(default={ALL: "z"})
    pose: Annotated[Distribution, names(["upright", "any"])] = Distribution(kind="constant", args=["upright"])
    rotation_rad: Annotated[Distribution, numbers()] = Distribution(kind="uniform", args=[-3.14, 3.14])
    symmetry: Annotated[dict[str, str | int], AfterValidator(_check_symmetries), PER_CATEGORY] = Field(
        default={ALL: "none"}
    )


def check(params: Params) -> None:
    """Read every file that was not read before. Raises InputError for one, or a folder or key, that cannot work."""
    known = category_names(params.folder)
    for key in ("size_m", "upright", "symmetry"):
        check_categories(f"{KEY}.{key}", getattr(params, key), known)
    props_store.kept.cache_clear()
    for category, files in props_store.kept(params.folder).items():
        if value_of(params.size_m, category, None) is None:
            for file, place in files:
                _check_side(Path(params.folder) / file, props_store.largest_side(place))


def _check_side(file: Path, side: float) -> None:
    if not SMALLEST_M <= side <= LARGEST_M:
        limits, hint = f"from {SMALLEST_M:g} to {LARGEST_M:g} m", f"Many files are in mm: give it in {KEY}.size_m."
        raise InputError(f"{file}: expected a largest side {limits}, found {side:.3g}. {hint}")


def categories(params: Params) -> tuple[str, ...]:
    return category_names(params.folder)


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    return {}


def build(world: World, params: Params, rng: Rng) -> None:
    """Put objects into the world, all at its middle: the placement moves them apart. Every category is as likely, and
    so is each file of a category."""
    kept = props_store.kept(params.folder)
    known, read = sorted(kept), {}
    for _ in range(draw(params.count, rng)):
        category = known[int(rng.integers(len(known)))]
        file, place = kept[category][int(rng.integers(len(kept[category])))]
        if file not in read:
            read[file] = _upright(props_store.append(place), category, params)
        drawn = _drawn(category, file, params, rng)
        world.objects.append(_copy(read[file], category, drawn, _lying(read[file], drawn["pose"], rng)))
    rest(world.objects)


def _upright(thing: Any, category: str, params: Params) -> Any:
    """The object as its file has it, but z up, the middle of its box at the origin, and of the size in params."""
    mesh = thing.data
    mesh.transform(UP[value_of(params.upright, category, "z")])
    points = vertices(thing)
    low, high = points.min(axis=0), points.max(axis=0)
    side = float((high - low).max())
    scale = value_of(params.size_m, category, side) / side
    mesh.transform(Matrix.Scale(scale, 4) @ Matrix.Translation(-(low + high) / 2))
    return thing


def _drawn(category: str, file: str, params: Params, rng: Rng) -> dict[str, Any]:
    drawn = {name: draw(getattr(params, name), rng) for name in ("scale", "pose", "rotation_rad")}
    symmetry = value_of(params.symmetry, category, "none")
    return {"file": file, **drawn, **({} if symmetry == "none" else {"symmetry": symmetry})}


def _lying(thing: Any, pose: str, rng: Rng) -> Matrix:
    """The rotation [4, 4] of one that stands, or lies on any of its sides."""
    towards = rng.normal(size=3)  # any direction is as likely
    hull = hull_of(vertices(thing)) if pose == "any" else None
    return Matrix.Identity(4) if hull is None else laid_on(down_side(hull, towards))


def _copy(thing: Any, category: str, drawn: dict[str, Any], turn: Matrix) -> Labelled:
    """A copy with a mesh of its own, which gets a material of its own."""
    made = thing.copy()
    made.data = thing.data.copy()
    made.matrix_basis = Matrix.Rotation(drawn["rotation_rad"], 4, "Z") @ turn @ Matrix.Scale(drawn["scale"], 4)
    bpy.context.scene.collection.objects.link(made)
    return Labelled(made, category, 0.0, drawn)
