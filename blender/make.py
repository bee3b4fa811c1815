"""One frame: (params, split, index) -> pixels and facts, whatever was made before it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blender import sequence
from blender.facts.flow import optical_flow
from blender.facts.instances import instances
from blender.facts.view import camera_facts
from blender.picture.passes import Layers, render_layers
from blender.randomizers import RANDOMIZERS, sensor
from blender.samplers import stream
from blender.scenes import SCENES, Scene
from blender.world import World, empty_world
from pipeline.errors import InputError, lookup
from pipeline.frame import Camera, Frame
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
    sequence_length: int
    layers: tuple[str, ...]  # kept beside colours and ids
    device: str

    def start(self, index: int) -> int:
        """The first frame of the sequence that a frame belongs to: all draws are those of the first."""
        return index - index % self.sequence_length


def make_recipe(params: Params, device: str = "cpu") -> Recipe:
    """Check the sections that scenes and randomizers declare. Raises InputError that names the key."""
    scene = lookup(SCENES, params.scene.name, "params.yaml: scene.name")
    scene_params = validate(scene.Params, extras(params.scene), "params.yaml: scene")
    scene.check(scene_params)
    render = params.render
    return Recipe(
        seed=params.seed,
        size_wh=(render.width_px, render.height_px),
        scene=scene,
        scene_params=scene_params,
        randomizers=check_randomizers(params.randomizers),
        sequence_length=render.sequence_length,
        layers=tuple(render.layers),
        device=device,
    )


def check_randomizers(given: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The Params of every randomizer. Raises InputError for an unknown or missing one and for wrong keys."""
    for name in given:
        lookup(RANDOMIZERS, name, "params.yaml: randomizers")
    for name in RANDOMIZERS:
        if name not in given:
            raise InputError(f"params.yaml: randomizers.{name}: missing.")
    checked = {n: validate(r.Params, given[n], f"params.yaml: randomizers.{n}") for n, r in RANDOMIZERS.items()}
    for name, entry in RANDOMIZERS.items():
        check = getattr(entry, "check", None)
        if check is not None and checked[name].enabled:
            check(checked[name])
    return checked


def make_frame(recipe: Recipe, split: str, index: int) -> Frame:
    """Build, vary, render, develop."""
    start = recipe.start(index)
    step = index - start

    # --- Populate the scene
    world = empty_world(recipe.size_wh)
    recipe.scene.build(world, recipe.scene_params, stream(recipe.seed, split, start, "scene"))
    for place, labelled in enumerate(world.objects):
        labelled.place = place

    # --- Vary it, as at the start of its sequence, and move on
    drawn = vary(recipe, world, split, start)
    ahead = sequence.next_moves(world, step) if "flow" in recipe.layers else ([], None)
    sequence.advance(world, step)

    # --- Render it
    for number, labelled in enumerate(world.objects, start=1):
        labelled.object.pass_index = number
    layers = render_layers(world, seed=int(stream(recipe.seed, split, index, "path tracer").integers(2**31)))
    camera = camera_facts(world)

    # --- Write down what is there
    drawn["sensor"] = sensor.at_step(drawn["sensor"], step)
    return Frame(
        split=split,
        index=index,
        rgb=sensor.develop(layers.rgb, drawn["sensor"]),
        ids=layers.ids,
        categories=recipe.scene.categories(recipe.scene_params),
        instances=instances(world, layers.depth_m),
        drawn=portable(drawn),
        camera=camera,
        keypoint_names=recipe.scene.keypoints(recipe.scene_params),
        sequence=start // recipe.sequence_length,
        step=step,
        device=recipe.device,
        layers=_kept(recipe, layers, camera, ahead),
    )


def vary(recipe: Recipe, world: World, split: str, index: int) -> dict[str, Any]:
    """Apply every randomizer; returns the values drawn, by randomizer."""
    drawn = {name: _values(recipe, name, split, index, len(world.objects)) for name in RANDOMIZERS}
    for name, entry in RANDOMIZERS.items():
        entry.apply(world, drawn[name])
    return drawn


def portable(values: Any) -> Any:
    """Values as a frame records them: of a folder outside of the project its name alone, not where it lies."""
    if isinstance(values, dict):
        plain = {k: portable(v) for k, v in values.items()}
        folder = Path(values["folder"]) if isinstance(values.get("folder"), str) else None
        return plain | ({"folder": folder.name} if folder and folder.is_absolute() else {})
    return [portable(v) for v in values] if isinstance(values, list) else values


def _values(recipe: Recipe, name: str, split: str, index: int, objects: int) -> dict[str, Any]:
    params, entry = recipe.randomizers[name], RANDOMIZERS[name]
    if not params.enabled:
        return entry.fixed(params, objects)
    return entry.sample(stream(recipe.seed, split, index, name), params, objects)


def _kept(recipe: Recipe, layers: Layers, camera: Camera, ahead: tuple[list[Any], Any]) -> dict[str, Any]:
    """The layers that the parameters ask for."""
    made: dict[str, Callable[[], Any]] = {
        "depth": lambda: layers.depth_m,
        "normals": lambda: layers.normals,
        "flow": lambda: optical_flow(layers.depth_m, layers.ids, camera, *ahead),
    }
    return {name: made[name]() for name in recipe.layers}
