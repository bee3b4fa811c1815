"""Things without a label that lie about or fly past, and may hide part of the objects."""

from pathlib import Path
from typing import Annotated, Any

import bpy
import numpy as np
import numpy.typing as npt

from blender import assets
from blender.allowed import integers, names, numbers
from blender.objects import meshes
from blender.objects.primitives import KINDS, solid
from blender.objects.spacing import Room, darts, outer_radius_m
from blender.randomizers.base import RandomizerParams, Values
from blender.rays import ground_point
from blender.samplers import Rng, draw
from blender.shaders.shading import shaded
from blender.world import World, add
from pipeline.section import Distribution, Fraction

KEY = "params.yaml: randomizers.distractors.folder"
FLAT = 0.3  # height of a torus, of its width


class Params(RandomizerParams):
    number: Annotated[Distribution, integers(0)]
    shape: Annotated[Distribution, names([*KINDS, "scribble", "mesh"])]
    folder: str | None  # of meshes, for the shape `mesh`: their own materials stay, where they have any
    size_m: Annotated[Distribution, numbers(1e-4)]  # largest side
    roughness: Annotated[Distribution, numbers(0, 1)]
    metallic: Annotated[Distribution, numbers(0, 1)]
    overlap: bool  # whether those on the ground may stand where objects do; else they keep clear of them and each other
    flying_fraction: Fraction
    height_m: Annotated[Distribution, numbers(0)]  # of the middle of those that fly


def check(params: Params) -> None:
    """Raises InputError where the shape `mesh` has no files to take."""
    if "mesh" in params.shape.args:
        assets.check_folder(params.folder, meshes.SUFFIXES, KEY)


def sample(rng: Rng, params: Params, objects: int) -> Values:
    things = [_thing(rng, params) for _ in range(draw(params.number, rng))]
    return {"things": things, "overlap": params.overlap, "seed": int(rng.integers(2**31))}


def _thing(rng: Rng, params: Params) -> Values:
    thing = {name: draw(getattr(params, name), rng) for name in ("shape", "size_m", "roughness", "metallic")}
    thing |= {"rgb": rng.random(3).round(3).tolist(), "rotation_rad": [0.0, 0.0, float(rng.uniform(-np.pi, np.pi))]}
    if thing["shape"] == "scribble":
        thing["way"] = rng.uniform(-1, 1, (5, 2)).round(3).tolist()
    if thing["shape"] == "mesh":
        thing |= {"folder": params.folder, "file": assets.pick(rng, params.folder, meshes.SUFFIXES, KEY)}
    if rng.random() < params.flying_fraction:
        thing["height_m"] = draw(params.height_m, rng)
        thing["rotation_rad"] = rng.uniform(-np.pi, np.pi, 3).tolist()
    return thing


def fixed(params: Params, objects: int) -> Values:
    return {"things": [], "overlap": params.overlap, "seed": 0}


def apply(world: World, values: Values) -> None:
    """Put each at its first free place; those that find none are left out."""
    room = Room()
    if not values["overlap"]:
        for labelled in world.objects:
            room.take(np.asarray(labelled.object.location)[:2], labelled.radius_m)
    for thing, places in zip(values["things"], darts(len(values["things"]), values["seed"]), strict=True):
        alone = values["overlap"] or "height_m" in thing
        made = _made(thing)
        if not _placed(world, made, thing, places, Room() if alone else room):
            bpy.data.objects.remove(made)


def _placed(world: World, made: Any, thing: Values, places: npt.NDArray[np.float64], room: Room) -> bool:
    height_m = thing.get("height_m", 0.0)
    spot = room.find((ground_point(world, place, 0.0, height_m) for place in places), outer_radius_m(made))
    if spot is None:
        return False
    made.location = (*spot, thing.get("height_m", -_lowest_m(made)))
    return True


def _lowest_m(made: Any) -> float:
    """Of a thing that is turned about the vertical alone; a line of ink lies half in the paper."""
    return 0.0 if made.type == "CURVE" else float(meshes.vertices(made)[:, 2].min())


def _made(thing: Values) -> Any:
    """The thing, its middle at the origin."""
    if thing["shape"] == "mesh":
        made = meshes.load(Path(thing["folder"]) / thing["file"])
        meshes.fit(made, thing["size_m"])
    else:
        made = add("distractor", _scribble(thing) if thing["shape"] == "scribble" else _solid(thing))
    if not any(made.data.materials):
        made.data.materials.clear()
        made.data.materials.append(shaded("distractor", tuple(thing["rgb"]), thing)[0])
    made.rotation_euler = thing["rotation_rad"]
    return made


def _solid(thing: Values) -> Any:
    size_m = thing["size_m"]
    return solid(thing["shape"], (size_m, size_m, size_m * (FLAT if thing["shape"] == "torus" else 1.0)))


def _scribble(thing: Values) -> Any:
    """A line of a pen that is no digit."""
    curve = bpy.data.curves.new("distractor", "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", thing["size_m"] * 0.06
    spline = curve.splines.new("NURBS")
    way = np.array(thing["way"]) * thing["size_m"]
    spline.points.add(len(way) - 1)
    points = np.column_stack([way, np.zeros(len(way)), np.ones(len(way))])
    spline.points.foreach_set("co", points.ravel())
    spline.use_endpoint_u = True
    return curve
