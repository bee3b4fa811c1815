"""Sheets with digits lying on them: strokes of a pen, and glyphs of fonts as a second source."""

from pathlib import Path
from typing import Annotated, Any

import bpy
import matplotlib
import numpy as np
import numpy.typing as npt

from blender.allowed import integers, numbers
from blender.samplers import Rng, draw
from blender.scenes import strokes
from blender.world import Labelled, World, add
from pipeline.errors import InputError, nearest
from pipeline.section import Distribution, Fraction, Section

CATEGORIES = tuple("0123456789")
FONT_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # free fonts that come with the environment


class Params(Section):
    count: Annotated[Distribution, integers(0)]
    height_m: Annotated[Distribution, numbers(1e-3)]
    font_fraction: Fraction
    fonts: list[str]
    jitter: Annotated[Distribution, numbers(0)]
    aspect: Annotated[Distribution, numbers(0.01)]
    slant: Annotated[Distribution, numbers()]
    rotation_rad: Annotated[Distribution, numbers()]
    thickness: Annotated[Distribution, numbers(0.01, 0.9)]
    roundness: Annotated[Distribution, numbers(0)]
    depth: Annotated[Distribution, numbers(0.01)]


def check(params: Params) -> None:
    """Raises InputError for a font that is not there."""
    known = sorted(p.stem for p in FONT_FOLDER.glob("*.ttf"))
    for name in params.fonts:
        if name not in known:
            raise InputError(f"params.yaml: scene.fonts: expected a known font, found '{name}'.{nearest(name, known)}")
    if params.font_fraction > 0 and not params.fonts:
        raise InputError("params.yaml: scene.fonts: expected at least one, since font_fraction > 0, found none.")


def build(world: World, params: Params, rng: Rng) -> None:
    """Put digits into the world, all at its middle: the placement moves them apart."""
    for _ in range(draw(params.count, rng)):
        category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
        drawn = {
            name: draw(value, rng) for name, value in params if isinstance(value, Distribution) and name != "count"
        }
        in_font = rng.random() < params.font_fraction
        made = _glyph(category, params, drawn, rng) if in_font else _written(category, drawn, rng)
        made.rotation_euler.z = drawn["rotation_rad"]
        world.objects.append(Labelled(made, category, radius_m=drawn["height_m"] * 0.55, drawn=drawn))


def _written(category: str, drawn: dict[str, Any], rng: Rng) -> Any:
    """A digit written with a round pen, flattened by `depth`; the lower half of the stroke lies in the ground."""
    forms = strokes.FORMS[category]
    drawn["form"] = int(rng.integers(len(forms)))
    height_m, thickness = drawn["height_m"], drawn["thickness"]
    bent = strokes.deform(forms[drawn["form"]], rng, drawn["jitter"], drawn["aspect"], drawn["slant"])
    curve = bpy.data.curves.new("digit", "CURVE")
    curve.dimensions, curve.bevel_resolution, curve.bevel_depth = "3D", 2, thickness * height_m / 2
    for points in bent:
        _add_spline(
            curve, strokes.trace(points * (1 - thickness), drawn["roundness"], 0.03) * height_m, curve.bevel_depth
        )
    made = add("digit", curve)
    made.scale.z = drawn["depth"]
    return made


def _add_spline(curve: Any, line_m: npt.NDArray[np.float64], radius_m: float) -> None:
    """A line [N, 2] with round ends: the radius of the pen falls off as that of a sphere."""
    spline = curve.splines.new("POLY")
    spline.points.add(len(line_m) - 1)
    spline.points.foreach_set("co", np.column_stack([line_m, np.zeros(len(line_m)), np.ones(len(line_m))]).ravel())
    along_m = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line_m, axis=0).T))])
    to_end = np.minimum(along_m, along_m[-1] - along_m) / radius_m
    radius = np.sqrt(1 - (1 - to_end.clip(0.02, 1)) ** 2)
    spline.points.foreach_set("radius", radius)


def _glyph(category: str, params: Params, drawn: dict[str, Any], rng: Rng) -> Any:
    """A digit cut from a font."""
    drawn["font"] = params.fonts[int(rng.integers(len(params.fonts)))]
    text = bpy.data.curves.new("digit", "FONT")
    text.body, text.align_x, text.align_y = category, "CENTER", "CENTER"
    text.font = bpy.data.fonts.load(str(FONT_FOLDER / f"{drawn['font']}.ttf"), check_existing=True)
    text.shear = float(np.clip(drawn["slant"], -1, 1))
    made = add("digit", text)
    _fit(made, drawn["height_m"])
    text.extrude = drawn["depth"] * drawn["thickness"] * drawn["height_m"] / 4  # to both sides of its plane
    made.location.z = text.extrude
    return made


def _fit(made: Any, height_m: float) -> None:
    """Give a text of size 1 this height, its middle at the origin: fonts differ in how much of a size a digit takes."""
    bpy.context.view_layer.update()
    box = np.array(made.bound_box)  # [8, 3], of a flat text
    low, high = box.min(axis=0), box.max(axis=0)
    text = made.data
    text.size = height_m / (high[1] - low[1])
    text.offset_x, text.offset_y = (-(low + high)[:2] / 2 * text.size).tolist()
