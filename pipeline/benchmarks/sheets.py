"""Sheets for detectors and segmenters: real scans, enlarged and laid out on white paper."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.benchmarks.layout import place_squares
from pipeline.masks import encode

Ink = npt.NDArray[np.uint8]  # [H, W], 0 is paper, FULL_INK is black
FULL_INK = 255
SCAN_SIDE, MARGIN = 8, 1  # pixels of a scan, and blank ones around it
# Of full ink: where a box begins. A pixel of a scan is the covered part of its 4x4 source pixels, so that the edge of
# the ink lies where half is reached, in the enlarged scan too; boxes of rendered digits begin at their edge as well.
SEEN_INK = 0.5


@dataclass(frozen=True)
class Scan:
    """A scanned digit."""

    index: int  # in the order of the source's file
    category_id: int
    ink: Ink  # [8, 8]


def paper(ink: Ink) -> npt.NDArray[np.uint8]:
    """Dark ink on white paper: gray levels [H, W]."""
    return np.subtract(FULL_INK, ink, dtype=np.uint8)


def tight_box_xywh(mask: npt.NDArray[np.bool_]) -> list[int]:
    """The smallest box around the pixels of a mask [H, W] that has some."""
    (ys,), (xs,) = np.nonzero(mask.any(axis=1)), np.nonzero(mask.any(axis=0))
    return [int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)]


def described(scan: Scan, box_xywh: list[int]) -> dict[str, Any]:
    """The fields of an annotation that do not depend on its image. Without a mask the area is the box's."""
    area = box_xywh[2] * box_xywh[3]
    return {"category_id": scan.category_id, "bbox": box_xywh, "area": area, "iscrowd": 0, "scan": scan.index}


def make_sheet(
    scans: list[Scan], size_wh: tuple[int, int], height_px: tuple[int, int], rng: np.random.Generator
) -> tuple[Ink, list[dict[str, Any]]]:
    """Lay out scans on one sheet, each at a height drawn from height_px [low, high].

    Returns the ink [H, W] and the fields of an annotation for each scan; its mask is the ink drawn, its box tight
    around it.

    Raises:
        InputError: when no layout is found.
    """
    heights_px = rng.integers(height_px[0], height_px[1], size=len(scans), endpoint=True).tolist()
    inks = [enlarge(scan.ink, height) for scan, height in zip(scans, heights_px, strict=True)]
    sheet: Ink = np.zeros(size_wh[::-1], np.uint8)
    objects = []
    corners = place_squares([len(ink) for ink in inks], size_wh, rng)
    for scan, ink, (x, y) in zip(scans, inks, corners, strict=True):
        sheet[y : y + len(ink), x : x + len(ink)] = ink
        mask = np.zeros(sheet.shape, bool)
        mask[y : y + len(ink), x : x + len(ink)] = ink > SEEN_INK * FULL_INK
        seen = {"segmentation": encode(mask), "area": int(mask.sum())}
        objects.append({**described(scan, tight_box_xywh(mask)), **seen})
    return sheet, objects


def enlarge(ink: Ink, height_px: int) -> Ink:
    """A scan [8, 8] at a height of height_px, on a square with a margin.

    The ink of a scan reaches its first and last row; without the margin the enlarged digit would look cut off.
    """
    side_px = side_of(height_px)
    return np.asarray(Image.fromarray(np.pad(ink, MARGIN)).resize((side_px, side_px), Image.Resampling.BICUBIC))


def side_of(height_px: int) -> int:
    """The side, px, of the square that a scan of this height takes on a sheet: with its margin."""
    return round(height_px * (SCAN_SIDE + 2 * MARGIN) / SCAN_SIDE)
