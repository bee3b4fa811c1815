"""Inputs of the geometry nodes that the objects of the user's .blend carry, by the names that they have there.

    geometry:
      enabled: true
      inputs: {Pips: {integer: [1, 6]}, Bevel: {uniform: [0.0, 0.1]}}

Each object draws its own values; an object without such an input is left as it is.
"""

from typing import Any

import bpy

from blender.objects.inputs import inputs_of, set_input
from blender.objects.rest import rest
from blender.randomizers.base import RandomizerParams, Values
from blender.samplers import Rng, centre, draw
from blender.world import Labelled, World
from pipeline.errors import InputError, nearest
from pipeline.section import Distribution

KEY = "params.yaml: randomizers.geometry.inputs"


class Params(RandomizerParams):
    inputs: dict[str, Distribution]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    """Name -> one value for each object."""
    return {"inputs": {name: [draw(d, rng) for _ in range(objects)] for name, d in params.inputs.items()}}


def fixed(params: Params, objects: int) -> Values:
    return {"inputs": {name: [centre(d)] * objects for name, d in params.inputs.items()}}


def apply(world: World, values: Values) -> None:
    """Raises InputError for an input that no object has, or of another type."""
    _check_names(values["inputs"])
    changed = [labelled for n, labelled in enumerate(world.objects) if _set(labelled, n, values["inputs"])]
    if changed:
        rest(changed)


def _check_names(inputs: dict[str, list[Any]]) -> None:
    """Against all that the scene has loaded: a frame need not show every one of its things."""
    known = {name for thing in bpy.data.objects for name in inputs_of(thing)} if inputs else set()
    for name in inputs:
        if name not in known:
            hint = nearest(name, known) if known else " None has any."
            raise InputError(f"{KEY}: expected an input of an object's geometry nodes, found '{name}'.{hint}")


def _set(labelled: Labelled, number: int, inputs: dict[str, list[Any]]) -> bool:
    """Give an object its values, and write them down with it; whether it has any of the inputs."""
    there = inputs_of(labelled.object)
    mine = {name: each[number] for name, each in inputs.items() if name in there}
    for name, value in mine.items():
        for place in there[name]:
            set_input(place, value, f"{KEY}.{name}")
    if mine:
        labelled.object.update_tag()
        labelled.drawn = {**labelled.drawn, "inputs": mine}
    return bool(mine)
