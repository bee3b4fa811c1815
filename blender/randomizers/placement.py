"""Where the objects lie: in rows, scattered without touching, or as they fall."""

import math
from collections.abc import Iterable
from typing import Annotated, Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from blender.allowed import names, numbers
from blender.objects.drop import drop
from blender.objects.spacing import Room, darts, outer_radius_m
from blender.randomizers.base import RandomizerParams, Values, centre_all
from blender.rays import ground_point
from blender.samplers import Rng, draw
from blender.world import World
from pipeline.section import Distribution

Floats = npt.NDArray[np.float64]

LAYOUTS = ("grid", "scatter", "drop")
PLAIN_MARGIN = 0.02


class Params(RandomizerParams):
    layout: Annotated[Distribution, names(LAYOUTS)]
    margin: Annotated[Distribution, numbers(-1, 0.49)]  # free part of the sides; below 0 the border cuts objects
    gap: Annotated[Distribution, numbers(-1)]  # room between neighbours, in their sizes; not of a drop
    turn_rad: Annotated[Distribution, numbers()]  # of each about the vertical, on top of its own rotation
    drop_height_m: Annotated[Distribution, numbers(0)]  # of each: it falls so far, or from above those in its way
    drop_tilt_rad: Annotated[Distribution, numbers()]  # of each, before it falls: 0 upright, 3.14 upside down


def sample(rng: Rng, params: Params, objects: int) -> Values:
    values = {name: draw(getattr(params, name), rng) for name in ("layout", "margin", "gap")}
    values |= {"turns_rad": [draw(params.turn_rad, rng) for _ in range(objects)], "seed": int(rng.integers(2**31))}
    if values["layout"] == "drop":
        values["falls"] = [_fall(rng, params) for _ in range(objects)]
    return values


def _fall(rng: Rng, params: Params) -> Values:
    tilt = {"height_m": draw(params.drop_height_m, rng), "tilt_rad": draw(params.drop_tilt_rad, rng)}
    return {**tilt, "axis_rad": float(rng.uniform(-math.pi, math.pi))}


def fixed(params: Params, objects: int) -> Values:
    turns_rad = [centre_all(params)["turn_rad"]] * objects
    return {"layout": "grid", "margin": PLAIN_MARGIN, "gap": 0.0, "turns_rad": turns_rad}


def apply(world: World, values: Values) -> None:
    """Move every object to its place; remove those that find none. Brings their radii up to date."""
    for labelled, turn_rad in zip(world.objects, values["turns_rad"], strict=True):
        _turn(labelled.object, turn_rad)
    kept = _dropped(world, values) if values["layout"] == "drop" else _laid(world, values)
    for labelled, has_place in zip(list(world.objects), kept, strict=True):
        if not has_place:
            world.objects.remove(labelled)
            bpy.data.objects.remove(labelled.object)


def _turn(thing: Any, turn_rad: float) -> None:
    """About the vertical through its origin."""
    if turn_rad:
        place = Matrix.Translation(thing.location)
        thing.matrix_basis = place @ Matrix.Rotation(turn_rad, 4, "Z") @ place.inverted() @ thing.matrix_basis


def _dropped(world: World, values: Values) -> list[bool]:
    places = darts(len(world.objects), values["seed"])[:, 0]
    kept = drop(world, places, values["falls"], values["margin"])
    for labelled in world.objects:
        labelled.radius_m = outer_radius_m(labelled.object)
    return kept


def _laid(world: World, values: Values) -> list[bool]:
    """Each at its first free place: a grid in order, else the largest first, which would find room least later on."""
    for labelled in world.objects:  # a scene knows it only roughly
        labelled.radius_m = max(labelled.radius_m, outer_radius_m(labelled.object))
    radii_m = np.array([o.radius_m for o in world.objects]) * (1 + values["gap"])
    in_rows = values["layout"] == "grid"
    places = _grid(len(radii_m)) if in_rows else darts(len(radii_m), values["seed"])
    order = range(len(radii_m)) if in_rows else np.argsort(-radii_m, kind="stable").tolist()
    room, kept = Room(), [False] * len(radii_m)
    for i in order:
        kept[i] = _lay(world, i, places[i], room, float(radii_m[i]), values["margin"])
    return kept


def _lay(world: World, index: int, places: Iterable[Floats], room: Room, radius_m: float, margin: float) -> bool:
    spot = room.find((ground_point(world, place, margin) for place in places), radius_m)
    if spot is None:
        return False
    thing = world.objects[index].object
    thing.location.x, thing.location.y = spot
    return True


def _grid(objects: int) -> Floats:
    """One place for each object, row by row from the upper left: [objects, 1, 2]."""
    columns = int(np.ceil(np.sqrt(max(1, objects) * 4 / 3)))
    rows = int(np.ceil(max(1, objects) / columns))
    cell = np.arange(objects)
    places = np.stack([(cell % columns + 0.5) / columns, 1 - (cell // columns + 0.5) / rows], axis=-1)
    return np.asarray(places[:, None])
