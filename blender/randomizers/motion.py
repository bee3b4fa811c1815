"""What moves from one frame of a sequence to the next: `render.sequence_length` says how many frames one has.

All objects slide together, as on a belt, so that they never run into each other; each turns about its own vertical.
"""

import math
from typing import Annotated

import numpy as np

from blender.allowed import numbers
from blender.randomizers.base import RandomizerParams, Values
from blender.samplers import Rng, draw
from blender.world import World
from pipeline.section import Distribution


class Params(RandomizerParams):
    objects_m: Annotated[Distribution, numbers(0)]  # each: from frame to frame, in a direction drawn anew
    spin_rad: Annotated[Distribution, numbers()]
    camera_m: Annotated[Distribution, numbers(0)]
    orbit_rad: Annotated[Distribution, numbers()]  # of the camera about the middle of the ground


def sample(rng: Rng, params: Params, objects: int) -> Values:
    slide_m = _slide(draw(params.objects_m, rng), rng)
    camera = {"slide_m": _slide(draw(params.camera_m, rng), rng), "orbit_rad": draw(params.orbit_rad, rng)}
    return {
        "camera": camera,
        "objects": [{"slide_m": slide_m, "spin_rad": draw(params.spin_rad, rng)} for _ in range(objects)],
    }


def _slide(length_m: float, rng: Rng) -> list[float]:
    direction_rad = rng.uniform(-np.pi, np.pi)
    return [length_m * math.cos(direction_rad), length_m * math.sin(direction_rad)]


def fixed(params: Params, objects: int) -> Values:
    """Everything stands still."""
    still = {"slide_m": [0.0, 0.0]}
    return {"camera": still | {"orbit_rad": 0.0}, "objects": [still | {"spin_rad": 0.0} for _ in range(objects)]}


def apply(world: World, values: Values) -> None:
    world.motion = values
