"""Letters and digits cut from the free fonts that come with the environment."""

from pathlib import Path
from typing import Any

import bpy
import matplotlib
import numpy as np

from blender.world import add

FONT_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def known_fonts() -> list[str]:
    return sorted(p.stem for p in FONT_FOLDER.glob("*.ttf"))


def glyph(text: str, font: str, height_m: float, slant: float, thickness_m: float) -> Any:
    """An object of this height along y, its middle over the origin, lying on the ground.

    `slant` is the shear of x by y, kept to what Blender allows: -1 to 1.
    """
    data = bpy.data.curves.new("digit", "FONT")
    data.body, data.align_x, data.align_y = text, "CENTER", "CENTER"
    data.font = bpy.data.fonts.load(str(FONT_FOLDER / f"{font}.ttf"), check_existing=True)
    data.shear = float(np.clip(slant, -1, 1))
    made = add("digit", data)
    _fit(made, height_m)
    data.extrude = thickness_m / 2  # to both sides of its plane
    made.location.z = data.extrude
    return made


def _fit(made: Any, height_m: float) -> None:
    """Give a text of size 1 this height, its middle at the origin: fonts differ in how much of a size a digit takes."""
    bpy.context.view_layer.update()
    box = np.array(made.bound_box)  # [8, 3], of a flat text
    low, high = box.min(axis=0), box.max(axis=0)
    text = made.data
    text.size = height_m / (high[1] - low[1])
    text.offset_x, text.offset_y = (-(low + high)[:2] / 2 * text.size).tolist()
