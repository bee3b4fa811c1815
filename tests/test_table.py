"""Pictures in a table: each in its row and column, with captions that fit."""

import numpy as np
from PIL import Image, ImageColor

from pipeline.table import CAPTION_FONT, GAP_PX, Cell, picture_table, wrap

COLOURS = ("#ff0000", "#00ff00", "#0000ff", "#ffff00")


def corner(sheet: Image.Image, colour: str) -> tuple[int, int]:
    """(x, y) of the upper left pixel, after checking that 60x30 px have the colour."""
    rows, columns = np.nonzero((np.asarray(sheet) == ImageColor.getrgb(colour)).all(axis=-1))
    assert (np.ptp(columns), np.ptp(rows), len(rows)) == (59, 29, 60 * 30)
    return int(columns.min()), int(rows.min())


def table(caption: str = "", footer: str = "") -> Image.Image:
    cells = [Cell(Image.new("RGB", (60, 30), colour), caption) for colour in COLOURS]
    return picture_table(["left", "right"], [("first", cells[:2]), ("second row", cells[2:])], footer)


def test_pictures_stand_in_rows_and_columns() -> None:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (corner(table(), colour) for colour in COLOURS)
    assert x0 == x2 and x1 == x3 == x0 + 60 + GAP_PX
    assert y0 == y1 and y2 == y3 == y0 + 30 + GAP_PX


def test_names_have_room_to_the_left() -> None:
    sheet = np.asarray(table())
    x, y = corner(table(), COLOURS[2])
    written = np.nonzero((sheet[y : y + 30, :x] < 128).any(axis=(0, 2)))[0]
    assert len(written) and written.max() < x - 1


def test_captions_and_footer_make_room_for_themselves() -> None:
    plain, captioned, footed = table(), table("one two"), table(footer="end")
    assert captioned.height > plain.height and footed.height > plain.height
    below = np.asarray(captioned)[corner(captioned, COLOURS[0])[1] + 30 : corner(captioned, COLOURS[2])[1]]
    assert (below < 128).any()


def test_lines_fit_unless_a_word_is_too_long() -> None:
    text = "energy 0.6, kind area, a_very_long_word_that_fits_nowhere 1"
    lines = wrap(text, 70)
    assert " ".join(lines) == text and len(lines) > 3
    assert all(CAPTION_FONT.getlength(line) <= 70 for line in lines if " " in line)
    assert wrap("", 70) == []
