"""Where the camera is and how long its lens: over the middle of the ground, tilted away from the vertical."""

import math
from typing import Annotated, Any

from mathutils import Matrix, Vector

from blender.allowed import numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.world import World
from pipeline.section import Distribution


class Params(RandomizerParams):
    distance_m: Annotated[Distribution, numbers(0.02)]
    tilt_rad: Annotated[Distribution, numbers(-1.5, 1.5)]  # 0: straight down
    azimuth_rad: Annotated[Distribution, numbers()]  # direction of the tilt
    roll_rad: Annotated[Distribution, numbers()]
    focal_length_mm: Annotated[Distribution, numbers(1)]  # on a sensor 36 mm wide


def sample(rng: Rng, params: Params, objects: int) -> Values:
    return draw_all(rng, params)


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), "tilt_rad": 0.0, "roll_rad": 0.0}


def apply(world: World, values: Values) -> None:
    camera: Any = world.camera
    axis = Vector((math.cos(values["azimuth_rad"]), math.sin(values["azimuth_rad"]), 0.0))
    turn = Matrix.Rotation(values["tilt_rad"], 4, axis)
    away = Matrix.Translation((0.0, 0.0, values["distance_m"]))
    camera.matrix_world = turn @ away @ Matrix.Rotation(values["roll_rad"], 4, "Z")
    camera.data.sensor_fit, camera.data.sensor_width = "HORIZONTAL", 36.0
    camera.data.lens = values["focal_length_mm"]
    camera.data.clip_start = 0.01
