"""Twenty meshes of one to four thousand triangles each on the ground: what the renderers are measured on.

Not in `SCENES`, since nobody trains on it; `register` puts it there for one process.
"""

import sys
from typing import Any

import bmesh
import bpy
from mathutils import Matrix

from bench.changes import SCENE
from blender.samplers import Rng
from blender.scenes import SCENES
from blender.world import Labelled, World, add
from pipeline.section import Section

COUNT = 20
RADIUS_M = 0.065  # seen from above; twenty fit into the picture in rows
MONKEY_RADIUS = 1.45  # of Blender's, ears included
CATEGORIES = ("ball", "block", "monkey")


class Params(Section):
    """No choices: every frame holds the same objects."""


def check(params: Params) -> None:
    """Nothing can be wrong."""


def categories(params: Params) -> tuple[str, ...]:
    return CATEGORIES


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    return {}


def build(world: World, params: Params, rng: Rng) -> None:
    """Balls, blocks and monkeys in turn, at the origin, resting on the ground."""
    for number in range(COUNT):
        category = CATEGORIES[number % len(CATEGORIES)]
        made = add(category, _mesh(category))
        made.location.z = RADIUS_M
        world.objects.append(Labelled(made, category, radius_m=RADIUS_M))


def _mesh(category: str) -> Any:
    form = bmesh.new()
    scale = Matrix.Scale(RADIUS_M, 4)
    if category == "ball":
        bmesh.ops.create_icosphere(form, subdivisions=4, radius=1, matrix=scale)
    elif category == "block":
        bmesh.ops.create_cube(form, size=1.4, matrix=scale)
        bmesh.ops.bevel(form, geom=form.edges, offset=0.2 * RADIUS_M, segments=6, profile=0.5, affect="EDGES")
    else:
        bmesh.ops.create_monkey(form, matrix=Matrix.Scale(RADIUS_M / MONKEY_RADIUS, 4))
        bmesh.ops.subdivide_edges(form, edges=form.edges, cuts=1, use_grid_fill=True)
    mesh = bpy.data.meshes.new(category)
    form.to_mesh(mesh)
    form.free()
    return mesh


def register() -> None:
    """Make `scene: {name: bench}` work in this process."""
    SCENES[SCENE] = sys.modules[__name__]
