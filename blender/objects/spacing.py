"""Room on the ground: discs that keep clear of each other, thrown like darts (Cook 1986, "Stochastic sampling in
computer graphics"), each with the radius of its own object."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from blender.facts.mesh import read_mesh

Floats = npt.NDArray[np.float64]

TRIES = 60  # for each object; one that finds no room is left out


def darts(objects: int, seed: int) -> Floats:
    """Places to try for each object, as parts of the picture: [objects, TRIES, 2]."""
    return np.random.default_rng(seed).random((objects, TRIES, 2))


def outer_radius_m(thing: Any) -> float:
    """Of the circle about an object's origin that holds all of it, seen from above."""
    mesh = read_mesh(thing)
    flat = mesh.points_m @ mesh.to_world[:2, :3].T
    return float(np.hypot(*flat.T).max(initial=0.0))


class Room:
    """The discs that have been taken."""

    def __init__(self) -> None:
        self._spots: list[Floats] = []
        self._radii_m: list[float] = []

    def take(self, spot: Floats, radius_m: float) -> None:
        self._spots.append(spot)
        self._radii_m.append(radius_m)

    def is_free(self, spot: Floats, radius_m: float) -> bool:
        """Whether a disc here would touch none."""
        if not self._spots:
            return True
        away_m = np.hypot(*(np.array(self._spots) - spot).T)
        return bool((away_m > radius_m + np.array(self._radii_m)).all())

    def find(self, spots: Iterable[Floats], radius_m: float) -> Floats | None:
        """Take the first of these places that is free; places in the sky are infinite, and never are."""
        for spot in spots:
            if np.isfinite(spot).all() and self.is_free(spot, radius_m):
                self.take(spot, radius_m)
                return spot
        return None
