"""Procedural patterns and pictures as nodes of a material: for the ground and for objects."""

from pathlib import Path
from typing import Any

import bpy

from blender.assets import small_copy
from blender.shaders.nodes import Shift, node, turned
from blender.shaders.patterns import PATTERNS
from pipeline.errors import InputError

__all__ = ["PATTERNS", "image", "pattern"]


def pattern(tree: Any, kind: str, scale: float, where: Any) -> Any:
    """Socket with 0 .. 1: this pattern, repeated `scale` times in a unit of the coordinates `where` (a socket)."""
    return PATTERNS[kind](tree, scale, where)


def image(
    tree: Any,
    path: Path,
    where: Any,
    width: float,
    turn_rad: float = 0.0,
    shift: Shift = (0.0, 0.0),
    box: bool = False,
) -> Any:
    """Socket with the colours of a picture, `width` units of `where` wide, turned and then shifted.

    It covers the plane x, y, mirrored at its borders so that no seam shows. `box` lays it on from six sides instead:
    for solid things without a texture map. Raises InputError for a damaged file.
    """
    small_copy(path)  # raises for damaged data, where Blender shows grey
    made = node(tree, "ShaderNodeTexImage")
    made.image = bpy.data.images.load(str(path), check_existing=True)
    made.extension = "MIRROR"
    width_px, height_px = made.image.size
    if not (width_px and height_px):  # Blender raises nothing
        raise InputError(f"{path}: expected a picture, found damaged data.")
    height = width if box else width * height_px / width_px
    if box:
        made.projection, made.projection_blend = "BOX", 0.2
    placed = turned(tree, where, (width, height, width), turn_rad, shift)
    tree.links.new(placed, made.inputs["Vector"])
    return made.outputs["Color"]
