"""Procedural patterns: name -> nodes that give 0 .. 1."""

import math
from typing import Any

from blender.shaders.nodes import node, turned

WAVES = 20 / (2 * math.pi)  # bands of Blender's wave texture in a unit, at scale 1: the source of Cycles has sin(20 x)


def _placed(tree: Any, made: Any, where: Any, output: str) -> Any:
    tree.links.new(where, made.inputs["Vector"])
    return made.outputs[output]


def _beyond(tree: Any, value: Any, how: str, limit: float) -> Any:
    """1 where the value is GREATER_THAN or LESS_THAN the limit, else 0."""
    made = node(tree, "ShaderNodeMath")
    made.operation = how
    made.inputs[1].default_value = limit
    tree.links.new(value, made.inputs[0])
    return made.outputs["Value"]


def _noise(tree: Any, scale: float, where: Any) -> Any:
    return _placed(tree, node(tree, "ShaderNodeTexNoise", Scale=scale), where, "Factor")


def _lines(tree: Any, scale: float, where: Any) -> Any:
    """Thin lines: the peaks of a wave."""
    made = node(tree, "ShaderNodeTexWave", Scale=scale / WAVES)
    made.bands_direction = "Y"
    return _beyond(tree, _placed(tree, made, where, "Factor"), "GREATER_THAN", 0.95)


def _grid(tree: Any, scale: float, where: Any) -> Any:
    made = node(tree, "ShaderNodeTexBrick", Scale=scale, Mortar_Size=0.03, Brick_Width=1.0, Row_Height=1.0)
    made.offset = 0.0
    return _placed(tree, made, where, "Factor")


def _checker(tree: Any, scale: float, where: Any) -> Any:
    return _placed(tree, node(tree, "ShaderNodeTexChecker", Scale=2 * scale), where, "Factor")


def _cells(tree: Any, scale: float, where: Any) -> Any:
    """Voronoi cells, each of its own lightness."""
    parts = node(tree, "ShaderNodeSeparateColor")
    colour = _placed(tree, node(tree, "ShaderNodeTexVoronoi", Scale=scale), where, "Color")
    tree.links.new(colour, parts.inputs["Color"])
    return parts.outputs["Red"]


def _dots(tree: Any, scale: float, where: Any) -> Any:
    made = node(tree, "ShaderNodeTexVoronoi", Scale=scale, Randomness=0.0)
    return _beyond(tree, _placed(tree, made, where, "Distance"), "LESS_THAN", 0.3)


def _marble(tree: Any, scale: float, where: Any) -> Any:
    made = node(tree, "ShaderNodeTexWave", Scale=scale / WAVES, Distortion=8.0, Detail=4.0, Detail_Scale=1.5)
    made.bands_direction = "DIAGONAL"
    return _placed(tree, made, where, "Factor")


def _wood(tree: Any, scale: float, where: Any) -> Any:
    """Bands across y, bent slowly along x."""
    made = node(tree, "ShaderNodeTexWave", Scale=scale / WAVES, Distortion=6.0, Detail=3.0)
    made.bands_direction, made.wave_profile = "Y", "SAW"
    return _placed(tree, made, turned(tree, where, (8.0, 1.0, 1.0)), "Factor")


PATTERNS = {
    "noise": _noise,
    "lines": _lines,
    "grid": _grid,
    "checker": _checker,
    "voronoi": _cells,
    "dots": _dots,
    "marble": _marble,
    "wood": _wood,
}
