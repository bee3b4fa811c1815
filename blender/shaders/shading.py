"""A material out of drawn values: Principled parameters, a colour, and a pattern or picture printed on it."""

import colorsys
from pathlib import Path
from typing import Any

from blender.shaders import textures
from blender.world import principled

Rgb = tuple[float, float, float]

# Drawn value -> input of Blender's Principled BSDF
INPUTS = {
    "roughness": "Roughness",
    "metallic": "Metallic",
    "specular": "Specular IOR Level",
    "coat": "Coat Weight",
    "transmission": "Transmission Weight",
    "ior": "IOR",
}
BUMP = 0.5  # height of the highest bumps, of the width of one


def shaded(name: str, rgb: Rgb, values: dict[str, Any]) -> tuple[Any, Any]:
    """A new material of this colour, and its Principled node; `values` may have any of INPUTS."""
    material, shader = principled(name)
    shader.inputs["Base Color"].default_value = (*rgb, 1.0)
    for key, socket in INPUTS.items():
        if key in values:
            shader.inputs[socket].default_value = values[key]
    return material, shader


def metres(tree: Any, scale: Rgb, shift_m: Rgb) -> Any:
    """Socket with coordinates that are fixed to an object with this scale, in metres and shifted."""
    where, mapping = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = scale
    mapping.inputs["Location"].default_value = shift_m
    tree.links.new(where.outputs["Object"], mapping.inputs["Vector"])
    return mapping.outputs["Vector"]


def print_on(tree: Any, shader: Any, rgb: Rgb, values: dict[str, Any], where: Any) -> None:
    """Print the pattern, darker than the colour, or the picture, seen through glass of this colour; or nothing."""
    if values["pattern"] == "plain":
        return
    picture = values["pattern"] == "image"
    mix = tree.nodes.new("ShaderNodeMixRGB")
    mix.blend_type = "MULTIPLY" if picture else "MIX"
    mix.inputs["Fac"].default_value = 1.0
    mix.inputs["Color1"].default_value = (*rgb, 1.0)
    if picture:
        path = Path(values["folder"]) / values["file"]
        tree.links.new(textures.image(tree, path, where, values["image_width_m"], box=True), mix.inputs["Color2"])
    else:
        mix.inputs["Color2"].default_value = (*pattern_rgb(rgb, values), 1.0)
        amount = textures.pattern(tree, values["pattern"], values["pattern_scale"], where)
        tree.links.new(amount, mix.inputs["Fac"])
    tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])


def pattern_rgb(rgb: Rgb, values: dict[str, Any]) -> Rgb:
    """The colour of the pattern: darker by `pattern_strength`, and of another hue where `pattern_hue` says so."""
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    return colorsys.hsv_to_rgb((hue + values["pattern_hue"]) % 1, saturation, value * (1 - values["pattern_strength"]))


def mean_rgb(rgb: Rgb, values: dict[str, Any]) -> Rgb:
    """Of an object of this colour with its pattern, which covers about a half."""
    if values["pattern"] in ("plain", "image"):
        return rgb
    r, g, b = ((one + other) / 2 for one, other in zip(rgb, pattern_rgb(rgb, values), strict=True))
    return r, g, b


def bump(tree: Any, shader: Any, values: dict[str, Any], where: Any) -> None:
    """Make the surface look uneven: by its pattern, or by noise where it has none."""
    if not values["bump"]:
        return
    kind = values["pattern"] if values["pattern"] in textures.PATTERNS else "noise"
    node = tree.nodes.new("ShaderNodeBump")
    node.inputs["Strength"].default_value = values["bump"]
    node.inputs["Distance"].default_value = BUMP / values["pattern_scale"]
    tree.links.new(textures.pattern(tree, kind, values["pattern_scale"], where), node.inputs["Height"])
    tree.links.new(node.outputs["Normal"], shader.inputs["Normal"])
