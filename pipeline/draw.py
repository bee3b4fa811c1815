"""Boxes with names on pictures, and sheets of pictures.

True boxes are sky blue with the name below, predicted boxes orange with name and score above: two colours of Okabe and
Ito's palette, which people with any kind of colour vision can tell apart (jfly.uni-koeln.de/color). A dark edge on
both sides keeps them visible on light and on dark pictures. Lines lie around the box, not on the object.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pipeline.coco import likeliest

TRUE_COLOUR = "#56b4e9"
PREDICTED_COLOUR = "#e69f00"
EDGE_COLOUR = "#101418"
PAPER_COLOUR = "#ffffff"
LINE_PX = 2
FONT_PX = 13

Picture = Image.Image | npt.NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Box:
    """A box to draw, in pixels of the picture that it belongs to."""

    box_xywh: tuple[float, float, float, float]
    text: str = ""
    predicted: bool = False


def true_boxes(annotations: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> list[Box]:
    """Boxes of COCO annotations; `names` by category id."""
    return [Box(_xywh(a), names[a["category_id"]]) for a in annotations]


def predicted_boxes(results: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> list[Box]:
    """Boxes of the COCO results of one image under their likeliest names, with scores, the best on top."""
    ordered = reversed(likeliest([{"image_id": 0, **r} for r in results]))
    return [Box(_xywh(r), f"{names[r['category_id']]} {r['score']:.2f}", predicted=True) for r in ordered]


def _xywh(entry: Mapping[str, Any]) -> tuple[float, float, float, float]:
    x, y, w, h = entry["bbox"]
    return float(x), float(y), float(w), float(h)


def draw_boxes(picture: Picture, boxes: Sequence[Box], scale: float = 1.0, font_px: int = FONT_PX) -> Image.Image:
    """An RGB copy of `picture` (PIL image, or uint8 [H, W, 3] or [H, W]), `scale` times as large, with boxes on it."""
    font = ImageFont.load_default(font_px)
    drawn = scaled(picture, scale)
    draw = ImageDraw.Draw(drawn)
    for box in boxes:
        _draw_outline(draw, drawn.size, _corners(box.box_xywh, scale), box.predicted)
    for box in boxes:  # above all lines
        if box.text:
            _draw_text(draw, drawn.size, box, scale, font)
    return drawn


def scaled(picture: Picture, scale: float) -> Image.Image:
    """An RGB copy, `scale` times as large: whole multiples show the pixels as they are."""
    image = (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).convert("RGB")
    if scale == 1:
        return image.copy()
    size_wh = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size_wh, Image.Resampling.NEAREST if scale == round(scale) else Image.Resampling.LANCZOS)


def _corners(box_xywh: Sequence[float], scale: float) -> tuple[int, int, int, int]:
    """First and last pixels of the box: left, top, right, bottom, all within the box."""
    x, y, w, h = (v * scale for v in box_xywh)
    left, top = round(x), round(y)
    return left, top, max(left, round(x + w) - 1), max(top, round(y + h) - 1)


def _draw_outline(
    draw: ImageDraw.ImageDraw, size_wh: tuple[int, int], corners: tuple[int, int, int, int], predicted: bool
) -> None:
    """Dark, coloured, dark, from the box outwards. A predicted box lies around a true one, so that both are seen."""
    start = LINE_PX + 2 if predicted else 1
    colour = PREDICTED_COLOUR if predicted else TRUE_COLOUR
    for by_px in (start, start + LINE_PX + 1):
        draw.rectangle(_grown(corners, by_px, size_wh), outline=EDGE_COLOUR)
    for by_px in range(start + 1, start + LINE_PX + 1):  # last: at the border of the picture all rings fall together
        draw.rectangle(_grown(corners, by_px, size_wh), outline=colour)


def _grown(corners: tuple[int, int, int, int], by_px: int, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Kept inside of the picture, so that a box at its border still has four sides."""
    left, top, right, bottom = corners
    last_x, last_y = size_wh[0] - 1, size_wh[1] - 1
    return (
        min(max(0, left - by_px), last_x),
        min(max(0, top - by_px), last_y),
        max(0, min(last_x, right + by_px)),
        max(0, min(last_y, bottom + by_px)),
    )


def _draw_text(draw: ImageDraw.ImageDraw, size_wh: tuple[int, int], box: Box, scale: float, font: Font) -> None:
    """The name on a plate of the box's colour: above a predicted box, below a true one, inside of the picture."""
    left, top, right, bottom = (int(v) for v in draw.textbbox((0, 0), box.text, font=font))
    plate_wh = (right - left + 4, bottom - top + 4)
    x0, y0, _, y1 = _grown(_corners(box.box_xywh, scale), LINE_PX + 1, size_wh)
    x = max(0, min(x0, size_wh[0] - plate_wh[0]))
    y = max(0, min(y0 - plate_wh[1] if box.predicted else y1, size_wh[1] - plate_wh[1]))
    colour = PREDICTED_COLOUR if box.predicted else TRUE_COLOUR
    draw.rectangle((x, y, x + plate_wh[0] - 1, y + plate_wh[1] - 1), fill=colour)
    draw.text((x + 2 - left, y + 2 - top), box.text, fill=EDGE_COLOUR, font=font)


def contact_sheet(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures in rows of `columns`, each centred in a cell of the largest picture's size. Needs at least one."""
    gap_px = 8
    cell_wh = (max(p.width for p in pictures) + gap_px, max(p.height for p in pictures) + gap_px)
    rows = -(-len(pictures) // columns)
    used = min(columns, len(pictures))
    sheet = Image.new("RGB", (used * cell_wh[0] + gap_px, rows * cell_wh[1] + gap_px), PAPER_COLOUR)
    for n, picture in enumerate(pictures):
        x = gap_px + n % columns * cell_wh[0] + (cell_wh[0] - gap_px - picture.width) // 2
        y = gap_px + n // columns * cell_wh[1] + (cell_wh[1] - gap_px - picture.height) // 2
        sheet.paste(picture.convert("RGB"), (x, y))
    return sheet
