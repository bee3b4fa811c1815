"""Boxes of dice, and the files of labelImg (YOLO) that they were drawn into."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError

NAMES = ("one", "two", "three", "four", "five", "six")  # the number on top; labelImg's files count them from 0


@dataclass(frozen=True)
class Die:
    """A box, in parts of its photo's width and height, and where it stands, for errors."""

    category_id: int
    box_xyxy: tuple[float, float, float, float]
    where: str


Photos = dict[str, list[Die]]  # by file name


def die_of(name: str, names: Sequence[str], box_xyxy: tuple[float, float, float, float], where: str) -> Die:
    """Checks a class, one of `names` in the order of the categories, and a box.

    A box may reach over the border of the photo, not lie beyond it. NaN fails every comparison.
    """
    if name not in names:
        raise InputError(f"{where}: expected a class of {', '.join(names)}, found {name!r}.")
    x0, y0, x1, y1 = box_xyxy
    if not (-1 < x0 < x1 < 2 and -1 < y0 < y1 < 2 and x0 < 1 and y0 < 1 and x1 > 0 and y1 > 0):
        raise InputError(f"{where}: expected a box in the photo, found corners at {box_xyxy} of its size.")
    return Die(names.index(name) + 1, box_xyxy, where)


def read_yolo(path: Path) -> list[Die]:
    """A file of labelImg: `class x y w h` in each line, the middle and size in parts of the photo's.

    Raises:
        InputError: naming the line: not five values, a class or number that is none.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected the boxes of a photo, found no file.")
    dice = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if values := line.split():
            dice.append(_of_line(values, f"{path}: line {number}"))
    return dice


def _of_line(values: list[str], where: str) -> Die:
    if len(values) != 5:
        raise InputError(f"{where}: expected class x y w h, found {len(values)} values.")
    try:
        x, y, w, h = (float(value) for value in values[1:])
    except ValueError as error:
        raise InputError(f"{where}: expected numbers, found {error}.") from None
    classes = [str(number) for number in range(len(NAMES))]
    return die_of(values[0], classes, (x - w / 2, y - h / 2, x + w / 2, y + h / 2), where)
