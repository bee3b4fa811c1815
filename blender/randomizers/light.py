"""Lamps, and how much light comes from all around: number, kind, strength, colour, size, direction.

What the light from all around looks like is `environment`'s.
"""

import math
from typing import Annotated, Any

import bpy
from mathutils import Vector

from blender.allowed import integers, names, numbers
from blender.randomizers.base import RandomizerParams, Values
from blender.samplers import Rng, centre, draw
from blender.world import World, add
from pipeline.section import Distribution

DISTANCE_M = 2.5  # of lamps from the middle of the ground
FULL = math.pi  # irradiance, W/m2, under which a white sheet shows as white
# Power in W that gives the irradiance 1 W/m2 at 1 m: a sun is given by its irradiance, the power of an area lamp
# leaves it by the cosine law (pi), that of a point lamp evenly in all directions (4 pi); a spot is a point lamp with
# a shade.
POWER = {"sun": 1.0, "area": math.pi, "point": 4 * math.pi, "spot": 4 * math.pi}
SPOT_BLEND = 0.3  # part of the cone in which the light falls off


class Params(RandomizerParams):
    number: Annotated[Distribution, integers(0)]
    kind: Annotated[Distribution, names(POWER)]  # sun, area, point, spot
    energy: Annotated[Distribution, numbers(0)]  # of all light together; 1 exposes a white sheet fully
    ambient: Annotated[Distribution, numbers(0, 1)]  # part of it that comes from all around
    temperature_k: Annotated[Distribution, numbers(800, 20_000)]
    size_m: Annotated[Distribution, numbers(0)]  # of all but the sun; gives soft shadows
    elevation_rad: Annotated[Distribution, numbers(0, 1.6)]
    azimuth_rad: Annotated[Distribution, numbers()]
    cone_rad: Annotated[Distribution, numbers(0.02, 3.1)]  # of a spot, from side to side


LAMP = ("kind", "temperature_k", "size_m", "elevation_rad", "azimuth_rad", "cone_rad")


def sample(rng: Rng, params: Params, objects: int) -> Values:
    lamps = [{name: draw(getattr(params, name), rng) for name in LAMP} for _ in range(draw(params.number, rng))]
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
    """White light from all around: the irradiance on a sheet is FULL times the strength."""
    around = bpy.data.worlds.new("around")
    around.use_nodes = True
    around.node_tree.nodes["Background"].inputs["Strength"].default_value = strength
    around.node_tree.nodes["Background"].inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    bpy.context.scene.world = around


def _lamp(lamp: Values, share: float) -> None:
    height, azimuth = math.sin(lamp["elevation_rad"]), lamp["azimuth_rad"]
    flat = math.cos(lamp["elevation_rad"])
    direction = Vector((flat * math.cos(azimuth), flat * math.sin(azimuth), height))
    data: Any = bpy.data.lights.new("lamp", lamp["kind"].upper())
    squared_m2 = 1.0 if lamp["kind"] == "sun" else DISTANCE_M**2
    data.energy = share * FULL * POWER[lamp["kind"]] * squared_m2 / max(0.2, height)
    data.use_temperature, data.temperature = True, lamp["temperature_k"]
    _shape(data, lamp)
    placed = add("lamp", data)
    placed.location = direction * DISTANCE_M
    placed.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()


def _shape(data: Any, lamp: Values) -> None:
    if lamp["kind"] == "area":
        data.size = lamp["size_m"]
    elif lamp["kind"] in ("point", "spot"):
        data.shadow_soft_size = lamp["size_m"] / 2
    if lamp["kind"] == "spot":
        data.spot_size, data.spot_blend = lamp["cone_rad"], SPOT_BLEND
