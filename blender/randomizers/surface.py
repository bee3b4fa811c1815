"""What the objects lie on: lightness and colour of the sheet, and a pattern printed on it."""

import colorsys
from typing import Annotated, Any

from blender.allowed import names, numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.world import World, principled
from pipeline.section import Distribution


def _noise(tree: Any, where: Any, scale: float) -> Any:
    node = tree.nodes.new("ShaderNodeTexNoise")
    node.inputs["Scale"].default_value = scale
    tree.links.new(where, node.inputs["Vector"])
    return node.outputs["Fac"]


def _lines(tree: Any, where: Any, scale: float) -> Any:
    """Thin lines: the peaks of a wave across the sheet."""
    node = tree.nodes.new("ShaderNodeTexWave")
    node.bands_direction = "Y"
    node.inputs["Scale"].default_value = scale / 6.0  # the texture has about 6 bands in a unit
    tree.links.new(where, node.inputs["Vector"])
    peak = tree.nodes.new("ShaderNodeMath")
    peak.operation = "GREATER_THAN"
    peak.inputs[1].default_value = 0.95
    tree.links.new(node.outputs["Fac"], peak.inputs[0])
    return peak.outputs["Value"]


def _grid(tree: Any, where: Any, scale: float) -> Any:
    node = tree.nodes.new("ShaderNodeTexBrick")
    node.offset = 0.0
    for key, value in (("Scale", scale), ("Mortar Size", 0.03), ("Brick Width", 1.0), ("Row Height", 1.0)):
        node.inputs[key].default_value = value
    tree.links.new(where, node.inputs["Vector"])
    return node.outputs["Fac"]


PATTERNS = {"noise": _noise, "lines": _lines, "grid": _grid}


class Params(RandomizerParams):
    value: Annotated[Distribution, numbers(0, 1)]
    saturation: Annotated[Distribution, numbers(0, 1)]
    hue: Annotated[Distribution, numbers()]
    pattern: Annotated[Distribution, names(["plain", *PATTERNS])]
    pattern_strength: Annotated[Distribution, numbers(0, 1)]  # how much darker the pattern is
    pattern_scale: Annotated[Distribution, numbers(0)]  # repeats in a metre


def sample(rng: Rng, params: Params, objects: int) -> Values:
    return draw_all(rng, params)


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), "saturation": 0.0, "pattern": "plain"}


def apply(world: World, values: Values) -> None:
    material, shader = principled("surface")
    shader.inputs["Roughness"].default_value = 0.9
    shader.inputs["Specular IOR Level"].default_value = 0.1
    rgb = colorsys.hsv_to_rgb(values["hue"], values["saturation"], values["value"])
    shader.inputs["Base Color"].default_value = (*rgb, 1.0)
    if values["pattern"] != "plain":
        _print(material.node_tree, shader, rgb, values)
    world.ground.data.materials.append(material)


def _print(tree: Any, shader: Any, rgb: tuple[float, float, float], values: Values) -> None:
    """Mix the sheet's colour with a darker one by the pattern."""
    where = tree.nodes.new("ShaderNodeTexCoord")  # object coordinates: metres
    mix = tree.nodes.new("ShaderNodeMixRGB")
    mix.inputs["Color1"].default_value = (*rgb, 1.0)
    mix.inputs["Color2"].default_value = (*(c * (1 - values["pattern_strength"]) for c in rgb), 1.0)
    amount = PATTERNS[values["pattern"]](tree, where.outputs["Object"], values["pattern_scale"])
    tree.links.new(amount, mix.inputs["Fac"])
    tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])
