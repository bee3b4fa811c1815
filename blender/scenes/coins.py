"""Old coins that lie on a cloth: uneven discs with a worn relief, dark in its hollows. One category, `coin`.

Their metal is their own: the preset sets `randomizers.material.source` to own.
"""

from typing import Annotated, Any

import numpy as np

from blender.allowed import integers, names, numbers
from blender.objects.coin import Form, coin
from blender.samplers import Rng, draw
from blender.scenes.coins_metal import METALS, coat
from blender.world import Labelled, World, add
from pipeline.section import Distribution, Section

CATEGORIES = ("coin",)
SYMMETRY = {"symmetry": "axis"}  # no two reliefs are alike: there is no turn that a pose could be compared with


def _uniform(low: float, high: float) -> Distribution:
    return Distribution(kind="uniform", args=[low, high])


class Params(Section):
    count: Annotated[Distribution, integers(0)] = Distribution(kind="integer", args=[10, 30])
    diameter_m: Annotated[Distribution, numbers(1e-3)] = _uniform(0.1, 0.2)
    thickness: Annotated[Distribution, numbers(0.01, 0.5)] = _uniform(0.06, 0.16)  # of the diameter, as the next two
    relief: Annotated[Distribution, numbers(0, 0.2)] = _uniform(0.02, 0.07)
    dome: Annotated[Distribution, numbers(0, 0.2)] = _uniform(0.0, 0.03)
    uneven: Annotated[Distribution, numbers(0, 0.2)] = _uniform(0.005, 0.03)  # deviation of the outline, in radii
    chips: Annotated[Distribution, integers(0, 8)] = Distribution(kind="choice", args=[0, 0, 0, 1, 2])
    off_centre: Annotated[Distribution, numbers(0, 0.5)] = _uniform(0.0, 0.1)  # of the die, in radii
    wear: Annotated[Distribution, numbers(0, 1)] = _uniform(0.0, 0.8)
    patina: Annotated[Distribution, numbers(0, 1)] = _uniform(0.1, 0.9)  # how dark hollows are
    metal: Annotated[Distribution, names(METALS)] = Distribution(kind="choice", args=list(METALS))
    saturation: Annotated[Distribution, numbers(0, 1)] = _uniform(0.3, 1.0)  # of the metal's colour; 0: grey
    value: Annotated[Distribution, numbers(0, 1)] = _uniform(0.25, 0.9)
    metallic: Annotated[Distribution, numbers(0, 1)] = _uniform(0.0, 1.0)
    roughness: Annotated[Distribution, numbers(0, 1)] = _uniform(0.35, 0.9)
    tilt_rad: Annotated[Distribution, numbers(-0.3, 0.3)] = Distribution(kind="normal", args=[0.0, 0.03])
    rotation_rad: Annotated[Distribution, numbers()] = _uniform(-3.14, 3.14)


FORM = ("thickness", "relief", "dome")  # in diameters
METAL = ("patina", "metal", "saturation", "value", "metallic", "roughness")


def check(params: Params) -> None:
    """All that can be wrong is wrong with a single key."""


def categories(params: Params) -> tuple[str, ...]:
    return CATEGORIES


def keypoints(params: Params) -> dict[str, tuple[str, ...]]:
    return {}


def build(world: World, params: Params, rng: Rng) -> None:
    """Put coins into the world, all at its middle: the placement moves them apart."""
    for _ in range(draw(params.count, rng)):
        drawn = {name: draw(getattr(params, name), rng) for name in Params.model_fields if name != "count"}
        mesh, points, surface = coin(_form(drawn), rng)
        coat(mesh, surface, {name: drawn[name] for name in METAL}, rng)
        made = add("coin", mesh)
        radius_m = _lay(made, points, drawn)
        world.objects.append(Labelled(made, "coin", radius_m, drawn | SYMMETRY))


def _form(drawn: dict[str, Any]) -> Form:
    lengths_m = {f"{name}_m": drawn[name] * drawn["diameter_m"] for name in FORM}
    others = {name: drawn[name] for name in ("diameter_m", "uneven", "chips", "off_centre", "wear")}
    return Form(**lengths_m, **others)


def _lay(made: Any, points: np.ndarray[Any, Any], drawn: dict[str, Any]) -> float:
    """Tilt and turn it, and let it touch the ground; returns the radius of what it covers, m."""
    tilt_rad = drawn["tilt_rad"]
    made.rotation_euler = (tilt_rad, 0.0, drawn["rotation_rad"])
    made.location.z = -float((points @ (0.0, np.sin(tilt_rad), np.cos(tilt_rad))).min())
    flat = points[:, :2].copy()
    flat[:, 1] = points @ (0.0, np.cos(tilt_rad), -np.sin(tilt_rad))
    return float(np.hypot(*flat.T).max())
