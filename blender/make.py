"""One frame: (params, split, index) -> pixels and facts, whatever was made before it."""

from dataclasses import dataclass
from typing import Any

from blender.geometry import projection, silhouette, world_triangles
from blender.passes import render_layers
from blender.randomizers import RANDOMIZERS, sensor
from blender.samplers import stream
from blender.scenes import SCENES, Scene
from blender.world import Labelled, World, empty_world
from pipeline.errors import InputError, lookup
from pipeline.frame import Frame, Instance
from pipeline.params import Params
from pipeline.section import Section, extras, validate


@dataclass(frozen=True)
class Recipe:
    """Checked parameters of everything that makes a frame."""

    seed: int
    size_wh: tuple[int, int]
    scene: Scene
    scene_params: Section
    randomizers: dict[str, Any]  # name -> its Params


def make_recipe(params: Params) -> Recipe:
    """Check the sections that scenes and randomizers declare. Raises InputError that names the key."""
    scene = lookup(SCENES, params.scene.name, "params.yaml: scene.name")
    scene_params = validate(scene.Params, extras(params.scene), "params.yaml: scene")
    scene.check(scene_params)
    for name in params.randomizers:
        lookup(RANDOMIZERS, name, "params.yaml: randomizers")
    for name in RANDOMIZERS:
        if name not in params.randomizers:
            raise InputError(f"params.yaml: randomizers.{name}: missing.")
    randomizers = {
        name: validate(entry.Params, params.randomizers[name], f"params.yaml: randomizers.{name}")
        for name, entry in RANDOMIZERS.items()
    }
    size_wh = (params.render.width_px, params.render.height_px)
    return Recipe(params.seed, size_wh, scene, scene_params, randomizers)


def make_frame(recipe: Recipe, split: str, index: int) -> Frame:
    """Build, vary, render, develop."""
    # --- Populate the scene
    world = empty_world(recipe.size_wh)
    recipe.scene.build(world, recipe.scene_params, stream(recipe.seed, split, index, "scene"))

    # --- Vary it
    drawn = {name: _values(recipe, name, split, index, len(world.objects)) for name in RANDOMIZERS}
    for name, entry in RANDOMIZERS.items():
        entry.apply(world, drawn[name])

    # --- Render it
    for number, labelled in enumerate(world.objects, start=1):
        labelled.object.pass_index = number
    layers = render_layers(seed=int(stream(recipe.seed, split, index, "path tracer").integers(2**31)))

    # --- Write down what is there
    return Frame(
        split=split,
        index=index,
        rgb=sensor.develop(layers.rgb, drawn["sensor"]),
        ids=layers.ids,
        categories=recipe.scene.CATEGORIES,
        instances=instances(world),
        drawn=drawn,
    )


def _values(recipe: Recipe, name: str, split: str, index: int, objects: int) -> dict[str, Any]:
    params, entry = recipe.randomizers[name], RANDOMIZERS[name]
    if not params.enabled:
        return entry.fixed(params, objects)
    return entry.sample(stream(recipe.seed, split, index, name), params, objects)


def instances(world: World) -> tuple[Instance, ...]:
    """The facts about every labelled object that the camera could see if nothing hid it."""
    matrix = projection(world.camera, world.size_wh)
    found = (_instance(number, o, matrix, world) for number, o in enumerate(world.objects, start=1))
    return tuple(i for i in found if i is not None)


def _instance(number: int, labelled: Labelled, matrix: Any, world: World) -> Instance | None:
    shape = silhouette(world_triangles(labelled.object), matrix, world.size_wh)
    if shape is None:
        return None
    return Instance(
        id=number,
        category=labelled.category,
        amodal_box_xyxy=shape.box_xyxy,
        amodal_area_px=shape.area_px,
        truncated_fraction=shape.truncated_fraction,
        drawn=labelled.drawn,
    )
