"""Boxes of labels -> boxes of the upright photo, each of them checked."""

from dataclasses import dataclass

from pipeline.benchmarks.importing.labels import BoxXyxy, Labelled, Photo, each
from pipeline.coco import DIGITS
from pipeline.errors import InputError
from pipeline.photo import ON_ITS_SIDE, Header

# Tools round, and count pixels from 0 or from 1; what is further outside was drawn on another picture.
TOLERANCE_PX = 1.0


@dataclass(frozen=True)
class Object:
    """A checked object of an upright photo."""

    category: str
    box_xywh: tuple[float, float, float, float]  # px
    crowd: bool


def upright_objects(photo: Photo, header: Header, to_wh: tuple[int, int]) -> list[Object]:
    """Objects of a photo that is turned upright and scaled to the size `to_wh`.

    Labels that were made on the picture as it lies in the file, before EXIF turns it, are turned along: their claimed
    size tells. Boxes that reach over the border by at most TOLERANCE_PX are cut there.

    Raises:
        InputError: for a claimed size that is not the photo's, a box further outside, or one without size.
    """
    turned = photo.claimed_wh == header.stored_wh and header.orientation in ON_ITS_SIDE
    if photo.claimed_wh not in (None, header.upright_wh) and not turned:
        expected = f"the size of {photo.path}, {header.upright_wh}"
        raise InputError(f"{photo.where}: expected {expected}, found width and height {photo.claimed_wh}.")
    turned = turned and header.stored_wh != header.upright_wh  # of a square nobody can tell
    orientation = header.orientation if turned else 1
    return each(lambda o: _upright(o, header, orientation, to_wh), photo.objects)


def _upright(labelled: Labelled, header: Header, orientation: int, to_wh: tuple[int, int]) -> Object:
    size_wh = header.stored_wh if orientation > 1 else header.upright_wh
    inside = turned(_inside(labelled, size_wh), size_wh, orientation)
    scale = (to_wh[0] / header.upright_wh[0], to_wh[1] / header.upright_wh[1])
    x0, y0, x1, y1 = (round(v * scale[n % 2], DIGITS) for n, v in enumerate(inside))
    if x1 <= x0 or y1 <= y0:
        raise InputError(f"{labelled.where}: expected a box with a size, found less than a hundredth of a pixel.")
    return Object(labelled.category, (x0, y0, round(x1 - x0, DIGITS), round(y1 - y0, DIGITS)), labelled.crowd)


def _inside(labelled: Labelled, size_wh: tuple[int, int]) -> BoxXyxy:
    """Cut to the picture, when only rounding has to be cut off."""
    x0, y0, x1, y1 = labelled.box_xyxy
    width, height = size_wh
    shown = f"x {x0:g} to {x1:g}, y {y0:g} to {y1:g}"
    if not (x1 > x0 and y1 > y0):
        raise InputError(f"{labelled.where}: expected a box with a positive size, found {shown} px.")
    if not (min(x0, y0) >= -TOLERANCE_PX and x1 <= width + TOLERANCE_PX and y1 <= height + TOLERANCE_PX):
        raise InputError(f"{labelled.where}: expected a box inside of {width}x{height} px, found {shown}.")
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def turned(box_xyxy: BoxXyxy, size_wh: tuple[int, int], orientation: int) -> BoxXyxy:
    """A box of the picture of `size_wh` as it lies in the file, in the upright one, by EXIF's orientation.

    As `pipeline.photo.TURNS` moves the pixels: x and y change places, then each may be mirrored.
    """
    if orientation not in ON_ITS_SIDE:
        return box_xyxy
    (y0, x0, y1, x1), (height, width) = box_xyxy, size_wh  # of the upright picture from here on
    if orientation in (6, 7):  # its right side was the first row
        x0, x1 = width - x1, width - x0
    if orientation in (7, 8):  # its lower side was the first column
        y0, y1 = height - y1, height - y0
    return x0, y0, x1, y1
