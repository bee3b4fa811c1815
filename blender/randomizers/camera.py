"""Where the camera is, what it looks at, and its lens: on a shell about a target near the middle of the ground."""

from typing import Annotated, Any

from mathutils import Matrix

from blender.allowed import names, numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng, draw
from blender.world import World
from pipeline.section import Distribution

SENSOR_MM = 36.0  # width of a full-frame sensor
TYPES = {"perspective": "PERSP", "orthographic": "ORTHO"}


class Params(RandomizerParams):
    kind: Annotated[Distribution, names(TYPES)]
    target_m: Annotated[Distribution, numbers()]  # x and y on the ground, drawn one by one
    distance_m: Annotated[Distribution, numbers(0.02)]  # from the target
    tilt_rad: Annotated[Distribution, numbers(-1.5, 1.5)]  # 0: straight down
    azimuth_rad: Annotated[Distribution, numbers()]  # direction of the tilt
    level: bool  # true: the horizon is level; false: up in the picture is y of the ground from all azimuths
    roll_rad: Annotated[Distribution, numbers()]
    focal_length_mm: Annotated[Distribution, numbers(1)]  # on a sensor 36 mm wide
    f_number: Annotated[Distribution, numbers(0)]  # focused on the target; 0: everything is sharp


def sample(rng: Rng, params: Params, objects: int) -> Values:
    drawn = draw_all(rng, params)
    return {**drawn, "target_m": [drawn["target_m"], draw(params.target_m, rng)], "level": params.level}


def fixed(params: Params, objects: int) -> Values:
    straight = {"target_m": [0.0, 0.0], "tilt_rad": 0.0, "roll_rad": 0.0, "f_number": 0.0, "level": params.level}
    return {**centre_all(params), **straight}


def apply(world: World, values: Values) -> None:
    camera: Any = world.camera
    target = Matrix.Translation((*values["target_m"], 0.0))
    away = Matrix.Translation((0.0, 0.0, values["distance_m"]))
    roll = Matrix.Rotation(values["roll_rad"], 4, "Z")
    camera.matrix_world = target @ _shell(values) @ away @ roll
    camera.data.sensor_fit, camera.data.sensor_width = "HORIZONTAL", SENSOR_MM
    camera.data.type, camera.data.lens = TYPES[values["kind"]], values["focal_length_mm"]
    camera.data.ortho_scale = values["distance_m"] * SENSOR_MM / values["focal_length_mm"]  # as wide at the target
    camera.data.clip_start, camera.data.clip_end = 0.01, 1000.0
    _focus(camera.data, values)


def _shell(values: Values) -> Any:
    """The turn from straight over the target to the camera's place on the shell."""
    azimuth = Matrix.Rotation(values["azimuth_rad"], 4, "Z")
    tilted = azimuth @ Matrix.Rotation(values["tilt_rad"], 4, "X")
    return tilted if values["level"] else tilted @ azimuth.inverted()


def _focus(data: Any, values: Values) -> None:
    """Depth of field. Blender's f-number of an orthographic camera is that of a lens of 1 m, so it gets another one
    for an aperture of the same size: focal length / f-number (Cycles, blender/camera.cpp).
    """
    data.dof.use_dof = values["f_number"] > 0
    if not data.dof.use_dof:
        return
    lens_m = 1.0 if values["kind"] == "orthographic" else values["focal_length_mm"] / 1000
    data.dof.focus_distance = values["distance_m"]
    data.dof.aperture_fstop = values["f_number"] * lens_m / (values["focal_length_mm"] / 1000)
