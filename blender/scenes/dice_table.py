"""What lies about on a table with dice and is no die: walls of a tray, flat discs (magnets, counters), strips."""

import colorsys
import math
from typing import Any

from mathutils import Matrix

from blender.objects.primitives import solid
from blender.samplers import Rng
from blender.shaders.nodes import node
from blender.shaders.shading import Rgb, shaded
from blender.shaders.textures import pattern
from blender.world import add

REACH_M = 0.7  # from the middle of the table: about what a picture shows
LONG_M = 3.0  # ends lie outside of it
SHEET_M, RIM_M = 0.02, 0.004  # thickness of each layer of a wall, and how far its rim stands out
PRINTS = ("noise", "voronoi", "checker", "lines", "marble")


def add_flat(rng: Rng) -> None:
    """A disc, grey more often than not, or a strip as of another board or sheet."""
    if rng.random() < 0.75:
        _disc(rng)
    else:
        _strip(rng)


def _disc(rng: Rng) -> None:
    width_m, height_m = float(rng.uniform(0.04, 0.16)), float(rng.uniform(0.003, 0.03))
    made = add("disc", solid("cylinder", (width_m, width_m, height_m)))
    made.location = (*rng.uniform(-REACH_M, REACH_M, 2), height_m / 2)
    grey = rng.random() < 0.6
    colour = _rgb(rng, 0.1 if grey else 0.9)
    finish = {"roughness": float(rng.uniform(0.2, 0.9)), "metallic": float(rng.random() < 0.2)}
    made.data.materials.append(shaded("disc", colour, finish)[0])


def _strip(rng: Rng) -> None:
    """From border to border of the picture."""
    size_m = (LONG_M, float(rng.uniform(0.02, 0.5)), float(rng.uniform(0.001, 0.01)))
    made = add("strip", solid("cube", size_m))
    made.matrix_basis = _across(float(rng.uniform(0.1, REACH_M)), size_m[2], float(rng.uniform(-math.pi, math.pi)))
    made.data.materials.append(shaded("strip", _rgb(rng, 0.15), {"roughness": float(rng.uniform(0.3, 0.9))})[0])


def add_tray(rng: Rng) -> None:
    """One to four walls about the middle: inside, rim and outside differ, each plain or printed."""
    turn_rad, height_m = float(rng.uniform(-math.pi, math.pi)), float(rng.uniform(0.03, 0.3))
    papers = [_paper(rng, name) for name in ("inside", "rim", "outside")]
    for side in range(int(rng.integers(1, 5))):
        away_m = float(rng.uniform(0.35, 0.8))
        for place, paper in enumerate(papers):
            sheet_m = height_m + (RIM_M if place == 1 else 0.0)
            made = add("wall", solid("cube", (LONG_M, SHEET_M, sheet_m)))
            made.matrix_basis = _across(away_m + place * SHEET_M, sheet_m, turn_rad + side * math.pi / 2)
            made.data.materials.append(paper)


def _across(away_m: float, height_m: float, turn_rad: float) -> Matrix:
    """Standing on the ground across the direction `turn_rad`, so far from the middle."""
    return Matrix.Rotation(turn_rad, 4, "Z") @ Matrix.Translation((0.0, away_m, height_m / 2))


def _paper(rng: Rng, name: str) -> Any:
    """Plain, or printed with a pattern of two colours."""
    material, shader = shaded(name, _rgb(rng, 0.3), {"roughness": float(rng.uniform(0.3, 0.9))})
    if rng.random() < 0.5:
        _print(material.node_tree, shader, _rgb(rng, 0.9), PRINTS[int(rng.integers(len(PRINTS)))], rng.uniform(3, 40))
    return material


def _print(tree: Any, shader: Any, rgb: Rgb, kind: str, scale: float) -> None:
    where, mix = node(tree, "ShaderNodeTexCoord"), node(tree, "ShaderNodeMixRGB")
    mix.inputs["Color2"].default_value = (*rgb, 1.0)
    mix.inputs["Color1"].default_value = shader.inputs["Base Color"].default_value
    tree.links.new(pattern(tree, kind, scale, where.outputs["Object"]), mix.inputs["Fac"])
    tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])


def _rgb(rng: Rng, saturation: float) -> Rgb:
    """At most so saturated; from black to white."""
    hue, chroma, light = rng.random(), rng.uniform(0, saturation), rng.uniform(0.1, 0.9)
    return colorsys.hsv_to_rgb(hue, chroma, light**2.2)
