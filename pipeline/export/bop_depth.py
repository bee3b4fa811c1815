"""Depth for BOP: float metres -> 16 bit, of which `depth_scale` makes mm; 0 is unknown."""

import zipfile
import zlib
from collections.abc import Iterable
from itertools import count

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.export.source import Entry, Split

FINEST_EXPONENT = -1  # 0.1 mm, as in BOP's rendered training sets: 6.5 m
HIGHEST = 2**16 - 1
HOW_TO_RENDER_IT = "Set `render.layers: [depth]` in params.yaml and render anew."

Depth = npt.NDArray[np.float32]


def read_depth(split: Split, image: Entry) -> Depth:
    """[H, W], m along the optical axis, inf where nothing is.

    Raises:
        InputError: it was not rendered, the file is damaged, or its size is not that of the image.
    """
    path = split.images / image["layers_file"]
    try:
        with path.open("rb") as file, np.load(file) as layers:  # reads no layer but the one
            depth: Depth = layers["depth"]
    except (FileNotFoundError, KeyError):
        raise InputError(f"{path}: expected 'depth', found none. {HOW_TO_RENDER_IT}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        raise InputError(f"{path}: expected layers of a frame, found damaged data. Render anew.") from None
    if depth.shape != (image["height"], image["width"]):
        expected = f"[{image['height']}, {image['width']}]"
        raise InputError(f"{path}: depth: expected {expected} as the picture, found {list(depth.shape)}.")
    return depth


def farthest_of(depth_m: Depth) -> float:
    """m; 0 where nothing is."""
    return float(depth_m.max(where=np.isfinite(depth_m), initial=0))


def depth_scale(farthest_m: Iterable[float]) -> float:
    """mm of a step: the finest power of ten, from 0.1 on, that holds all of these; one for a scene."""
    farthest_mm = 1000 * max(farthest_m, default=0.0)
    return next(step for e in count(FINEST_EXPONENT) if farthest_mm <= HIGHEST * (step := 10.0**e))


def depth_picture(depth_m: Depth, scale: float) -> npt.NDArray[np.uint16]:
    """Depth [H, W] in steps of `scale` mm."""
    steps = np.where(np.isfinite(depth_m), depth_m, 0).astype(np.float64) * 1000 / scale
    return steps.round().astype(np.uint16)
