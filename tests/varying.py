"""A small world and the values of its randomizers. For blender_*.py only: imports bpy."""

from pathlib import Path
from typing import Any

from rendering import small_values, write_params
from worlds import cuboid, start

from blender.make import Recipe, make_recipe
from blender.randomizers import RANDOMIZERS
from blender.randomizers.base import Values
from blender.samplers import stream
from blender.world import Labelled, World, empty_world
from pipeline.params import load_params

SIZE_WH = (40, 30)
OBJECTS = 3
BEFORE_PLACEMENT = tuple(RANDOMIZERS)[: tuple(RANDOMIZERS).index("placement")]


def recipe_of(folder: Path, values: dict[str, Any] | None = None, **changed: dict[str, Any]) -> Recipe:
    """The recipe of the preset digits with few small frames, and with these keys of randomizers changed."""
    values = small_values() if values is None else values
    for name, keys in changed.items():
        values["randomizers"][name] |= keys
    return make_recipe(load_params(write_params(folder / "params.yaml", values)))


def plain(recipe: Recipe, name: str) -> Values:
    """What a randomizer leaves that is switched off."""
    return RANDOMIZERS[name].fixed(recipe.randomizers[name], OBJECTS)


def sampled(recipe: Recipe, name: str, index: int) -> Values:
    return RANDOMIZERS[name].sample(stream(0, "train", index, name), recipe.randomizers[name], OBJECTS)


def small_world(recipe: Recipe) -> World:
    """Three cubes of 10 cm at the origin; all randomizers before the placement are applied, switched off."""
    start(SIZE_WH)
    world = empty_world(SIZE_WH)
    for number in range(1, OBJECTS + 1):
        cube = cuboid((-0.05, -0.05, 0), (0.05, 0.05, 0.1), number)
        world.objects.append(Labelled(cube, "cube", radius_m=0.08))
    for name in BEFORE_PLACEMENT:
        RANDOMIZERS[name].apply(world, plain(recipe, name))
    return world
