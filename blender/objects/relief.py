"""What is struck on a coin, as heights 0 .. 1 over its disc: a figure, lines, letters along the border, a rim; worn."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from blender.samplers import Rng

Floats = npt.NDArray[np.float64]

WAVES = 12  # of a noise field
FIGURE_RADIUS = 0.62  # the figure keeps within it; letters lie between it and the rim
STROKE_POINTS = 10


def relief(points: Floats, wear: float, rng: Rng) -> Floats:
    """Heights [N], 0 .. 1, at points [N, 2] of the unit disc.

    `wear` 0: as struck; 1: nearly blank. High parts are lost first, and more on one side than on the other.
    """
    width = rng.uniform(0.025, 0.05)
    ridges = np.concatenate([_strokes(rng), _letters(rng)])
    struck = np.maximum(_figure(points, rng), rng.uniform(0.4, 0.9) * _near(points, ridges, width))
    struck = struck - rng.uniform(0.2, 0.7) * _near(points, _strokes(rng), width)
    struck = np.clip(np.maximum(struck, _rim(points, rng)), 0, 1)
    rubbed = np.clip(wear * (1 + 0.7 * noise(points, 1.5, rng)), 0, 1)
    left = np.minimum(struck, 1 - 0.6 * rubbed) * (1 - 0.7 * rubbed)
    return np.asarray(np.clip(left + 0.05 * noise(points, 12.0, rng), 0, 1))


def hollows(heights: Floats) -> Floats:
    """How much lower each place of a polar grid [rings, segments] lies than those about it: > 0 in hollows."""
    return np.asarray(gaussian_filter(heights, (2.0, 3.0), mode=("nearest", "wrap")) - heights)


def noise(points: Floats, frequency: float, rng: Rng) -> Floats:
    """A smooth random field [N], deviation 1: random Fourier features of a Gaussian kernel (Rahimi and Recht 2007)."""
    waves, phases = rng.normal(0.0, frequency, (2, WAVES)), rng.uniform(0, 2 * np.pi, WAVES)
    angles = (points @ waves + phases).astype(np.float32)  # their cosines take a third of the time of 64 bit ones
    return np.asarray(np.cos(angles).sum(axis=1) * (2 / WAVES) ** 0.5, np.float64)


def _figure(points: Floats, rng: Rng) -> Floats:
    """A large mass, as of a head, with smaller ones on and about it, and locks of hair."""
    parts = int(rng.integers(4, 12))
    middles = rng.uniform(-0.4, 0.4, (parts, 2))
    middles[0] *= 0.3
    sizes = rng.uniform(0.07, 0.26, (parts, 2))
    sizes[0] = rng.uniform(0.25, 0.5, 2)
    heights = rng.uniform(0.5, 1.0, parts)
    masses = heights * _ellipses(points, middles, sizes, rng.uniform(0, np.pi, parts))  # [N, parts]
    bent = points @ rng.normal(0, 1, 2) + rng.normal(0, 0.7) * (points**2).sum(axis=1)
    hair = np.cos(bent * rng.uniform(15, 35)) * masses[:, -1] * rng.uniform(0, 0.4)
    within = np.hypot(*points.T) < FIGURE_RADIUS + 0.1
    return np.asarray(np.clip(masses.max(axis=1) - 0.15 * masses.std(axis=1) + hair, 0, 1) * within)


def _ellipses(points: Floats, middles: Floats, sizes: Floats, turns_rad: Floats) -> Floats:
    """1 inside of each, 0 outside, with a slope between: [N, parts]."""
    away = points[:, None] - middles
    cos, sin = np.cos(turns_rad), np.sin(turns_rad)
    own = np.stack([away[..., 0] * cos + away[..., 1] * sin, away[..., 1] * cos - away[..., 0] * sin], axis=-1)
    distance = np.hypot(*np.moveaxis(own / sizes, -1, 0))
    return np.asarray(1 / (1 + np.exp(12 * (distance - 1).clip(-4, 4))))


def _near(points: Floats, dots: Floats, width: float) -> Floats:
    """1 at the dots [M, 2], falling off over this width: [N]. Dots in a row make a line."""
    distance, _ = cKDTree(dots).query(points)
    return np.asarray(np.exp(-((distance / width) ** 2)))


def _strokes(rng: Rng) -> Floats:
    """Points [M, 2] on arcs; where one leaves the figure it goes along its border."""
    number = int(rng.integers(4, 16))
    start = rng.uniform(-0.45, 0.45, (number, 1, 2))
    heading = rng.uniform(-np.pi, np.pi, (number, 1)) + rng.normal(0, 0.25, (number, 1)) * np.arange(STROKE_POINTS)
    step = rng.uniform(0.02, 0.07, (number, 1, 1)) * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    dots = (start + step.cumsum(axis=1)).reshape(-1, 2)
    return np.asarray(dots * np.minimum(1, FIGURE_RADIUS / np.hypot(*dots.T))[:, None])


def _letters(rng: Rng) -> Floats:
    """Points [M, 2] of two short bars for each letter, on an arc along the border."""
    number = int(rng.integers(2, 22))
    angles = rng.uniform(-np.pi, np.pi) + 0.24 * np.arange(number)
    out = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[:, None]  # [number, 1, 2]
    along = out[..., ::-1] * (-1, 1)
    bars = rng.uniform(-0.07, 0.07, (2, 2, number, 1, 1))  # ends of two bars, outwards and along
    part = np.linspace(-1, 1, 5)[None, :, None]
    both = np.concatenate([0.76 * out + part * (a * out + b * along) for a, b in bars])
    return np.asarray(both.reshape(-1, 2))


def _rim(points: Floats, rng: Rng) -> Floats:
    """A ring along the border, plain or of dots, or none."""
    radius, width = rng.uniform(0.88, 0.95), rng.uniform(0.025, 0.06)
    ring = np.exp(-(((np.hypot(*points.T) - radius) / width) ** 2))
    dots = 0.5 + 0.5 * np.cos(int(rng.integers(20, 40)) * np.arctan2(points[:, 1], points[:, 0]))
    return np.asarray(rng.uniform(0, 0.9) * ring * (dots if rng.random() < 0.4 else 1.0))
