"""What every reader hands over: photos with their labels, as the tool wrote them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.errors import InputError

A = TypeVar("A")
B = TypeVar("B")
BoxXyxy = tuple[float, float, float, float]


@dataclass(frozen=True)
class Labelled:
    """One object of a photo."""

    category: str
    box_xyxy: BoxXyxy  # px, of a picture of the size `claimed_wh`; not checked yet
    where: str  # file and entry, for messages
    crowd: bool = False


@dataclass(frozen=True)
class Photo:
    """A photo with its objects; empty when it shows none."""

    path: Path
    where: str  # file and entry that tells of it
    claimed_wh: tuple[int, int] | None  # px, as the labels say; None: they do not, and mean the upright photo
    objects: list[Labelled]
    split: str | None = None  # train, val or test, where the source has splits


@dataclass(frozen=True)
class Labels:
    """All of a source."""

    photos: list[Photo]
    categories: list[str]  # in the source's order
    notes: list[str] = field(default_factory=list)  # what the user should know


def each(function: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """Results of all items. Raises the first InputError at the end, with the number of other items that have one."""
    results, errors = [], []
    for item in items:
        try:
            results.append(function(item))
        except InputError as error:
            errors.append(str(error))
    if errors:
        raise InputError(errors[0] + (f" ({len(errors) - 1} more like this.)" if len(errors) > 1 else ""))
    return results


def check_once(photos: Iterable[Photo]) -> None:
    """One photo in two entries would be on both sides, with a part of its boxes each."""
    first: dict[Path, str] = {}
    for photo in photos:
        if photo.path in first:
            raise InputError(f"{photo.where}: expected every photo once, found {photo.path} of {first[photo.path]}.")
        first[photo.path] = photo.where


def text_of(path: Path) -> str:
    """A text file in UTF-8. Raises InputError for another encoding."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected text in UTF-8, found something else.") from None


def number(text: str | None, where: str) -> float:
    """A finite number. Raises InputError that names the entry."""
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise InputError(f"{where}: expected a number, found {text!r}.")
    return value
