"""Values of a randomizer of the preset digits, some keys changed, and cubes to apply them to. For blender_*.py only."""

from typing import Any

import numpy as np
from rendering import small_values
from worlds import cuboid

from blender.randomizers import RANDOMIZERS
from blender.samplers import stream
from blender.world import Labelled, World, empty_world
from pipeline.section import validate

BEFORE = tuple(RANDOMIZERS)[: tuple(RANDOMIZERS).index("material")]


def params_of(name: str, **changes: Any) -> Any:
    """The checked Params of a randomizer."""
    params = validate(RANDOMIZERS[name].Params, small_values()["randomizers"][name] | changes, name)
    check = getattr(RANDOMIZERS[name], "check", None)
    if check is not None:
        check(params)
    return params


def sampled(name: str, objects: int, index: int = 0, **changes: Any) -> dict[str, Any]:
    return RANDOMIZERS[name].sample(stream(0, "train", index, name), params_of(name, **changes), objects)


def fixed(name: str, objects: int, **changes: Any) -> dict[str, Any]:
    return RANDOMIZERS[name].fixed(params_of(name, **changes), objects)


def cubes(size_wh: tuple[int, int], edges_m: list[float]) -> World:
    """Cubes that stand on the ground at the middle, under a camera that looks straight down, in plain light."""
    world = empty_world(size_wh)
    for number, edge_m in enumerate(edges_m, start=1):
        half_m = edge_m / 2
        cube = cuboid((-half_m, -half_m, -half_m), (half_m, half_m, half_m), number)
        cube.location.z = half_m
        world.objects.append(Labelled(cube, "cube", radius_m=half_m))
    for name in BEFORE:
        RANDOMIZERS[name].apply(world, fixed(name, len(edges_m)))
    return world


def places_of(world: World) -> np.ndarray[Any, Any]:
    """Where the origins of the labelled objects are: [N, 3] m."""
    return np.array([tuple(o.object.location) for o in world.objects]).reshape(-1, 3)
