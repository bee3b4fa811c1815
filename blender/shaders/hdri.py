"""Pictures of the light from all around: equirectangular, .hdr or .exr, linear and without an upper limit."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from PIL import Image

from blender import assets
from blender.shaders.nodes import node
from pipeline.errors import InputError

Floats = npt.NDArray[np.float32]

SUFFIXES = (".exr", ".hdr")
MAGIC = {".exr": b"\x76\x2f\x31\x01", ".hdr": b"#?"}  # with which such a file begins
LINEAR = "Linear Rec.709"  # whatever a file says of itself: some programs tag them with the space of a screen
LIGHT_PX = 512  # width of the light: 0.7 degrees a pixel, where the sun takes 0.5
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green, blue: ITU-R BT.709


def check(folder: str | None, key: str) -> None:
    """Raises InputError unless the folder has such pictures, and all begin as they should."""
    assets.check_folder(folder, SUFFIXES, key)
    for name in assets.found_in(folder, SUFFIXES):
        path = Path(str(folder)) / name
        with path.open("rb") as file:
            start = file.read(4)
        if not start.startswith(MAGIC[path.suffix.lower()]):
            raise InputError(f"{path}: expected {path.suffix.lower()} data, found a file that starts with {start!r}.")


def load(path: Path) -> Any:
    """The picture in Blender, taken as linear light. Raises InputError for a damaged one."""
    picture = bpy.data.images.load(str(path), check_existing=True)
    picture.colorspace_settings.name = LINEAR
    if not picture.size[0]:
        raise InputError(f"{path}: expected a picture, found damaged data.")
    return picture


def add_to(around: Any, path: Path, rotation_rad: float) -> Any:
    """Put the picture into a Blender world's nodes; returns the socket of its colour. Raises InputError.

    The camera sees the picture itself; light comes from a small one. Cycles aims at bright places by a map of them,
    which has to be finer than the picture (else single pixels flare up) and is made anew for each frame.
    """
    tree = around.node_tree
    mix = node(tree, "ShaderNodeMixRGB")
    tree.links.new(node(tree, "ShaderNodeLightPath").outputs["Is Camera Ray"], mix.inputs["Fac"])
    for name, picture in (("Color1", _small(light_of(path).pixels)), ("Color2", load(path))):
        tree.links.new(_around(tree, picture, rotation_rad), mix.inputs[name])
    around.cycles.sampling_method, around.cycles.sample_map_resolution = "MANUAL", 2 * LIGHT_PX
    return mix.outputs["Color"]


def _around(tree: Any, picture: Any, rotation_rad: float) -> Any:
    """Socket with the colours of a picture that surrounds everything, turned about the vertical."""
    made = node(tree, "ShaderNodeTexEnvironment")
    made.image = picture
    turned = node(tree, "ShaderNodeMapping", Rotation=(0.0, 0.0, -rotation_rad))
    tree.links.new(node(tree, "ShaderNodeTexCoord").outputs["Generated"], turned.inputs["Vector"])
    tree.links.new(turned.outputs["Vector"], made.inputs["Vector"])
    return made.outputs["Color"]


@dataclass(frozen=True)
class Light:
    """What a picture sheds."""

    pixels: Floats  # [H, W, 3], at most LIGHT_PX wide
    irradiance: float  # on a horizontal sheet, as a part of what white light of strength 1 from all around gives


@lru_cache(maxsize=16)  # reading takes as long as a small frame; 2 MB each
def light_of(path: Path) -> Light:
    """The light of a picture. Raises InputError for a damaged one, and where there is no light from above."""
    picture = load(path)
    (width_px, height_px), channels = picture.size, picture.channels
    flat = np.empty(width_px * height_px * channels, np.float32)
    picture.pixels.foreach_get(flat)
    pixels = flat.reshape(height_px, width_px, channels)[::-1, :, : 3 if channels >= 3 else 1]
    light = Light(shrunk(np.broadcast_to(pixels, (height_px, width_px, 3))), from_above(pixels))
    if not light.irradiance > 0:
        raise InputError(f"{path}: expected light from above, found none.")
    return light


def shrunk(pixels: Floats) -> Floats:
    """A picture [H, W, 3] of at most LIGHT_PX in width: each pixel the mean of those that it takes the place of."""
    height_px, width_px = pixels.shape[:2]
    if width_px <= LIGHT_PX:
        return np.array(pixels)
    size_wh = (LIGHT_PX, max(1, round(height_px * LIGHT_PX / width_px)))
    channels = [Image.fromarray(np.ascontiguousarray(pixels[:, :, c])) for c in range(3)]
    return np.stack([np.asarray(c.resize(size_wh, Image.Resampling.BOX)) for c in channels], axis=-1)


def _small(pixels: Floats) -> Any:
    """The pixels as a picture in Blender."""
    height_px, width_px = pixels.shape[:2]
    made = bpy.data.images.new("light", width_px, height_px, float_buffer=True, is_data=True)
    rgba = np.dstack([pixels, np.ones((height_px, width_px), np.float32)])[::-1]
    made.pixels.foreach_set(np.ascontiguousarray(rgba, np.float32).ravel())
    return made


def from_above(pixels: Floats) -> float:
    """Mean luminance of an equirectangular picture [H, W, C], by solid angle and cosine over its upper half.

    A row at elevation e takes a solid angle in proportion to cos(e), and the light meets the sheet with sin(e).
    """
    height_px = len(pixels)
    elevation_rad = (0.5 - (np.arange(height_px) + 0.5) / height_px) * np.pi
    weights = (np.cos(elevation_rad) * np.sin(elevation_rad)).clip(0)
    rows = pixels.mean(axis=1, dtype=np.float64)
    light = rows[:, :3] @ LUMINANCE if rows.shape[1] >= 3 else rows[:, 0]
    return float(light @ weights / weights.sum())
