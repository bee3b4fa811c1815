"""Boxes and masks in the words of YOLO and Pascal VOC, by supervision (github.com/roboflow/supervision, MIT)."""

import warnings
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

with warnings.catch_warnings():  # it says that it is slower without OpenCV
    warnings.simplefilter("ignore", UserWarning)
    from supervision.dataset.formats.pascal_voc import object_to_pascal_voc
    from supervision.dataset.formats.yolo import object_to_yolo
    from supervision.dataset.utils import approximate_mask_with_polygons

Floats = npt.NDArray[np.float64]
PARTS = 3  # of a pixel's side


def yolo_box(box_xyxy: Floats, index: int, size_wh: tuple[int, int]) -> str:
    """`class x_centre y_centre width height` in parts of the picture, with five decimals."""
    return object_to_yolo(box_xyxy, index, size_wh[::-1])


def yolo_outline(mask: npt.NDArray[np.bool_], index: int) -> str:
    """`class x1 y1 x2 y2 ...` in parts of the picture: one line for an object, also for one in several pieces."""
    height, width = mask.shape
    outline = outline_px(mask)
    return object_to_yolo(np.array([*outline.min(axis=0), *outline.max(axis=0)]), index, (height, width), outline)


def voc_object(box_xyxy: Floats, name: str) -> Element:
    """<object> with <name> and <bndbox>: first and last pixels, counted from 1, as in the VOC devkit."""
    return object_to_pascal_voc(box_xyxy, name)


def outline_px(mask: npt.NDArray[np.bool_]) -> Floats:
    """The outline [n, 2], px, of a mask [H, W] with at least one pixel; it lies a sixth of a pixel inside of the mask.

    Contours run through the centres of pixels, and leave out pieces of one or two. In thirds of pixels they come closer
    to the edge and miss nothing, and still every corner lies well within its own pixel: a reader that cuts decimals
    off before it fills the outline, as trainers do, gets the same pixels in spite of YOLO's rounding.
    """
    (y0, y1), (x0, x1) = ((int(found.min()), int(found.max()) + 1) for found in mask.nonzero())
    thirds = mask[y0:y1, x0:x1].repeat(PARTS, axis=0).repeat(PARTS, axis=1)
    whole, *others = (np.asarray(p, float) for p in approximate_mask_with_polygons(thirds, bridge_holes=True))
    for piece in others:
        whole = _joined(whole, piece)
    return (whole + 0.5) / PARTS + (x0, y0)


def _joined(whole: Floats, piece: Floats) -> Floats:
    """Two outlines as one, with a seam without width, there and back, where they are nearest."""
    at, start = np.unravel_index(cdist(whole, piece).argmin(), (len(whole), len(piece)))
    loop = np.roll(piece, -start, axis=0)
    return np.concatenate([whole[: at + 1], loop, loop[:1], whole[at:]])
