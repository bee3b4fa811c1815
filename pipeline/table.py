"""Pictures in a table with headings, names of rows and captions."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from pipeline.draw import EDGE_COLOUR, FONT_PX, PAPER_COLOUR, Font

GAP_PX = 8
LINE_PX = 16  # of text
FONT = ImageFont.load_default(FONT_PX)
CAPTION_FONT = ImageFont.load_default(11)


@dataclass(frozen=True)
class Cell:
    """A picture with its caption."""

    picture: Image.Image
    caption: str = ""


def picture_table(headings: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]], footer: str = "") -> Image.Image:
    """Rows of (name, cells), one cell for each heading, all pictures of one size. Needs at least one row."""
    width_px, height_px = rows[0][1][0].picture.size
    texts = [[wrap(cell.caption, width_px) for cell in cells] for _, cells in rows]
    heights = [height_px + LINE_PX * max(len(lines) for lines in row) + GAP_PX for row in texts]
    name_px = GAP_PX + round(max(FONT.getlength(line) for name, _ in rows for line in name.split("\n")))
    size_wh = (name_px + len(headings) * (width_px + GAP_PX) + GAP_PX, (4 if footer else 2) * LINE_PX + sum(heights))
    sheet = Image.new("RGB", size_wh, PAPER_COLOUR)
    draw = ImageDraw.Draw(sheet)
    left = [name_px + GAP_PX + n * (width_px + GAP_PX) for n in range(len(headings))]
    for x, heading in zip(left, headings, strict=True):
        _write(draw, (x + width_px // 2, LINE_PX), heading, FONT, "mm")
    top = 2 * LINE_PX
    for (name, cells), lines, row_px in zip(rows, texts, heights, strict=True):
        _write(draw, (GAP_PX, top + height_px // 2), name, FONT, "lm")
        for x, cell, captions in zip(left, cells, lines, strict=True):
            sheet.paste(cell.picture, (x, top))
            for n, text in enumerate(captions):
                _write(draw, (x, top + height_px + n * LINE_PX + LINE_PX // 2), text, CAPTION_FONT, "lm")
        top += row_px
    _write(draw, (GAP_PX, top + LINE_PX), footer, FONT, "lm")
    return sheet


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: Font, anchor: str) -> None:
    draw.text(at, text, fill=EDGE_COLOUR, font=font, anchor=anchor)


def wrap(text: str, width_px: int) -> list[str]:
    """Lines of a caption that fit into this width; a longer word keeps a line of its own."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and CAPTION_FONT.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
