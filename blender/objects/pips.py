"""One face of a die, laid out flat: a grid around its pips, whose edges follow them, so that round pips are round.

A face is the square from -0.5 to 0.5; a point of it is (x, y, how far the surface is sunk there). Everything is
triangles [N, 3 corners, 3], counterclockwise.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Cell = tuple[int, int]  # of the nine places of a face: column and row from -1 to 1

STEPS = 4  # edges along the side of a place: a round pip has four times as many
BEVEL = 3  # steps from the flat part of the face over its rounded edge
DISH = (1.0, 0.75, 0.4)  # rings of a sunk pip, in its radii
RING = 0.55  # inner radius of one that is a ring
LARGEST = 0.47  # radius of a pip, of the distance between two
SYMBOL = 1.1  # radius of what stands in place of pips, in distances between them

NINE: tuple[Cell, ...] = tuple((c, r) for c in (-1, 0, 1) for r in (-1, 0, 1))
PIPS: dict[int, tuple[Cell, ...]] = {
    1: ((0, 0),),
    2: ((-1, -1), (1, 1)),
    3: ((-1, -1), (0, 0), (1, 1)),
    4: ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    5: ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    6: ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
}
SHAPES = ("disc", "square", "ring")


@dataclass(frozen=True)
class Style:
    """Lengths in sides of the die."""

    corner: float  # radius of its edges
    sphere: float  # radius of the ball that it is cut with
    spread: float  # from the middle of a face to its outer pips
    radius: float  # of a pip
    depth: float  # of its dish; 0: printed
    shape: str
    six_gap: float = 1.0  # between the two rows of a six: part of an empty column of pips; makers set them closer


def face(cells: tuple[Cell, ...], style: Style, lobes: tuple[int, float] | None = None) -> tuple[Floats, Floats]:
    """Body and ink of a face with pips in these cells, or with a symbol of (how many lobes, how deep) instead."""
    ticks = _ticks(style)
    if lobes:
        around, ink = _symbol(style, lobes)
        return np.concatenate([_grid(ticks, NINE), around]), ink
    around, ink = _pip(style)
    places = [np.array([*cell, 0]) * style.spread for cell in cells]
    body = np.concatenate([_grid(ticks, cells), *(around + place for place in places)])
    return _closed(body, cells, style), _closed(np.concatenate([ink + place for place in places]), cells, style)


def _closed(flat: Floats, cells: tuple[Cell, ...], style: Style) -> Floats:
    """Triangles of a six with its rows moved together: what lies between them shrinks, what lies outside grows."""
    if len(cells) != 6:
        return flat
    across = 0 if all(column for column, _ in cells) else 1
    lines = np.array([0.5, 1.5]) * style.spread
    moved = lines - (1 - style.six_gap) * style.spread / 2
    closed = flat.copy()
    closed[..., across] = np.interp(
        flat[..., across], [-0.5, *-lines[::-1], *lines, 0.5], [-0.5, *-moved[::-1], *moved, 0.5]
    )
    return closed


def _ticks(style: Style) -> Floats:
    """Lines of the grid: even ones between the places of pips, and more of them where the edge is round."""
    inner = 1.5 * style.spread
    flat = max(0.5 - style.corner, inner + (0.5 - inner) / (BEVEL + 1))
    outer = np.linspace(flat, 0.5, BEVEL + 1)
    return np.concatenate([-outer[::-1], np.linspace(-inner, inner, 3 * STEPS + 1), outer])


def _grid(ticks: Floats, holes: Iterable[Cell]) -> Floats:
    """All squares between the lines but those of these places."""
    free = np.ones((len(ticks) - 1, len(ticks) - 1), bool)
    for column, row in holes:
        left, low = (BEVEL + 1 + (place + 1) * STEPS for place in (column, row))
        free[left : left + STEPS, low : low + STEPS] = False
    x, y = np.nonzero(free)
    corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
    return _split(np.stack([np.stack([ticks[i], ticks[j], 0 * ticks[i]], axis=-1) for i, j in corners], axis=1))


def _split(squares: Floats) -> Floats:
    """Two triangles of each square [N, 4, 3]."""
    return np.concatenate([squares[:, [0, 1, 2]], squares[:, [0, 2, 3]]])


def _pip(style: Style) -> tuple[Floats, Floats]:
    """One in the middle: its place around it, and the pip."""
    angles = _angles(4 * STEPS)
    rim = np.full(len(angles), min(style.radius, LARGEST * style.spread))
    if style.shape == "square":
        rim *= 0.85 / np.maximum(abs(np.cos(angles)), abs(np.sin(angles)))
    around = _band(_border(style.spread / 2, STEPS), _ring(rim, 1.0, 0.0))
    if style.shape == "ring":
        outer, inner = (_ring(rim, part, 0.0) for part in (1.0, RING))
        return np.concatenate([around, _fan(inner, 0.0)]), _band(outer, inner)
    rings = [_ring(rim, part, style.depth) for part in DISH]
    dish = [_band(outer, inner) for outer, inner in itertools.pairwise(rings)]
    return around, np.concatenate([*dish, _fan(rings[-1], style.depth)])


def _symbol(style: Style, lobes: tuple[int, float]) -> tuple[Floats, Floats]:
    """Printed over the places of all pips: a disc whose radius swings."""
    number, swing = lobes
    angles = _angles(12 * STEPS)
    rim = SYMBOL * style.spread * (1 + swing * np.cos(number * angles)) / (1 + swing)
    ring = _ring(rim, 1.0, 0.0)
    return _band(_border(1.5 * style.spread, 3 * STEPS), ring), _fan(ring, 0.0)


def _angles(number: int) -> Floats:
    """Directions of the points of a ring, from the low corner of its place on."""
    return np.arange(number) * 2 * np.pi / number - 0.75 * np.pi


def _ring(rim: Floats, part: float, depth: float) -> Floats:
    """Points [K, 3] at this part of the way from the middle to the rim of a dish."""
    angles = _angles(len(rim))
    x, y = rim * part * np.cos(angles), rim * part * np.sin(angles)
    return np.stack([x, y, np.full(len(rim), depth * (1 - part**2))], axis=-1)


def _border(half: float, steps: int) -> Floats:
    """Points [4 * steps, 3] around a square, from its low corner counterclockwise."""
    way = np.linspace(-half, half, steps + 1)[:-1]
    edge = np.full(steps, half)
    x, y = np.concatenate([way, edge, -way, -edge]), np.concatenate([-edge, way, edge, -way])
    return np.stack([x, y, 0 * x], axis=-1)


def _band(outer: Floats, inner: Floats) -> Floats:
    """Triangles between two rings of as many points."""
    return _split(np.stack([outer, np.roll(outer, -1, axis=0), np.roll(inner, -1, axis=0), inner], axis=1))


def _fan(ring: Floats, depth: float) -> Floats:
    """Triangles from a ring to its middle."""
    middle = np.broadcast_to([0.0, 0.0, depth], ring.shape)
    return np.stack([ring, np.roll(ring, -1, axis=0), middle], axis=1)
