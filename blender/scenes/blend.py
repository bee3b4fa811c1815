"""Copies of the things in the user's own .blend.

    scene:
      name: blend
      file: assets/props.blend
      objects: {Die: die, Coins: coin}  # object or collection of the file -> category

An object stands in the picture as it does in the file, at the file's size times `scale`; its origin, best near its
middle, is where the placement puts it. Modifiers come along as they are set for rendering, animation and constraints do
not.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import bpy
from mathutils import Matrix
from pydantic import Field

from blender.allowed import integers, numbers
from blender.objects.rest import rest
from blender.samplers import Rng, draw
from blender.scenes.alike import as_rendered, realize
from blender.scenes.library import Template, load_templates
from blender.world import Labelled, World
from pipeline.section import Distribution, Section


class Params(Section):
    file: str
    objects: Annotated[dict[str, str], Field(min_length=1)]
    count: Annotated[Distribution, integers(0)] = Distribution(kind="integer", args=[6, 12])
    scale: Annotated[Distribution, numbers(1e-6)] = Distribution(kind="constant", args=[1.0])
    rotation_rad: Annotated[Distribution, numbers()] = Distribution(kind="uniform", args=[-3.14, 3.14])


def check(params: Params) -> None:
    """Raises InputError for a file or object that is not there, or cannot be labelled."""
    with bpy.data.temp_data() as apart:
        load_templates(Path(params.file), params.objects, apart, whole=True)


def categories(params: Params) -> tuple[str, ...]:
    return tuple(dict.fromkeys(params.objects.values()))


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    """Of all objects of a category together; each has those that are marked on it."""
    return _keypoints(Path(params.file), tuple(params.objects.items()))


@lru_cache(maxsize=1)
def _keypoints(path: Path, objects: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    names: dict[str, dict[str, None]] = {}
    with bpy.data.temp_data() as apart:
        for template in load_templates(path, dict(objects), apart):
            names.setdefault(template.category, {}).update(dict.fromkeys(template.keypoints))
    return {category: tuple(found) for category, found in names.items() if found}


def build(world: World, params: Params, rng: Rng) -> None:
    """Put copies into the world, all at its middle: the placement moves them apart. Every category is as likely."""
    templates = load_templates(Path(params.file), params.objects, bpy.data)
    for thing in bpy.data.objects:  # those that modifiers of others refer to as well
        as_rendered(thing)
    known = categories(params)
    for _ in range(draw(params.count, rng)):
        category = known[int(rng.integers(len(known)))]
        fitting = [t for t in templates if t.category == category]
        drawn = {"scale": draw(params.scale, rng), "rotation_rad": draw(params.rotation_rad, rng)}
        world.objects.append(_copy(fitting[int(rng.integers(len(fitting)))], drawn))
    realize([labelled.object for labelled in world.objects])
    rest(world.objects)


def _copy(template: Template, drawn: dict[str, Any]) -> Labelled:
    """A copy with a mesh of its own, which gets a material of its own. Hidden in the file or not, it is shown."""
    made = template.object.copy()
    made.data = template.object.data.copy()
    made.parent = None
    made.animation_data_clear()
    made.constraints.clear()
    made.matrix_basis = Matrix.Rotation(drawn["rotation_rad"], 4, "Z") @ template.turn @ Matrix.Scale(drawn["scale"], 4)
    made.hide_render = made.hide_viewport = made.is_holdout = made.is_shadow_catcher = False
    made.visible_camera = True
    bpy.context.scene.collection.objects.link(made)
    return Labelled(made, template.category, 0.0, {"object": template.name, **drawn}, template.keypoints)
