"""Sheets with digits lying on them: strokes of a pen, and glyphs of fonts as a second source."""

from typing import Annotated, Any

import bpy
import numpy as np
import numpy.typing as npt

from blender.allowed import integers, numbers
from blender.samplers import Rng, draw
from blender.scenes import glyphs, strokes
from blender.world import Labelled, World, add
from pipeline.errors import InputError, nearest
from pipeline.section import Distribution, Fraction, Section

CATEGORIES = tuple("0123456789")
ENDS = ("start", "end")  # keypoints: where the pen is set down first, and lifted last
RADIUS = 0.55  # of the circle that a digit needs, in its heights
TIP = 0.02  # in radii of the pen: the round ends of a line stop this far from a point


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
    known = glyphs.known_fonts()
    for name in params.fonts:
        if name not in known:
            raise InputError(f"params.yaml: scene.fonts: expected a known font, found '{name}'.{nearest(name, known)}")
    if params.font_fraction > 0 and not params.fonts:
        raise InputError("params.yaml: scene.fonts: expected at least one, since font_fraction > 0, found none.")


def categories(params: Params) -> tuple[str, ...]:
    return CATEGORIES


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    """Of strokes; a glyph of a font has no pen, so its keypoints are not labelled."""
    return dict.fromkeys(CATEGORIES, ENDS) if params.font_fraction < 1 else {}


def build(world: World, params: Params, rng: Rng) -> None:
    """Put digits into the world, all at its middle: the placement moves them apart."""
    for _ in range(draw(params.count, rng)):
        category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
        drawn = {
            name: draw(value, rng) for name, value in params if isinstance(value, Distribution) and name != "count"
        }
        in_font = rng.random() < params.font_fraction
        made = _set(category, params, drawn, rng) if in_font else _written(category, drawn, rng)
        made.object.rotation_euler.z = drawn["rotation_rad"]
        world.objects.append(made)


def _written(category: str, drawn: dict[str, Any], rng: Rng) -> Labelled:
    """A digit written with a round pen, flattened by `depth`; the lower half of the stroke lies in the ground."""
    forms = strokes.FORMS[category]
    drawn["form"] = int(rng.integers(len(forms)))
    height_m, thickness = drawn["height_m"], drawn["thickness"]
    bent = strokes.deform(forms[drawn["form"]], rng, drawn["jitter"], drawn["aspect"], drawn["slant"])
    curve = bpy.data.curves.new("digit", "CURVE")
    curve.dimensions, curve.bevel_resolution, curve.bevel_depth = "3D", 2, thickness * height_m / 2
    lines_m = [strokes.trace(points * (1 - thickness), drawn["roundness"], 0.03) * height_m for points in bent]
    for line_m in lines_m:
        _add_spline(curve, line_m, curve.bevel_depth)
    made = add("digit", curve)
    made.scale.z = drawn["depth"]
    return Labelled(made, category, height_m * RADIUS, drawn, _ends(lines_m, curve.bevel_depth))


def _ends(lines_m: list[npt.NDArray[np.float64]], radius_m: float) -> dict[str, tuple[float, float, float]]:
    """On top of the line, at its two ends."""
    z = radius_m * _roundness(TIP)
    ends = (lines_m[0][0], lines_m[-1][-1])
    return {name: (float(x), float(y), z) for name, (x, y) in zip(ENDS, ends, strict=True)}


def _roundness(to_end: Any) -> Any:
    """Radius of a line with round ends, in radii of the pen, at a distance from its end in the same."""
    return np.sqrt(1 - (1 - to_end) ** 2)


def _add_spline(curve: Any, line_m: npt.NDArray[np.float64], radius_m: float) -> None:
    """A line [N, 2] with round ends: the radius of the pen falls off as that of a sphere."""
    spline = curve.splines.new("POLY")
    spline.points.add(len(line_m) - 1)
    spline.points.foreach_set("co", np.column_stack([line_m, np.zeros(len(line_m)), np.ones(len(line_m))]).ravel())
    along_m = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line_m, axis=0).T))])
    to_end = np.minimum(along_m, along_m[-1] - along_m) / radius_m
    spline.points.foreach_set("radius", _roundness(to_end.clip(TIP, 1)))


def _set(category: str, params: Params, drawn: dict[str, Any], rng: Rng) -> Labelled:
    """A digit set in a font."""
    drawn["font"] = params.fonts[int(rng.integers(len(params.fonts)))]
    height_m = drawn["height_m"]
    made = glyphs.glyph(
        category, drawn["font"], height_m, drawn["slant"], drawn["depth"] * drawn["thickness"] * height_m / 2
    )
    return Labelled(made, category, height_m * RADIUS, drawn)
