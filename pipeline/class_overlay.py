"""Class maps on pictures, in the colours of Pascal VOC, with a line of names below."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pipeline.class_maps import IGNORED, ClassMap
from pipeline.draw import EDGE_COLOUR, FONT_PX, PAPER_COLOUR, Picture, scaled

COVER = 0.6  # how much of the picture a class hides
PAD_PX = 4  # around a name


def voc_colours() -> npt.NDArray[np.uint8]:
    """RGB [256, 3] of all classes: the colour map of the Pascal VOC development kit (Everingham et al. 2010).

    The bits of a class, from the lowest on, go in turn to red, green and blue, each from the highest bit down.
    """
    classes = np.arange(256)
    channels = [sum(((classes >> 3 * j + c) & 1) << 7 - j for j in range(3)) for c in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


def draw_map(picture: Picture, pixels: ClassMap, names: Mapping[int, str], scale: float = 1.0) -> Image.Image:
    """An RGB copy, `scale` times as large, tinted by class; what is background or ignored stays. `names` by id."""
    seen = np.asarray(scaled(picture, 1)).astype(np.float32)
    shown = (pixels > 0) & (pixels != IGNORED)
    seen[shown] = (1 - COVER) * seen[shown] + COVER * voc_colours()[pixels[shown]]
    drawn = scaled(Image.fromarray((seen + 0.5).astype(np.uint8)), scale)
    return with_legend(drawn, [(int(n), names[int(n)]) for n in np.unique(pixels[shown])])


def with_legend(picture: Image.Image, entries: list[tuple[int, str]]) -> Image.Image:
    """The picture with its classes below it: a square in the class's colour, then its name, in several lines."""
    font = ImageFont.load_default(FONT_PX)
    line_px = FONT_PX + 2 * PAD_PX
    places, x, y = [], 0, picture.height
    for number, name in entries:
        width = line_px + round(font.getlength(name)) + PAD_PX
        if x and x + width > picture.width:
            x, y = 0, y + line_px
        places.append((x, y, number, name))
        x += width
    sheet = Image.new("RGB", (picture.width, y + line_px if entries else y), PAPER_COLOUR)
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for x, y, number, name in places:
        colour = tuple(voc_colours()[number].tolist())
        draw.rectangle((x + PAD_PX, y + PAD_PX, x + FONT_PX, y + FONT_PX), fill=colour, outline=EDGE_COLOUR)
        draw.text((x + line_px - PAD_PX, y + PAD_PX // 2), name, fill=EDGE_COLOUR, font=font)
    return sheet
