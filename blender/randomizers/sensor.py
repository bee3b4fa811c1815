"""From light to the picture that a camera writes: resolution, blur, exposure, white balance, noise, JPEG."""

import io
from typing import Annotated

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from blender.allowed import integers, numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.world import World
from pipeline.section import Distribution

Floats = npt.NDArray[np.float32]


class Params(RandomizerParams):
    exposure_stops: Annotated[Distribution, numbers()]
    white_balance: Annotated[Distribution, numbers(-1, 1)]  # relative gain of red, and loss of blue
    downscale: Annotated[Distribution, numbers(1)]  # 2: a sensor of half the resolution, scaled up again
    blur_px: Annotated[Distribution, numbers(0)]  # deviation of a Gaussian
    noise: Annotated[Distribution, numbers(0)]  # deviation at white, of 1
    vignette: Annotated[Distribution, numbers(0, 1)]  # light lost in the corners
    jpeg_quality: Annotated[Distribution, integers(1, 100)]


def sample(rng: Rng, params: Params, objects: int) -> Values:
    return {**draw_all(rng, params), "noise_seed": int(rng.integers(2**31))}


def fixed(params: Params, objects: int) -> Values:
    plain = {"exposure_stops": 0.0, "white_balance": 0.0, "downscale": 1.0, "blur_px": 0.5, "vignette": 0.0}
    return {**centre_all(params), **plain, "noise": 0.0, "jpeg_quality": 95, "noise_seed": 0}


def apply(world: World, values: Values) -> None:
    """Nothing: the sensor works on pixels, see `develop`."""


def develop(linear: Floats, values: Values) -> npt.NDArray[np.uint8]:
    """Scene-linear light [H, W, 3], 1 being white, to an 8 bit sRGB picture."""
    gain = np.float32(2.0 ** values["exposure_stops"])
    balance = np.array([1 + values["white_balance"], 1.0, 1 - values["white_balance"]], np.float32)
    light = linear * gain * balance * _vignette(linear.shape, values["vignette"])
    light = _through_lens(light, values["blur_px"], values["downscale"])
    light = _add_noise(light, values["noise"], values["noise_seed"])
    picture = (srgb(light) * 255 + 0.5).astype(np.uint8)
    return _through_jpeg(picture, values["jpeg_quality"])


def srgb(linear: Floats) -> Floats:
    """The transfer function of IEC 61966-2-1, for values clipped to 0 .. 1."""
    clipped = linear.clip(0, 1)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055).astype(np.float32)


def _vignette(shape: tuple[int, ...], loss: float) -> Floats:
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[:2])
    return np.asarray(1 - loss * (x[None, :] ** 2 + y[:, None] ** 2)[..., None] / 2, np.float32)


def _through_lens(light: Floats, blur_px: float, downscale: float) -> Floats:
    """Blur, then lower the resolution and scale up again."""
    if blur_px > 0:
        light = gaussian_filter(light, (blur_px, blur_px, 0))
    if downscale <= 1:
        return light
    height, width = light.shape[:2]
    small_wh = (max(1, round(width / downscale)), max(1, round(height / downscale)))
    channels = [Image.fromarray(np.ascontiguousarray(light[:, :, c])) for c in range(3)]
    small = [c.resize(small_wh, Image.Resampling.BOX) for c in channels]
    return np.stack([np.asarray(c.resize((width, height), Image.Resampling.BICUBIC)) for c in small], axis=-1)


def _add_noise(light: Floats, deviation: float, seed: int) -> Floats:
    """Shot noise: its variance grows with the light."""
    rng = np.random.default_rng(seed)
    scale = deviation * np.sqrt(light.clip(0.05, None))
    return np.asarray(light + scale * rng.standard_normal(light.shape, np.float32), np.float32)


def _through_jpeg(picture: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
