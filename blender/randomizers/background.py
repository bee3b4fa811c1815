"""What the objects lie on: lightness and colour of the ground, a pattern printed on it, or a picture laid on it."""

import colorsys
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from blender import assets
from blender.allowed import names, numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.shaders import textures
from blender.world import World, principled
from pipeline.section import Distribution

KEY = "params.yaml: randomizers.background.folder"
SHIFT_M = 10.0  # a picture repeats over the ground: any part of it may come to lie under the camera


class Params(RandomizerParams):
    value: Annotated[Distribution, numbers(0, 1)]  # a picture is darkened by it, and tinted by the next two
    saturation: Annotated[Distribution, numbers(0, 1)]
    hue: Annotated[Distribution, numbers()]
    pattern: Annotated[Distribution, names(["plain", "image", *textures.PATTERNS])]
    pattern_strength: Annotated[Distribution, numbers(0, 1)]  # how much darker the pattern is
    pattern_scale: Annotated[Distribution, numbers(0)]  # repeats in a metre
    folder: str | None  # of pictures, for the pattern `image`
    image_width_m: Annotated[Distribution, numbers(1e-3)]  # of a picture that lies on the ground


def check(params: Params) -> None:
    """Raises InputError where the pattern `image` has no pictures to take."""
    if "image" in params.pattern.args:
        assets.check_pictures(params.folder, KEY)


def sample(rng: Rng, params: Params, objects: int) -> Values:
    drawn = draw_all(rng, params)
    place = {"turn_rad": float(rng.uniform(-np.pi, np.pi)), "shift_m": rng.uniform(-SHIFT_M, SHIFT_M, 2).tolist()}
    if drawn["pattern"] != "image":
        return drawn
    return {**drawn, "folder": params.folder, "file": assets.pick(rng, params.folder, assets.PICTURES, KEY), **place}


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), "saturation": 0.0, "pattern": "plain"}


def apply(world: World, values: Values) -> None:
    material, shader = principled("background")
    shader.inputs["Roughness"].default_value = 0.9
    shader.inputs["Specular IOR Level"].default_value = 0.1
    rgb = colorsys.hsv_to_rgb(values["hue"] % 1.0, values["saturation"], values["value"])
    shader.inputs["Base Color"].default_value = (*rgb, 1.0)
    if values["pattern"] == "image":
        _lay(material.node_tree, shader, rgb, values)
    elif values["pattern"] != "plain":
        _print(material.node_tree, shader, rgb, values)
    world.ground.data.materials.append(material)


def _print(tree: Any, shader: Any, rgb: tuple[float, float, float], values: Values) -> None:
    """Mix the ground's colour with a darker one by the pattern."""
    where = tree.nodes.new("ShaderNodeTexCoord")  # object coordinates: metres
    mix = tree.nodes.new("ShaderNodeMixRGB")
    mix.inputs["Color1"].default_value = (*rgb, 1.0)
    mix.inputs["Color2"].default_value = (*(c * (1 - values["pattern_strength"]) for c in rgb), 1.0)
    amount = textures.pattern(tree, values["pattern"], values["pattern_scale"], where.outputs["Object"])
    tree.links.new(amount, mix.inputs["Fac"])
    tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])


def _lay(tree: Any, shader: Any, rgb: tuple[float, float, float], values: Values) -> None:
    """Lay the picture on the ground, seen through glass of this colour."""
    path = Path(values["folder"]) / values["file"]
    where = tree.nodes.new("ShaderNodeTexCoord")
    tint = tree.nodes.new("ShaderNodeMixRGB")
    tint.blend_type = "MULTIPLY"
    tint.inputs["Fac"].default_value = 1.0
    tint.inputs["Color2"].default_value = (*rgb, 1.0)
    place = (values["image_width_m"], values["turn_rad"], tuple(values["shift_m"]))
    tree.links.new(textures.image(tree, path, where.outputs["Object"], *place), tint.inputs["Color1"])
    tree.links.new(tint.outputs["Color"], shader.inputs["Base Color"])
    # No pixel shows it, but it says how light the ground is: see `lightness`.
    shader.inputs["Base Color"].default_value = (*(c * mean_light(path) for c in rgb), 1.0)


def mean_light(path: Path) -> float:
    """The mean of a picture's linear light, of 0 .. 1, from a small copy of it. Raises InputError for a damaged one."""
    return float(((assets.small_copy(path) / 255) ** 2.2).mean())


def lightness(world: World) -> float:
    """How light the ground is, 0 .. 1: that of its colour, or of its picture on the average."""
    return float(max(_shader(world).inputs["Base Color"].default_value[:3]))


def darken(world: World, factor: float) -> None:
    """Make every colour of the ground darker by `factor`."""
    base = _shader(world).inputs["Base Color"]
    mixed = [link.from_node.inputs[name] for link in base.links for name in ("Color1", "Color2")]
    for socket in (base, *mixed):
        socket.default_value = (*(c * factor for c in socket.default_value[:3]), 1.0)


def _shader(world: World) -> Any:
    return world.ground.data.materials[0].node_tree.nodes["Principled BSDF"]
