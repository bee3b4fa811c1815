"""Dice that lie on a table, each named by the number on top; a tray, and flat things that are no dice.

Dice are drawn six times their size, 0.1 m for 16 mm: lamps, patterns and cameras then have the sizes of other scenes.
"""

import itertools
from typing import Annotated, Any

import numpy as np
from mathutils import Matrix

from blender.allowed import integers, names, numbers
from blender.objects.die import die_mesh, upwards
from blender.objects.pips import SHAPES, Style
from blender.samplers import Rng, draw
from blender.scenes import dice_inks, dice_table
from blender.world import Labelled, World, add
from pipeline.section import Distribution, Fraction, Section

CATEGORIES = ("one", "two", "three", "four", "five", "six")
CORNERS = {f"corner_{x}{y}{z}": (x - 0.5, y - 0.5, z - 0.5) for x, y, z in itertools.product((0, 1), repeat=3)}


def _uniform(low: float, high: float) -> Distribution:
    return Distribution(kind="uniform", args=[low, high])


class Params(Section):
    """Lengths without a unit are parts of the side of a die."""

    count: Annotated[Distribution, integers(0)] = Distribution(kind="integer", args=[1, 16])
    size_m: Annotated[Distribution, numbers(1e-3)] = _uniform(0.075, 0.125)
    rotation_rad: Annotated[Distribution, numbers()] = _uniform(-3.14, 3.14)
    corner: Annotated[Distribution, numbers(0.01, 0.4)] = _uniform(0.03, 0.25)  # radius of the edges
    sphere: Annotated[Distribution, numbers(0.52, 1)] = _uniform(0.66, 0.87)  # radius of the ball that cuts the corners
    pip_spread: Annotated[Distribution, numbers(0.1, 0.31)] = _uniform(0.2, 0.27)  # from the middle to outer pips
    pip_radius: Annotated[Distribution, numbers(0.01, 0.15)] = _uniform(0.075, 0.12)  # never so large that pips touch
    pip_depth: Annotated[Distribution, numbers(0, 0.1)] = _uniform(0.0, 0.05)  # 0: printed
    pip_shape: Annotated[Distribution, names(SHAPES)] = Distribution(kind="constant", args=["disc"])
    six_gap: Annotated[Distribution, numbers(0.1, 1)] = Distribution(kind="constant", args=[1.0])  # between its rows
    pip_contrast: Annotated[Distribution, numbers(0, 0.5)] = _uniform(0.18, 0.4)  # at least, in OKLab
    odd_face_fraction: Fraction = 0.0  # dice with a symbol in place of the pips of one number
    clutter: Annotated[Distribution, integers(0)] = Distribution(kind="constant", args=[0])  # flat discs and strips
    tray_fraction: Fraction = 0.0  # frames with walls


def check(params: Params) -> None:
    """Every value that the ranges of Params allow works."""


def categories(params: Params) -> tuple[str, ...]:
    return CATEGORIES


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    """The corners that the cube would have if it were not rounded, in the die's own axes: see objects/die.py."""
    return dict.fromkeys(CATEGORIES, tuple(CORNERS))


def build(world: World, params: Params, rng: Rng) -> None:
    """Put dice into the world, all at its middle: the placement moves them apart. Every number is as likely."""
    for _ in range(draw(params.count, rng)):
        world.objects.append(_die(params, rng))
    if rng.random() < params.tray_fraction:
        dice_table.add_tray(rng)
    for _ in range(draw(params.clutter, rng)):
        dice_table.add_flat(rng)


def _die(params: Params, rng: Rng) -> Labelled:
    top = int(rng.integers(1, 7))
    drawn = {name: draw(value, rng) for name, value in params if isinstance(value, Distribution)}
    for of_the_frame in ("count", "clutter"):
        del drawn[of_the_frame]
    drawn |= {"right_handed": bool(rng.random() < 0.5), "turned": (rng.random(6) < 0.5).tolist()}
    symbols = _symbols(params.odd_face_fraction, rng)
    drawn["symbols"] = {CATEGORIES[n - 1]: list(lobes) for n, lobes in symbols.items()}
    style = _style(drawn)
    mesh = die_mesh(drawn["size_m"], style, drawn["right_handed"], tuple(drawn["turned"]), symbols)
    made = add("die", mesh)
    inks = dice_inks.draw_inks(rng)
    on_colour = dice_inks.paint(mesh, inks, drawn["pip_contrast"])
    _stand(made, upwards(top, drawn["right_handed"]), drawn)
    points = {name: _times(point, drawn["size_m"]) for name, point in CORNERS.items()}
    radius_m = drawn["size_m"] * min(0.5**0.5, style.sphere)
    return Labelled(made, CATEGORIES[top - 1], radius_m, drawn, points, kept_slots=1, on_colour=on_colour)


def _style(drawn: dict[str, Any]) -> Style:
    pips = {name: drawn[f"pip_{name}"] for name in ("spread", "radius", "depth", "shape")}
    return Style(corner=drawn["corner"], sphere=drawn["sphere"], six_gap=drawn["six_gap"], **pips)


def _symbols(fraction: float, rng: Rng) -> dict[int, tuple[int, float]]:
    """Of the one or the six, as makers of dice do it."""
    if rng.random() >= fraction:
        return {}
    return {(1, 6)[int(rng.integers(2))]: (int(rng.integers(2, 7)), round(float(rng.uniform(0.2, 0.7)), 3))}


def _stand(made: Any, upright: Matrix, drawn: dict[str, Any]) -> None:
    """Turn it, and lift it to the ground."""
    turn = Matrix.Rotation(drawn["rotation_rad"], 4, "Z") @ upright
    points = np.empty(len(made.data.vertices) * 3, np.float32)
    made.data.vertices.foreach_get("co", points)
    lowest_m = float((points.reshape(-1, 3) @ np.array(turn)[2, :3]).min())
    made.matrix_basis = Matrix.Translation((0.0, 0.0, -lowest_m)) @ turn


def _times(point: tuple[float, float, float], size_m: float) -> tuple[float, float, float]:
    x, y, z = point
    return x * size_m, y * size_m, z * size_m
