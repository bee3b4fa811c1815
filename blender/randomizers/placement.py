"""Where the objects lie: scattered over what the camera sees, without touching."""

from typing import Annotated

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Vector

from blender.allowed import numbers
from blender.randomizers.base import RandomizerParams, Values, draw_all
from blender.samplers import Rng
from blender.world import World
from pipeline.section import Distribution

Floats = npt.NDArray[np.float64]

TRIES = 60  # for each object; one that finds no room is left out


class Params(RandomizerParams):
    margin: Annotated[Distribution, numbers(-1, 0.49)]  # free part of the sides; below 0 the border cuts objects
    gap: Annotated[Distribution, numbers(-1)]  # room between neighbours, in their sizes


def sample(rng: Rng, params: Params, objects: int) -> Values:
    return {**draw_all(rng, params), "layout": "scatter", "seed": int(rng.integers(2**31))}


def fixed(params: Params, objects: int) -> Values:
    return {"margin": 0.02, "gap": 0.0, "layout": "grid"}


def apply(world: World, values: Values) -> None:
    """Move each object to the first place that is free; remove those that find none."""
    placed: list[tuple[Floats, float]] = []
    places = _grid(len(world.objects)) if values["layout"] == "grid" else _scatter(len(world.objects), values["seed"])
    for labelled, wanted in zip(list(world.objects), places, strict=True):
        spots = (ground_point(world, place, values["margin"]) for place in wanted)
        radius_m = labelled.radius_m * (1 + values["gap"])
        free = (s for s in spots if np.isfinite(s).all() and _clear_of(s, radius_m, placed))
        spot = next(free, None)
        if spot is None:
            world.objects.remove(labelled)
            bpy.data.objects.remove(labelled.object)
            continue
        placed.append((spot, radius_m))
        labelled.object.location.x, labelled.object.location.y = spot


def _clear_of(spot: Floats, radius_m: float, placed: list[tuple[Floats, float]]) -> bool:
    return all(np.hypot(*(spot - other)) > radius_m + other_m for other, other_m in placed)


def _scatter(objects: int, seed: int) -> Floats:
    """Places to try for each object, as parts of the picture: [objects, TRIES, 2]."""
    return np.random.default_rng(seed).random((objects, TRIES, 2))


def _grid(objects: int) -> Floats:
    """One place for each object, row by row from the upper left: [objects, 1, 2]."""
    columns = int(np.ceil(np.sqrt(max(1, objects) * 4 / 3)))
    rows = int(np.ceil(max(1, objects) / columns))
    cell = np.arange(objects)
    places = np.stack([(cell % columns + 0.5) / columns, 1 - (cell // columns + 0.5) / rows], axis=-1)
    return np.asarray(places[:, None])


def ground_point(world: World, part_xy: npt.ArrayLike, margin: float) -> Floats:
    """The point (x, y) in m on the ground that is seen at this part (0 .. 1, y up) of the picture; inf for the sky."""
    camera, (width_px, height_px) = world.camera, world.size_wh
    half_width = camera.data.sensor_width / camera.data.lens / 2
    x, y = ((margin + p * (1 - 2 * margin)) * 2 - 1 for p in np.asarray(part_xy))
    ray = Vector((x * half_width, y * half_width * height_px / width_px, -1.0))
    ray = camera.matrix_world.to_3x3() @ ray
    eye = camera.matrix_world.translation
    if ray.z >= 0:  # above the horizon
        return np.array([np.inf, np.inf])
    hit = eye + ray * (-eye.z / ray.z)
    return np.array([hit.x, hit.y])
