"""From light to the picture that a camera writes: exposure, blur, resolution, noise, tone curve, JPEG.

All before the tone curve is linear in light. Planes of colour, [3, H, W] float32, are worked on in place: 640x480 px
take 20 to 40 ms on one core.
"""

import io
import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter

Floats = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]

LEVELS = 65536  # of light, for the table of the tone curve: in the dark 20 of them make one level of 8 bit sRGB
DEVIATIONS = 3.0  # where the Gaussian is cut; beyond it is 0.3 % of the weight
STEPS = 16  # points of the motion's line in a pixel


def develop(linear: Floats, values: dict[str, Any]) -> Picture:
    """Scene-linear light [H, W, 3], 1 being white, to an 8 bit sRGB picture; `values` of the randomizer sensor."""
    light = linear.transpose(2, 0, 1).astype(np.float32, order="C")  # a copy
    light *= _gains(values)
    light *= _vignette(light.shape, values["vignette"])
    light = _blur(light, values["blur_px"], values["shake_px"], values["shake_rad"])
    light = _lower_resolution(light, values["downscale"])
    _add_noise(light, values)
    return _through_jpeg(_tone(light, values["tone"]), values["jpeg_quality"])


def srgb(linear: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The transfer function of IEC 61966-2-1, for values clipped to 0 .. 1."""
    clipped = linear.clip(0, 1)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def line_kernel(length_px: float, direction_rad: float) -> Floats:
    """Weights [2 r + 1, 2 r + 1] of light whose picture moves evenly along a line while the shutter is open.

    The uniform motion of Lagendijk and Biemond, "Basic methods for image restoration and identification", in: Handbook
    of Image and Video Processing, 2000. The line lies about the middle, so things stay where they are in the middle of
    the exposure. Directions: 0 to the right, pi / 2 down.
    """
    number = max(1, math.ceil(STEPS * length_px))
    along = ((np.arange(number) + 0.5) / number - 0.5) * length_px
    points = np.outer([np.sin(direction_rad), np.cos(direction_rad)], along)  # [2, N], y and x
    reach = math.ceil(length_px / 2)
    grid = np.arange(-reach, reach + 1)[:, None]
    y, x = (np.maximum(0, 1 - np.abs(grid - p)) for p in points)  # [2 r + 1, N]: each point shared by its neighbours
    return np.asarray(y @ x.T / number, np.float32)


def _gains(values: dict[str, Any]) -> Floats:
    """[3, 1, 1]: exposure and white balance."""
    balance = values["white_balance"]
    gains = 2.0 ** values["exposure_stops"] * np.array([1 + balance, 1.0, 1 - balance])
    return np.asarray(gains[:, None, None], np.float32)


def _vignette(shape: tuple[int, ...], loss: float) -> Floats:
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[1:])
    return np.asarray(1 - loss / 2 * (x[None, :] ** 2 + y[:, None] ** 2), np.float32)


def _blur(light: Floats, blur_px: float, shake_px: float, shake_rad: float) -> Floats:
    if blur_px > 0:
        light = gaussian_filter(light, (0, blur_px, blur_px), mode="nearest", truncate=DEVIATIONS)
    if shake_px > 0:
        light = convolve(light, line_kernel(shake_px, shake_rad)[None], mode="nearest")
    return light


def _lower_resolution(light: Floats, downscale: float) -> Floats:
    """What a sensor of fewer pixels sees, scaled up again."""
    if downscale <= 1:
        return light
    height, width = light.shape[1:]
    small_wh = (max(1, round(width / downscale)), max(1, round(height / downscale)))
    small = [Image.fromarray(plane).resize(small_wh, Image.Resampling.BOX) for plane in light]
    return np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in small])


def _add_noise(light: Floats, values: dict[str, Any]) -> None:
    """Shot noise, whose variance grows with the light, and read noise, which is there in the dark too.

    The linear camera model of the EMVA standard 1288.
    """
    shot, read = values["shot_noise"], values["read_noise"]
    if shot == 0 and read == 0:
        return
    deviation = np.maximum(light, 0)
    deviation *= np.float32(shot**2)
    deviation += np.float32(read**2)
    np.sqrt(deviation, out=deviation)
    deviation *= np.random.default_rng(values["noise_seed"]).standard_normal(light.shape, np.float32)
    light += deviation


def _tone(light: Floats, tone: float) -> Picture:
    """[3, H, W] light to [H, W, 3] numbers."""
    np.clip(light, 0, 1, out=light)
    light *= LEVELS - 1
    light += 0.5
    planes = _table(tone).take(light.astype(np.uint16))
    return np.stack(list(planes), axis=-1)


@lru_cache(maxsize=8)
def _table(tone: float) -> Picture:
    display = srgb(np.linspace(0, 1, LEVELS)) ** tone
    return (display * 255 + 0.5).astype(np.uint8)


def _through_jpeg(picture: Picture, quality: int) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
