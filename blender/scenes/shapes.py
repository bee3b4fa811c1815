"""Solids that stand on the ground: a scene to try randomizers and labels on, three-dimensional ones above all.

Cubes have one side, cuboids three; cylinders, cones and spheres a height and a width; a torus lies flat.
"""

import itertools
from typing import Annotated

from pydantic import Field

from blender.allowed import integers, numbers
from blender.objects.primitives import TUBE, solid
from blender.samplers import Rng, draw
from blender.world import Labelled, World, add
from pipeline.errors import InputError, nearest
from pipeline.section import Distribution, Section

Point = tuple[float, float, float]

CATEGORIES = ("cube", "cuboid", "cylinder", "cone", "sphere", "torus")

# Where the keypoints are, in a box from -0.5 to 0.5. A corner is named by its sides: corner_101 has low y.
CORNERS: dict[str, Point] = {
    f"corner_{x}{y}{z}": (x - 0.5, y - 0.5, z - 0.5) for x, y, z in itertools.product((0, 1), repeat=3)
}
KEYPOINTS: dict[str, dict[str, Point]] = {
    "cube": CORNERS,
    "cuboid": CORNERS,
    "cylinder": {"top": (0.0, 0.0, 0.5), "bottom": (0.0, 0.0, -0.5)},
    "cone": {"apex": (0.0, 0.0, 0.5), "bottom": (0.0, 0.0, -0.5)},
}


class Params(Section):
    categories: list[str] = Field(default=list(CATEGORIES), min_length=1)
    count: Annotated[Distribution, integers(0)] = Distribution(kind="integer", args=[6, 12])
    size_m: Annotated[Distribution, numbers(1e-3)] = Distribution(kind="uniform", args=[0.06, 0.14])
    aspect: Annotated[Distribution, numbers(0.05, 20)] = Distribution(kind="uniform", args=[0.5, 1.5])
    rotation_rad: Annotated[Distribution, numbers()] = Distribution(kind="uniform", args=[-3.14, 3.14])


def check(params: Params) -> None:
    """Raises InputError for an unknown or repeated category."""
    for name in params.categories:
        if name not in CATEGORIES:
            hint = nearest(name, CATEGORIES)
            raise InputError(f"params.yaml: scene.categories: expected a known category, found '{name}'.{hint}")
    if len(set(params.categories)) < len(params.categories):
        raise InputError(f"params.yaml: scene.categories: expected each once, found {params.categories}.")


def categories(params: Params) -> tuple[str, ...]:
    return tuple(params.categories)


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    return {name: tuple(KEYPOINTS[name]) for name in params.categories if name in KEYPOINTS}


def build(world: World, params: Params, rng: Rng) -> None:
    """Put solids into the world, all at its middle: the placement moves them apart."""
    for _ in range(draw(params.count, rng)):
        category = params.categories[int(rng.integers(len(params.categories)))]
        size_m = _size(category, params, rng)
        made = add(category, solid("cube" if category == "cuboid" else category, size_m))
        made.location.z, made.rotation_euler.z = size_m[2] / 2, draw(params.rotation_rad, rng)
        drawn = {"size_m": list(size_m), "rotation_rad": made.rotation_euler.z}
        points = {name: _times(point, size_m) for name, point in KEYPOINTS.get(category, {}).items()}
        world.objects.append(Labelled(made, category, radius_of(category, size_m), drawn, points))


def _size(category: str, params: Params, rng: Rng) -> Point:
    """Sides along x, y and z, m: the first is drawn, the others are it times an aspect where they are free."""
    width_m, deep, high = draw(params.size_m, rng), draw(params.aspect, rng), draw(params.aspect, rng)
    depth_m = width_m * deep if category == "cuboid" else width_m
    if category == "torus":
        return width_m, depth_m, width_m * TUBE
    return width_m, depth_m, width_m * (high if category in ("cuboid", "cylinder", "cone") else 1.0)


def radius_of(category: str, size_m: Point) -> float:
    """Of the circle about the solid's foot, m."""
    width_m, depth_m, _ = size_m
    return float((width_m**2 + depth_m**2) ** 0.5 / 2) if category in ("cube", "cuboid") else width_m / 2


def _times(point: Point, size_m: Point) -> Point:
    x, y, z = (p * s for p, s in zip(point, size_m, strict=True))
    return x, y, z
