"""The contact sheet: photos with their boxes and names, to see at a glance whether an import went well."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from pipeline.coco import Coco, names_of
from pipeline.draw import EDGE_COLOUR, PAPER_COLOUR, contact_sheet, draw_boxes, true_boxes
from pipeline.photo import load_picture
from pipeline.table import CAPTION_FONT, LINE_PX

COLUMNS = 5
SHOWN_PX = 320  # longer side
MOST = 60  # photos, evenly over the sides: a sheet of thousands is too large to look at
COLOURS = 256


def write_sheet(cocos: Mapping[str, Coco], folder: Path) -> None:
    """Write `contact_sheet.png` into a folder that has `images/`."""
    entries = [(side, coco, image) for side, coco in cocos.items() for image in coco["images"]]
    picked = np.linspace(0, len(entries) - 1, min(MOST, len(entries))).round().astype(int)
    cells = [_cell(*entries[int(n)], folder / "images") for n in picked]
    contact_sheet(cells, COLUMNS).quantize(COLOURS).save(folder / "contact_sheet.png", optimize=True)


def _cell(side: str, coco: Coco, image: dict[str, Any], images: Path) -> Image.Image:
    """A photo with its boxes, the side and its name below."""
    boxes = true_boxes((a for a in coco["annotations"] if a["image_id"] == image["id"]), names_of(coco))
    picture = load_picture(images / image["file_name"])
    drawn = draw_boxes(picture, boxes, _scale(picture.shape))
    cell = Image.new("RGB", (max(drawn.width, SHOWN_PX), drawn.height + LINE_PX), PAPER_COLOUR)
    cell.paste(drawn, ((cell.width - drawn.width) // 2, 0))
    text = _shortened(f"{side}: {image['file_name']}", cell.width)
    ImageDraw.Draw(cell).text((0, drawn.height + LINE_PX // 2), text, fill=EDGE_COLOUR, font=CAPTION_FONT, anchor="lm")
    return cell


def _scale(shape: tuple[int, ...]) -> float:
    scale = SHOWN_PX / max(shape[:2])
    return float(int(scale)) if scale >= 1 else scale


def _shortened(text: str, width_px: int) -> str:
    while CAPTION_FONT.getlength(text) > width_px:
        text = f"{text[: len(text) // 2 - 2]}…{text[len(text) // 2 + 2 :]}"
    return text
