"""Short sequences: the same objects in every frame, moved on from one to the next."""

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from blender.world import World

Floats = npt.NDArray[np.float64]


def moves(world: World, steps: int) -> list[Floats]:
    """What takes each labelled object from step 0 to this step: [4, 4] in the world, in the order of the objects."""
    if world.motion is None or not steps:
        return [np.eye(4) for _ in world.objects]
    planned = world.motion["objects"]
    return [np.asarray(_move(o.object, planned[o.place], steps)) for o in world.objects]


def _move(thing: Any, planned: dict[str, Any], steps: int) -> Matrix:
    """Slide over the ground, and turn about the vertical through the object's own origin."""
    place = thing.matrix_basis.translation
    turn = Matrix.Rotation(planned["spin_rad"] * steps, 4, "Z")
    slide = Matrix.Translation(Vector((*planned["slide_m"], 0.0)) * steps)
    return slide @ Matrix.Translation(place) @ turn @ Matrix.Translation(-place)


def camera_move(world: World, steps: int) -> Floats:
    """The same for the camera: on a circle about the vertical through the origin, and along the ground."""
    if world.motion is None or not steps:
        return np.eye(4)
    planned = world.motion["camera"]
    orbit = Matrix.Rotation(planned["orbit_rad"] * steps, 4, "Z")
    return np.asarray(Matrix.Translation(Vector((*planned["slide_m"], 0.0)) * steps) @ orbit)


def next_moves(world: World, step: int) -> tuple[list[Floats], Floats]:
    """What takes each labelled object, and the camera, from `step` to the next one: [4, 4] in the world.

    To be asked before `advance`.
    """
    objects = [
        after @ np.linalg.inv(now) for now, after in zip(moves(world, step), moves(world, step + 1), strict=True)
    ]
    return objects, camera_move(world, step + 1) @ np.linalg.inv(camera_move(world, step))


def advance(world: World, step: int) -> None:
    """Move everything from step 0 to `step` of its sequence."""
    if not step:
        return
    at_camera = camera_move(world, step)
    for labelled, move in zip(world.objects, moves(world, step), strict=True):
        labelled.object.matrix_basis = Matrix(move) @ labelled.object.matrix_basis
    world.camera.matrix_basis = Matrix(at_camera) @ world.camera.matrix_basis
    bpy.context.view_layer.update()
