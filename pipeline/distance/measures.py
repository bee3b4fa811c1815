"""Colour, sharpness and noise of a picture, without any network."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import laplace
from skimage.color import rgb2lab

from pipeline.statistics import luma

Floats = npt.NDArray[np.float64]
BINS = 64
RANGES = {"lightness": (0.0, 100.0), "green_red": (-100.0, 100.0), "blue_yellow": (-110.0, 110.0)}  # of sRGB in CIELAB
LAB_DIGITS = 1  # decimals, far below what can be seen: greys come out as no colour at all
MOST_PX = 512  # a side, for colours: of larger pictures every n-th pixel
# measure -> keys of params.yaml that move it in rendered images
TURN = {
    "lightness": ["randomizers.light.energy", "randomizers.sensor.exposure_stops", "randomizers.background.value"],
    "lightness_spread": [
        *("randomizers.material.contrast", "randomizers.background.pattern_strength"),
        *("randomizers.light.ambient", "randomizers.sensor.vignette"),
    ],
    "green_red": ["randomizers.background.hue", "randomizers.background.saturation", "randomizers.material.hue"],
    "green_red_spread": ["randomizers.background.saturation", "randomizers.material.saturation"],
    "blue_yellow": [
        *("randomizers.light.temperature_k", "randomizers.sensor.white_balance"),
        *("randomizers.background.hue", "randomizers.background.saturation"),
    ],
    "blue_yellow_spread": ["randomizers.background.saturation", "randomizers.material.saturation"],
    "sharpness": [
        *("randomizers.sensor.blur_px", "randomizers.sensor.downscale", "randomizers.sensor.shake_px"),
        *("randomizers.sensor.jpeg_quality", "randomizers.camera.f_number"),
    ],
    "noise": [
        *("randomizers.sensor.shot_noise", "randomizers.sensor.read_noise", "randomizers.sensor.jpeg_quality"),
        "render.samples",
    ],
}
MEASURES = tuple(TURN)


@dataclass(frozen=True)
class Measured:
    """Of one picture."""

    values: Floats  # [len(MEASURES)]
    histograms: Floats  # [3, BINS], of L*, a* and b*; parts of the picture


def measure(rgb: npt.NDArray[np.uint8]) -> Measured:
    """All measures of a picture [H, W, 3], from 3 px a side on."""
    step = -(-max(rgb.shape[:2]) // MOST_PX)
    lab = rgb2lab(rgb[::step, ::step]).reshape(-1, 3).round(LAB_DIGITS)
    means, spreads, grey = lab.mean(axis=0), lab.std(axis=0), luma(rgb)
    colours = [v for pair in zip(means, spreads, strict=True) for v in pair]
    histograms = [np.histogram(lab[:, n], BINS, limits)[0] for n, limits in enumerate(RANGES.values())]
    return Measured(np.array([*colours, sharpness(grey), noise(grey)]), np.array(histograms) / len(lab))


def sharpness(grey: Floats) -> float:
    """Variance of the Laplacian of luma [H, W] in 0 .. 1 (Pech-Pacheco et al. 2000), without the border's pixels."""
    return float(laplace(grey)[1:-1, 1:-1].var())


def noise(grey: Floats) -> float:
    """Deviation of white noise on luma [H, W], in its units (Immerkaer 1996, eq. 4).

    Fine texture and sharp edges count as noise; noise that JPEG or a blur has taken does not.
    """
    second = np.diff(np.diff(grey, 2, axis=0), 2, axis=1)  # his mask is [1, -2, 1] one way times the same the other way
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(second).mean())
