"""Blender's clear sky, and how much light it gives: measured by `python -m bench.sky` with Blender 5.0.1.

The sky is that of `ShaderNodeTexSky` which reckons with light scattered more than once; ozone, density of the air and
height over the sea stay Blender's.
"""

from typing import Any

import numpy as np
from scipy.interpolate import RegularGridInterpolator

MAP_PX = 128  # of where the light comes from: a sky without sun is smooth, and Cycles' own map takes a second

ELEVATION_RAD = (0.0, 0.04, 0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.57)
HAZE = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
# Luminance of a white sheet, by elevation (rows) and haze; 1 under white light of strength 1 from all around.
WITHOUT_SUN = (
    (0.43, 0.427, 0.422, 0.414, 0.399, 0.371),
    (0.889, 0.901, 0.911, 0.921, 0.922, 0.904),
    (1.504, 1.555, 1.61, 1.699, 1.811, 1.904),
    (2.173, 2.289, 2.422, 2.661, 3.033, 3.514),
    (2.715, 2.897, 3.113, 3.518, 4.21, 5.254),
    (3.169, 3.404, 3.686, 4.222, 5.189, 6.809),
    (3.578, 3.851, 4.187, 4.826, 6.007, 8.075),
    (3.917, 4.217, 4.584, 5.294, 6.638, 8.997),
    (4.124, 4.439, 4.824, 5.577, 6.992, 9.515),
)
WITH_SUN = (
    (0.433, 0.428, 0.423, 0.415, 0.4, 0.371),
    (1.195, 1.166, 1.133, 1.078, 1.001, 0.925),
    (3.256, 3.209, 3.15, 3.032, 2.809, 2.463),
    (7.838, 7.798, 7.744, 7.619, 7.335, 6.76),
    (15.25, 15.24, 15.21, 15.13, 14.93, 14.42),
    (24.83, 24.84, 24.84, 24.84, 24.77, 24.46),
    (35.35, 35.37, 35.41, 35.47, 35.52, 35.43),
    (44.78, 44.83, 44.90, 45.01, 45.18, 45.28),
    (50.76, 50.86, 50.99, 51.29, 52.40, 51.12),
)


def add_to(around: Any, elevation_rad: float, haze: float, sun_disc: bool, rotation_rad: float) -> Any:
    """Put the sky into a Blender world's nodes; returns the socket of its colour."""
    node = around.node_tree.nodes.new("ShaderNodeTexSky")
    node.sky_type = "MULTIPLE_SCATTERING"
    node.sun_elevation, node.aerosol_density = elevation_rad, haze
    node.sun_disc, node.sun_rotation = sun_disc, -rotation_rad
    if not sun_disc:
        around.cycles.sampling_method, around.cycles.sample_map_resolution = "MANUAL", MAP_PX
    return node.outputs["Color"]


def irradiance(elevation_rad: float, haze: float, sun_disc: bool) -> float:
    """Irradiance on a horizontal sheet, as a part of what white light of strength 1 from all around gives."""
    return float(np.exp(_tables[sun_disc](_place(elevation_rad, haze))))


def _place(elevation_rad: float, haze: float) -> tuple[float, float]:
    """Coordinates in which the logarithm of the light bends little: the air's thickness goes as 1 / sin(elevation)."""
    return float(np.log(np.sin(np.minimum(elevation_rad, np.pi / 2)) + 0.05)), float(np.log(haze))


def _table(values: tuple[tuple[float, ...], ...]) -> RegularGridInterpolator:
    rows = [_place(e, 1.0)[0] for e in ELEVATION_RAD]
    return RegularGridInterpolator((rows, np.log(HAZE)), np.log(values))


_tables = {False: _table(WITHOUT_SUN), True: _table(WITH_SUN)}
