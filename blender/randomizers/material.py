"""What the objects are made of: ink on paper, any colour, or what their meshes came with; its shine and its pattern."""

import colorsys
from typing import Annotated, Any

import numpy as np

from blender import assets
from blender.allowed import names, numbers
from blender.randomizers.background import darken, lightness
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.shaders import textures
from blender.shaders.shading import Rgb, bump, mean_rgb, metres, print_on, shaded
from blender.world import Labelled, World
from pipeline.section import Distribution, Fraction

KEY = "params.yaml: randomizers.material.folder"
SHIFT_M = 10.0  # no two objects show the same part of a pattern
HAIR_M = 1e-4  # the ground lies so far below z = 0: light finds no way out of glass whose foot is in its plane
STILL = Distribution(kind="constant", args=[0.0])
PLAIN = {"saturation": 0.0, "metallic": 0.0, "coat": 0.0, "transmission": 0.0, "bump": 0.0, "pattern": "plain"}


class Params(RandomizerParams):
    source: Annotated[Distribution, names(["contrast", "colour", "own"])]  # contrast: to the background
    shared: bool  # all objects of a frame are of one material
    contrast: Annotated[Distribution, numbers(0, 1)]  # 0: as light as the background, 1: black
    inverted_fraction: Fraction  # part of the frames with light objects on a dark background, where source is contrast
    hue: Annotated[Distribution, numbers()]
    saturation: Annotated[Distribution, numbers(0, 1)]
    value: Annotated[Distribution, numbers(0, 1)]  # where source is colour
    roughness: Annotated[Distribution, numbers(0, 1)]
    metallic: Annotated[Distribution, numbers(0, 1)]
    specular: Annotated[Distribution, numbers(0, 1)]
    coat: Annotated[Distribution, numbers(0, 1)]
    transmission: Annotated[Distribution, numbers(0, 1)]  # 1: glass, which needs render.bounces >= 4
    ior: Annotated[Distribution, numbers(1, 4)]
    bump: Annotated[Distribution, numbers(0, 1)]
    pattern: Annotated[Distribution, names(["plain", "image", *textures.PATTERNS])]
    pattern_strength: Annotated[Distribution, numbers(0, 1)]  # how much darker the pattern is
    pattern_scale: Annotated[Distribution, numbers(1e-3)]  # repeats in a metre
    pattern_hue: Annotated[Distribution, numbers()] = STILL  # of the pattern's colour, beyond that of the object
    folder: str | None  # of pictures, for the pattern `image`; they are tinted by the colour
    image_width_m: Annotated[Distribution, numbers(1e-4)]


def check(params: Params) -> None:
    """Raises InputError where the pattern `image` has no pictures to take."""
    if "image" in params.pattern.args:
        assets.check_pictures(params.folder, KEY)


def sample(rng: Rng, params: Params, objects: int) -> Values:
    """One material for a frame or for each object; a pen is pressed differently for each."""
    inverted = bool(rng.random() < params.inverted_fraction)
    pressure = [float(p) for p in rng.uniform(0.9, 1.0, objects)]
    materials = [_material(rng, params) for _ in range(1 if params.shared else objects)]
    return {"inverted": inverted, "pressure": pressure, "shared": params.shared, "materials": materials}


def _material(rng: Rng, params: Params) -> Values:
    drawn = {**draw_all(rng, params), "shift_m": rng.uniform(-SHIFT_M, SHIFT_M, 3).round(3).tolist()}
    if drawn["pattern"] != "image":
        return drawn
    return {**drawn, "folder": params.folder, "file": assets.pick(rng, params.folder, assets.PICTURES, KEY)}


def fixed(params: Params, objects: int) -> Values:
    plain = {**centre_all(params), **PLAIN, "shift_m": [0.0, 0.0, 0.0]}
    return {"inverted": False, "pressure": [1.0] * objects, "shared": True, "materials": [plain]}


def apply(world: World, values: Values) -> None:
    world.ground.location.z = -HAIR_M
    light = lightness(world)
    number = len(world.objects)
    materials = values["materials"] * number if values["shared"] else values["materials"]
    for index, (labelled, material) in enumerate(zip(world.objects, materials, strict=True)):
        if material["source"] != "own" or not any(slot.material for slot in labelled.object.material_slots):
            dark = material["contrast"] * values["pressure"][index]
            rgb = _rgb(material, light if values["inverted"] else light * (1 - dark))
            _cover(labelled, rgb, material, index)
    contrasts = [m["contrast"] for m in materials if m["source"] == "contrast"]
    if values["inverted"] and contrasts:
        darken(world, 1 - float(np.mean(contrasts)))


def _rgb(material: Values, light: float) -> Rgb:
    """Its colour, where `light` is the lightness that the contrast asks for."""
    value = light if material["source"] == "contrast" else material["value"]
    return colorsys.hsv_to_rgb(material["hue"] % 1.0, material["saturation"], value)


def _cover(labelled: Labelled, rgb: Rgb, values: Values, index: int) -> None:
    """Replace the materials of an object by one, but for the slots that its scene keeps."""
    thing = labelled.object
    material, shader = shaded("object", rgb, values)
    if values["pattern"] != "plain" or values["bump"]:
        x, y, z = (s * (index + 1) for s in values["shift_m"])
        where = metres(material.node_tree, tuple(thing.scale), (x, y, z))
        print_on(material.node_tree, shader, rgb, values, where)
        bump(material.node_tree, shader, values, where)
    if thing.data.users > 1:
        thing.data = thing.data.copy()
    _fill(thing.data.materials, material, labelled.kept_slots)
    if labelled.on_colour is not None:
        labelled.on_colour(mean_rgb(rgb, values))


def _fill(slots: Any, material: Any, kept: int) -> None:
    """Put it into all slots but the last `kept`: emptying them would forget which face has which."""
    if not kept:
        slots.clear()
        slots.append(material)
    for slot in range(len(slots) - kept):
        slots[slot] = material
