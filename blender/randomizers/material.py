"""What the objects are made of: how dark they are against the sheet, colour, roughness."""

import colorsys
from typing import Annotated

from blender.allowed import numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.world import World, principled
from pipeline.section import Distribution, Fraction


class Params(RandomizerParams):
    contrast: Annotated[Distribution, numbers(0, 1)]  # 0: as light as the surface, 1: black
    inverted_fraction: Fraction  # part of the frames with light objects on a dark surface
    saturation: Annotated[Distribution, numbers(0, 1)]
    hue: Annotated[Distribution, numbers()]
    roughness: Annotated[Distribution, numbers(0, 1)]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    """One pen for a frame, pressed differently for each object."""
    pen = draw_all(rng, params)
    inverted = bool(rng.random() < params.inverted_fraction)
    pressure = [float(p) for p in rng.uniform(0.9, 1.0, objects)]
    return {**pen, "inverted": inverted, "pressure": pressure}


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), "saturation": 0.0, "inverted": False, "pressure": [1.0] * objects}


def apply(world: World, values: Values) -> None:
    light = _light_of(world)
    for labelled, pressure in zip(world.objects, values["pressure"], strict=True):
        material, shader = principled("pen")
        dark = light * (1 - values["contrast"] * pressure)
        rgb = colorsys.hsv_to_rgb(values["hue"], values["saturation"], light if values["inverted"] else dark)
        shader.inputs["Base Color"].default_value = (*rgb, 1.0)
        shader.inputs["Roughness"].default_value = values["roughness"]
        shader.inputs["Specular IOR Level"].default_value = 0.3
        labelled.object.data.materials.append(material)
    if values["inverted"]:
        _darken(world, 1 - values["contrast"])


def _light_of(world: World) -> float:
    """Lightness of the surface under the objects."""
    shader = world.ground.data.materials[0].node_tree.nodes["Principled BSDF"]
    return float(max(shader.inputs["Base Color"].default_value[:3]))


def _darken(world: World, factor: float) -> None:
    """Make every colour of the surface darker by `factor`."""
    for node in world.ground.data.materials[0].node_tree.nodes:
        for socket in node.inputs:
            if socket.name in ("Base Color", "Color1", "Color2") and node.type != "TEX_BRICK":
                socket.default_value = (*(c * factor for c in socket.default_value[:3]), 1.0)
