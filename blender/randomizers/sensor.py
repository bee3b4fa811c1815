"""The camera behind its position: what its lens bends, and what its sensor makes of the light (develop.py).

The labels are those of the distorted picture. Camera shake is centred: they show the middle of the exposure.
"""

from typing import Annotated

from blender.allowed import integers, numbers
from blender.picture.develop import develop as develop
from blender.picture.lens import Lens
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.world import World
from pipeline.section import Distribution

COEFFICIENTS = {f"distortion_{name}": name for name in ("k1", "k2", "p1", "p2", "k3")}
PLAIN = {
    "exposure_stops": 0.0,
    "white_balance": 0.0,
    "vignette": 0.0,
    "blur_px": 0.5,
    "shake_px": 0.0,
    "downscale": 1.0,
    "shot_noise": 0.0,
    "read_noise": 0.0,
    "tone": 1.0,
    "jpeg_quality": 95,
    "noise_seed": 0,
}


class Params(RandomizerParams):
    distortion_k1: Annotated[Distribution, numbers(-2, 2)]  # of the lens, as OpenCV has it; < 0: a barrel
    distortion_k2: Annotated[Distribution, numbers(-2, 2)]
    distortion_p1: Annotated[Distribution, numbers(-0.1, 0.1)]
    distortion_p2: Annotated[Distribution, numbers(-0.1, 0.1)]
    distortion_k3: Annotated[Distribution, numbers(-2, 2)]
    exposure_stops: Annotated[Distribution, numbers()]
    white_balance: Annotated[Distribution, numbers(-1, 1)]  # relative gain of red, and loss of blue
    vignette: Annotated[Distribution, numbers(0, 1)]  # light lost in the corners
    blur_px: Annotated[Distribution, numbers(0)]  # deviation of a Gaussian
    shake_px: Annotated[Distribution, numbers(0, 64)]  # way of the picture while the shutter is open
    shake_rad: Annotated[Distribution, numbers()]  # its direction; 0: to the right, pi / 2: down
    downscale: Annotated[Distribution, numbers(1)]  # 2: a sensor of half the resolution, scaled up again
    shot_noise: Annotated[Distribution, numbers(0)]  # deviation at white, of 1; goes with the root of the light
    read_noise: Annotated[Distribution, numbers(0)]  # deviation everywhere, of 1
    tone: Annotated[Distribution, numbers(0.2, 5)]  # exponent on the sRGB signal; 1: sRGB, 2.2: numbers as the light
    jpeg_quality: Annotated[Distribution, integers(1, 100)]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    return {**draw_all(rng, params), "noise_seed": int(rng.integers(2**31))}


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), **dict.fromkeys(COEFFICIENTS, 0.0), **PLAIN}


def apply(world: World, values: Values) -> None:
    """Give the camera its lens. All else works on pixels, see `develop`."""
    lens = Lens(**{name: values[key] for key, name in COEFFICIENTS.items()})
    world.lens = lens if any(lens.coefficients) else None


def at_step(values: Values, step: int) -> Values:
    """The values of a later frame of a sequence: the same camera, other noise."""
    return {**values, "noise_seed": values["noise_seed"] + step}
