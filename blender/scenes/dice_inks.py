"""What the pips of dice are painted with: white, black, red, gold or any colour, so that they show on their die."""

import colorsys
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from blender.samplers import Rng
from blender.shaders.shading import Rgb, shaded

WHITE, BLACK = (0.85, 0.85, 0.82), (0.012, 0.012, 0.012)
RED, GOLD = (0.45, 0.02, 0.02), (0.65, 0.42, 0.04)
# How often a maker takes them
KINDS = ("white", "white", "white", "black", "black", "red", "red", "red", "gold", "any")
SHADES = (0.5, 1.1)  # of red and gold
PLASTIC = {"roughness": 0.5, "specular": 0.5}
DIE = (0.8, 0.8, 0.8)  # a die without a material of its own

# Matrices of OKLab: from linear sRGB, and from cube roots
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
FROM_CONES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def draw_inks(rng: Rng) -> tuple[Rgb, ...]:
    """One, and what is taken if it does not show."""
    kind = KINDS[int(rng.integers(len(KINDS)))]
    own = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.6, 1.0), rng.uniform(0.1, 0.8))
    shade = rng.uniform(*SHADES)
    (r, g, b) = {"white": WHITE, "black": BLACK, "red": RED, "gold": GOLD, "any": own}[kind]
    first = (shade * r, shade * g, shade * b) if kind in ("red", "gold") else (r, g, b)
    return (first, WHITE, BLACK)


def paint(mesh: Any, inks: tuple[Rgb, ...], contrast: float) -> Callable[[Rgb], None]:
    """Fill the slots of a die's mesh; returns what takes another ink when the die gets another colour."""
    body, _ = shaded("die", DIE, PLASTIC)
    ink, shader = shaded("ink", inks[0], PLASTIC)
    mesh.materials.append(body)
    mesh.materials.append(ink)

    def on_colour(body_rgb: Rgb) -> None:
        shader.inputs["Base Color"].default_value = (*showing(inks, body_rgb, contrast), 1.0)

    on_colour(DIE)
    return on_colour


def showing(inks: tuple[Rgb, ...], body: Rgb, contrast: float) -> Rgb:
    """The first ink that differs so much from the body, or else the one that differs most."""
    fitting = [ink for ink in inks if math.dist(oklab(ink), oklab(body)) >= contrast]
    return fitting[0] if fitting else max(inks, key=lambda ink: math.dist(oklab(ink), oklab(body)))


def oklab(rgb: Rgb) -> Rgb:
    """Linear light as lightness and two axes of colour, where distances are about as seen; black to white is 1.

    B. Ottosson, A perceptual color space for image processing, 2020. Red pips on a blue die of the same lightness show
    well, which a distance of lightness alone denies.
    """
    cones = np.cbrt(TO_CONES @ np.array(rgb))
    lightness, green_red, blue_yellow = (float(v) for v in FROM_CONES @ cones)
    return lightness, green_red, blue_yellow
