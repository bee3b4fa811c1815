"""Places of squares on a sheet: random, inside of it, none over another."""

from collections.abc import Iterator

import numpy as np

from pipeline.errors import InputError

TRIES = 100  # places for one square, and layouts of one sheet, before giving up
Corners = dict[int, tuple[int, int]]  # number of the square -> (x, y) of its top left pixel


def place_squares(sides_px: list[int], size_wh: tuple[int, int], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Top left pixels (x, y) of squares with the sides `sides_px` on a sheet.

    Raises:
        InputError: when no layout is found.
    """
    for _ in range(TRIES):
        corners = _try_layout(sides_px, size_wh, rng)
        if len(corners) == len(sides_px):
            return [corners[i] for i in range(len(sides_px))]
    raise InputError(
        f"benchmark.digits_per_sheet: expected a number of scans that find room on {size_wh[0]}x{size_wh[1]} px, "
        f"found {len(sides_px)} of {min(sides_px)} to {max(sides_px)} px."
    )


def _try_layout(sides_px: list[int], size_wh: tuple[int, int], rng: np.random.Generator) -> Corners:
    """The largest square first; ends at the first that finds no free place."""
    corners: Corners = {}
    for i in sorted(range(len(sides_px)), key=lambda n: -sides_px[n]):
        candidates = _random_corners(sides_px[i], size_wh, rng)
        taken = [(*corners[n], sides_px[n]) for n in corners]
        free = (c for c in candidates if not any(_overlap((*c, sides_px[i]), other) for other in taken))
        corner = next(free, None)
        if corner is None:
            break
        corners[i] = corner
    return corners


def _random_corners(side_px: int, size_wh: tuple[int, int], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    for _ in range(TRIES):
        x, y = rng.integers(0, (size_wh[0] - side_px, size_wh[1] - side_px), endpoint=True)
        yield int(x), int(y)


def _overlap(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    """Whether two squares (x, y, side) share a pixel."""
    return all(a[axis] < b[axis] + b[2] and b[axis] < a[axis] + a[2] for axis in (0, 1))
