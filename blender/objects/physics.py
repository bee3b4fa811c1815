"""Things fall and come to rest: Blender's rigid bodies, in a scene of their own that is thrown away afterwards.

Lengths are scaled so that a thing of middling size has a radius of 1 m: the engine (Bullet) is made for things of that
size, and those of a few centimetres jitter and sink into each other.
"""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from blender.objects.hulls import centroid, support_points

Floats = npt.NDArray[np.float64]

FRAMES = 288  # at most, 12 s of the scaled world: bounds the time that a drop takes
CHECKED = 12  # frames between two looks at whether all are at rest
STILL = 0.002  # from frame to frame, m and rad of the scaled world: at rest
MARGIN = 0.02  # m of the scaled world by which the engine keeps things apart: cards do not fall through each other
# Damping and friction of things on a table cloth: balls stop rolling
BODY = {"mass": 1.0, "friction": 0.7, "restitution": 0.0, "linear_damping": 0.2, "angular_damping": 0.9}
SHAPE = {"collision_shape": "CONVEX_HULL", "use_margin": True, "collision_margin": MARGIN}
SLEEP = {"use_deactivation": True, "deactivate_linear_velocity": 0.15, "deactivate_angular_velocity": 0.15}


def settle(clouds: Sequence[Floats], starts: Sequence[Floats]) -> list[Floats | None]:
    """Let things fall on the plane z = 0. The same input gives the same poses.

    `clouds`: the points [V, 3] m of each in its own axes, of which the convex hull counts; `starts`: where each begins,
    [4, 4] without scale, clear of the others. Returns where each comes to rest, or None for one that is still moving
    when time is up, or fell through the ground.
    """
    if not clouds:
        return []
    hulls = [support_points(c) for c in clouds]
    middles = [centroid(h) for h in hulls]
    sizes = [float(np.linalg.norm(h - m, axis=1).max()) for h, m in zip(hulls, middles, strict=True)]
    scale = 1 / float(np.median(sizes))
    hulls = [(h - m) * scale for h, m in zip(hulls, middles, strict=True)]
    begin = [_moved(s, m) for s, m in zip(starts, middles, strict=True)]
    poses, moved = _simulate(hulls, [_scaled(b, scale) for b in begin])
    back = [_moved(_scaled(p, 1 / scale), -m) for p, m in zip(poses, middles, strict=True)]
    sunk = [p[2, 3] < 0 for p in poses]
    return [None if s or d > STILL else b for b, s, d in zip(back, sunk, moved, strict=True)]


def _moved(pose: Floats, by: Floats) -> Floats:
    """The pose of the point `by`, in own axes, of a thing."""
    result = pose.copy()
    result[:3, 3] += pose[:3, :3] @ by
    return result


def _scaled(pose: Floats, scale: float) -> Floats:
    result = pose.copy()
    result[:3, 3] *= scale
    return result


def _simulate(hulls: list[Floats], starts: list[Floats]) -> tuple[list[Floats], list[float]]:
    """Poses at the end, and how far the farthest entry of each moved in the last frame."""
    scene = bpy.data.scenes.new("drop")
    try:
        bodies = _fill(scene, hulls, starts)
        return _run(scene, bodies)
    finally:
        _throw_away(scene)


def _fill(scene: Any, hulls: list[Floats], starts: list[Floats]) -> list[Any]:
    """Put the ground and the bodies into the scene."""
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        bpy.ops.rigidbody.world_add()
        scene.rigidbody_world.collection = bpy.data.collections.new("bodies")
        scene.rigidbody_world.point_cache.frame_start, scene.rigidbody_world.point_cache.frame_end = 0, FRAMES
        side_m = 4 * max(float(np.abs(s[:2, 3]).max()) for s in starts) + 100
        slab = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * (side_m, side_m, 5.0)
        ground = _body(scene, slab, Matrix.Translation((0, 0, -5.0)))
        ground.rigid_body.type, ground.rigid_body.collision_shape = "PASSIVE", "BOX"
        return [_body(scene, h, Matrix(s)) for h, s in zip(hulls, starts, strict=True)]


def _body(scene: Any, points: Floats, pose: Matrix) -> Any:
    mesh = bpy.data.meshes.new("body")
    mesh.from_pydata(points.tolist(), [], [])
    made = bpy.data.objects.new("body", mesh)
    scene.collection.objects.link(made)
    made.matrix_world = pose
    scene.rigidbody_world.collection.objects.link(made)  # makes it a body
    for name, value in (BODY | SHAPE | SLEEP).items():
        setattr(made.rigid_body, name, value)
    return made


def _run(scene: Any, bodies: list[Any]) -> tuple[list[Floats], list[float]]:
    before = poses = [np.asarray(b.matrix_world, np.float64) for b in bodies]
    moved: list[float] = []
    for frame in range(FRAMES):
        scene.frame_set(frame)
        if frame % CHECKED >= CHECKED - 2:
            before, poses = poses, [np.asarray(b.matrix_world, np.float64) for b in bodies]
        if frame % CHECKED == CHECKED - 1:
            moved = [float(np.abs(a - b).max()) for a, b in zip(before, poses, strict=True)]
            if max(moved) < STILL / 10:
                break
    return poses, moved


def _throw_away(scene: Any) -> None:
    meshes = [o.data for o in scene.collection.objects]
    collection = scene.rigidbody_world.collection
    bpy.data.batch_remove([*scene.collection.objects, *meshes, collection])
    bpy.data.scenes.remove(scene)
