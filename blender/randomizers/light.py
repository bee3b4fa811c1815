"""Lamps and the light from all around: number, kind, strength, colour, size, direction."""

import math
from typing import Annotated, Any

import bpy
import numpy as np
from mathutils import Vector

from blender.allowed import integers, names, numbers
from blender.randomizers.base import RandomizerParams, Values
from blender.samplers import Rng, centre, draw
from blender.world import World, add
from pipeline.section import Distribution

DISTANCE_M = 2.5  # of lamps from the middle of the ground
FULL = math.pi  # irradiance, W/m2, under which a white sheet shows as white
# Power in W that gives the irradiance 1 W/m2 at 1 m: a sun is given by its irradiance, the power of an area lamp
# leaves it by the cosine law (pi), that of a point lamp evenly in all directions (4 pi).
POWER = {"sun": 1.0, "area": math.pi, "point": 4 * math.pi}


class Params(RandomizerParams):
    number: Annotated[Distribution, integers(0)]
    kind: Annotated[Distribution, names(POWER)]  # sun, area, point
    energy: Annotated[Distribution, numbers(0)]  # of all light together; 1 exposes a white sheet fully
    ambient: Annotated[Distribution, numbers(0, 1)]  # part of it that comes from all around
    temperature_k: Annotated[Distribution, numbers(800, 20_000)]
    size_m: Annotated[Distribution, numbers(0)]  # of area and point lamps; gives soft shadows
    elevation_rad: Annotated[Distribution, numbers(0, 1.6)]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    lamps = [
        {
            "kind": draw(params.kind, rng),
            "temperature_k": draw(params.temperature_k, rng),
            "size_m": draw(params.size_m, rng),
            "elevation_rad": draw(params.elevation_rad, rng),
            "azimuth_rad": float(rng.uniform(-np.pi, np.pi)),
        }
        for _ in range(draw(params.number, rng))
    ]
    return {"energy": draw(params.energy, rng), "ambient": draw(params.ambient, rng), "lamps": lamps}


def fixed(params: Params, objects: int) -> Values:
    lamp = {"kind": "area", "temperature_k": 6500.0, "size_m": 1.0, "elevation_rad": 1.2, "azimuth_rad": 2.4}
    return {"energy": 1.0, "ambient": centre(params.ambient), "lamps": [lamp]}


def apply(world: World, values: Values) -> None:
    _ambient(values["energy"] * (values["ambient"] if values["lamps"] else 1.0))
    share = values["energy"] * (1 - values["ambient"]) / max(1, len(values["lamps"]))
    for lamp in values["lamps"]:
        _lamp(lamp, share)


def _ambient(strength: float) -> None:
    sky = bpy.data.worlds.new("sky")
    sky.use_nodes = True
    sky.node_tree.nodes["Background"].inputs["Strength"].default_value = strength
    sky.node_tree.nodes["Background"].inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    bpy.context.scene.world = sky


def _lamp(lamp: Values, share: float) -> None:
    height, azimuth = math.sin(lamp["elevation_rad"]), lamp["azimuth_rad"]
    flat = math.cos(lamp["elevation_rad"])
    direction = Vector((flat * math.cos(azimuth), flat * math.sin(azimuth), height))
    data: Any = bpy.data.lights.new("lamp", lamp["kind"].upper())
    squared_m2 = 1.0 if lamp["kind"] == "sun" else DISTANCE_M**2
    data.energy = share * FULL * POWER[lamp["kind"]] * squared_m2 / max(0.2, height)
    data.use_temperature, data.temperature = True, lamp["temperature_k"]
    if lamp["kind"] == "area":
        data.size = lamp["size_m"]
    elif lamp["kind"] == "point":
        data.shadow_soft_size = lamp["size_m"] / 2
    placed = add("lamp", data)
    placed.location = direction * DISTANCE_M
    placed.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()
