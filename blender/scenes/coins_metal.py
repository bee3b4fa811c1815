"""The metal of an old coin: its colour, and the patina that is left in the hollows."""

import colorsys
from typing import Any

import numpy as np
import numpy.typing as npt

from blender.objects.relief import noise
from blender.samplers import Rng
from blender.shaders.shading import shaded

Floats = npt.NDArray[np.float64]

METALS = {"silver": (0.11, 0.06), "bronze": (0.1, 0.5), "copper": (0.05, 0.55)}  # hue and saturation, by eye
LEVEL = 0.35  # of a relief's height: what is lower is darker,
FIELD = 0.4  # at most by so much
DEPTH = 0.15  # of a relief's height: a hollow this deep is full of patina
TONE = "tone"  # attribute with the colour of each vertex
BLOTCHES = 0.12  # deviation of the lightness over a coin


def coat(mesh: Any, surface: Floats, drawn: dict[str, Any], rng: Rng) -> None:
    """Give the mesh a material: `surface` [V, 2] says how high and how hollow its relief is."""
    hue, saturation = METALS[drawn["metal"]]
    rgb = colorsys.hsv_to_rgb(hue, saturation * drawn["saturation"], drawn["value"])
    tone = _tone(_vertices(mesh), surface, drawn["patina"], rng)
    colours = np.column_stack([np.clip(tone[:, None] * rgb, 0, 1), np.ones(len(tone))]).astype(np.float32)
    mesh.attributes.new(TONE, "FLOAT_COLOR", "POINT").data.foreach_set("color", colours.ravel())
    material, shader = shaded("coin", rgb, drawn)
    attribute = material.node_tree.nodes.new("ShaderNodeAttribute")
    attribute.attribute_name = TONE
    material.node_tree.links.new(attribute.outputs["Color"], shader.inputs["Base Color"])
    mesh.materials.append(material)


def _tone(points_m: Floats, surface: Floats, patina: float, rng: Rng) -> Floats:
    """How light each vertex is, [V], about 1: hollows dark, edges bright, blotches all over."""
    raised, hollow = surface.T
    dark = FIELD * np.clip(1 - raised / LEVEL, 0, 1) + np.clip(hollow / DEPTH, -0.5, 1)
    flat = points_m[:, :2] / np.abs(points_m[:, :2]).max()
    blotches = 1 + BLOTCHES * noise(flat, 3.0, rng)
    return np.asarray(np.clip((1 - 0.8 * patina * dark.clip(-0.5, 1)) * blotches, 0.02, 1.5))


def _vertices(mesh: Any) -> Floats:
    flat = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)
