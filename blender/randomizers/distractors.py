"""Things without a label that lie about, and may hide part of the objects."""

import math
from typing import Annotated, Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix

from blender.allowed import integers, names, numbers
from blender.randomizers.base import RandomizerParams, Values
from blender.randomizers.placement import ground_point
from blender.samplers import Rng, draw
from blender.world import World, add, principled
from pipeline.section import Distribution

SHAPES = ("cube", "sphere", "cylinder", "torus", "scribble")


class Params(RandomizerParams):
    number: Annotated[Distribution, integers(0)]
    shape: Annotated[Distribution, names(SHAPES)]
    size_m: Annotated[Distribution, numbers(1e-4)]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    things = [
        {
            "shape": draw(params.shape, rng),
            "size_m": draw(params.size_m, rng),
            "place": rng.random(2).round(4).tolist(),
            "turn_rad": float(rng.uniform(-np.pi, np.pi)),
            "rgb": rng.random(3).round(3).tolist(),
            "way": rng.uniform(-1, 1, (5, 2)).round(3).tolist(),  # of a scribble
        }
        for _ in range(draw(params.number, rng))
    ]
    return {"things": things}


def fixed(params: Params, objects: int) -> Values:
    return {"things": []}


def apply(world: World, values: Values) -> None:
    for thing in values["things"]:
        spot = ground_point(world, thing["place"], 0.0)
        if not np.isfinite(spot).all():
            continue
        data = _scribble(thing) if thing["shape"] == "scribble" else _solid(thing)
        material, shader = principled("distractor")
        shader.inputs["Base Color"].default_value = (*thing["rgb"], 1.0)
        data.materials.append(material)
        made = add("distractor", data)
        made.location.x, made.location.y = spot
        made.rotation_euler.z = thing["turn_rad"]


def _solid(thing: Values) -> Any:
    """A mesh of about `size_m` that stands on the ground."""
    half_m = thing["size_m"] / 2
    form = bmesh.new()
    lifted = Matrix.Translation((0.0, 0.0, half_m))
    if thing["shape"] == "cube":
        bmesh.ops.create_cube(form, size=2 * half_m, matrix=lifted)
    elif thing["shape"] == "sphere":
        bmesh.ops.create_uvsphere(form, u_segments=24, v_segments=12, radius=half_m, matrix=lifted)
    elif thing["shape"] == "cylinder":
        size = {"radius1": half_m, "radius2": half_m, "depth": 2 * half_m}
        bmesh.ops.create_cone(form, cap_ends=True, segments=24, matrix=lifted, **size)
    else:
        _torus(form, half_m)
    mesh = bpy.data.meshes.new("distractor")
    form.to_mesh(mesh)
    form.free()
    return mesh


def _torus(form: Any, radius_m: float) -> None:
    """Spin a small circle about the z axis."""
    at = Matrix.Translation((radius_m * 0.7, 0.0, radius_m * 0.3)) @ Matrix.Rotation(math.pi / 2, 4, "X")
    ring = bmesh.ops.create_circle(form, segments=12, radius=radius_m * 0.3, matrix=at)
    edges = list({e for v in ring["verts"] for e in v.link_edges})
    turn = {"cent": (0, 0, 0), "axis": (0, 0, 1), "angle": 2 * math.pi, "steps": 24}
    bmesh.ops.spin(form, geom=[*ring["verts"], *edges], **turn)


def _scribble(thing: Values) -> Any:
    """A line of a pen that is no digit."""
    curve = bpy.data.curves.new("distractor", "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", thing["size_m"] * 0.06
    spline = curve.splines.new("NURBS")
    way = np.array(thing["way"]) * thing["size_m"]
    spline.points.add(len(way) - 1)
    points = np.column_stack([way, np.zeros(len(way)), np.ones(len(way))])
    spline.points.foreach_set("co", points.ravel())
    spline.use_endpoint_u = True
    return curve
