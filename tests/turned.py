"""Photos as a camera on its side writes them."""

from pathlib import Path
from typing import Any

from PIL import ExifTags, Image


def as_stored(upright: Any, orientation: int) -> Any:
    """The rows that a camera writes [H, W, ...], by EXIF's words on where the first row and the first column are."""
    sideways = upright.swapaxes(0, 1)
    return {
        1: upright,  # top, left
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: sideways,  # left, top
        6: sideways[::-1],  # right, top
        7: sideways[::-1, ::-1],  # right, bottom
        8: sideways[:, ::-1],  # left, bottom
    }[orientation]


def write_turned(path: Path, upright: Any, orientation: int, **options: Any) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(as_stored(upright, orientation).copy()).save(path, exif=exif, **options)
    return path
