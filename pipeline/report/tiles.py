"""Galleries: many pictures, with what is true and what each model makes of them. The page draws boxes and names.

A gallery goes into the page as JSON, so that a browser decodes only the pictures that are on the screen. Those that
stand in the page even without a script come first in `first`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from pipeline.report.gallery import Shown

KINDS = {  # of boxes and objects: the types of TIDE (Bolya et al. 2020), in plain words
    "right": "right",
    "classification": "wrong name",
    "localisation": "misplaced",
    "both": "misplaced, wrong name",
    "duplicate": "second box",
    "background": "nothing there",
    "missed": "missed",
}
ORDER = list(KINDS)
UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}  # in a script element


@dataclass(frozen=True)
class Found:
    """A box that a model predicted, or for a classifier the name that it gave."""

    box_xywh: Sequence[float]  # px of the tile's picture as it was before it was made smaller
    category: int  # in the gallery's list of categories
    kind: str  # one of KINDS
    score: float
    actual: int | None = None  # category of the object that it is on or near


@dataclass(frozen=True)
class Reading:
    """What one model makes of a tile."""

    caption: str
    found: Sequence[Found]
    missed: Sequence[int] = ()  # indices of true boxes
    quality: float = 0.0  # the higher, the better


@dataclass(frozen=True)
class Tile:
    """A picture or a part of one."""

    picture: Shown
    size_wh: tuple[int, int]  # of the picture that boxes are measured in
    truth: Sequence[tuple[Sequence[float], int]]  # box x y w h, category
    readings: Sequence[Reading]  # one for each model of the gallery


@dataclass(frozen=True)
class Gallery:
    """Tiles of one kind. `boxes`: whether boxes are drawn, or only names given."""

    id: str
    title: str
    hint: str
    categories: list[str]
    models: list[str]
    tiles: list[Tile]
    total: int  # from which the tiles were picked
    boxes: bool = True
    first: list[int] = field(default_factory=list)  # tiles that need no script

    @property
    def kinds(self) -> list[str]:
        """Those that occur, in the order of KINDS."""
        readings = [r for t in self.tiles for r in t.readings]
        seen = {f.kind for r in readings for f in r.found} | {"missed" for r in readings if r.missed}
        return [kind for kind in ORDER if kind in seen]


def ranks(qualities: Sequence[float], objects: Sequence[int]) -> list[int]:
    """The place of each tile, 0 is the best; among equals those with more objects show more and come first."""
    order = sorted(range(len(qualities)), key=lambda n: (-qualities[n], -objects[n], n))
    places = [0] * len(order)
    for place, n in enumerate(order):
        places[n] = place
    return places


def in_turn(places: Sequence[int]) -> list[int]:
    """All tiles: the best, the most usual, the worst, the second best, and so on; `places` as of `ranks`."""
    middle = (len(places) - 1) / 2
    ways = [
        sorted(range(len(places)), key=key)
        for key in (lambda n: places[n], lambda n: (abs(places[n] - middle), places[n]), lambda n: -places[n])
    ]
    turns = [n for of_turn in zip(*ways, strict=True) for n in of_turn]
    return list(dict.fromkeys(turns))


def picked(qualities: Mapping[int, float], count: int) -> list[int]:
    """At most `count` keys: half of them the worst, the others evenly over the rest, in the order of the keys."""
    order = sorted(qualities, key=lambda k: (qualities[k], k))
    if len(order) <= count:
        return sorted(order)
    worst, rest = order[: count // 2], order[count // 2 :]
    wanted = count - len(worst)
    others = [rest[-1 - round(n * (len(rest) - 1) / max(1, wanted - 1))] for n in range(wanted)]  # from the best on
    return sorted({*worst, *others})


def places_of(gallery: Gallery) -> list[list[int]]:
    """For each model the ranks of the tiles."""
    objects = [len(t.truth) for t in gallery.tiles]
    return [ranks([t.readings[m].quality for t in gallery.tiles], objects) for m in range(len(gallery.models))]


def with_first(gallery: Gallery, count: int) -> Gallery:
    """The gallery with some tiles that need no script: the first model's best, most usual and worst in turn."""
    return replace(gallery, first=in_turn(places_of(gallery)[0])[:count])


def block(gallery: Gallery) -> Markup:
    """The gallery as JSON for a script element. Nothing in it can end the element or begin another."""
    text = json.dumps(_document(gallery), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(UNSAFE))


def _document(gallery: Gallery) -> dict[str, Any]:
    places = places_of(gallery)
    return {
        "categories": gallery.categories,
        "kinds": ORDER,
        "words": list(KINDS.values()),
        "boxes": gallery.boxes,
        "first": gallery.first,
        "tiles": [_tile(t, [p[n] for p in places], n in gallery.first) for n, t in enumerate(gallery.tiles)],
    }


def _tile(tile: Tile, places: list[int], stands_in_the_page: bool) -> dict[str, Any]:
    return {
        "uri": "" if stands_in_the_page else tile.picture.uri,
        "alt": tile.picture.alt,
        "name": tile.picture.caption,
        "size": tile.size_wh,
        "truth": [[*_rounded(box), category] for box, category in tile.truth],
        "by": [_reading(r, place) for r, place in zip(tile.readings, places, strict=True)],
    }


def _reading(reading: Reading, place: int) -> dict[str, Any]:
    """Each found box is [x, y, w, h, category, kind, score, actual category or null]."""
    found = [
        [*_rounded(f.box_xywh), f.category, ORDER.index(f.kind), round(f.score, 3), f.actual] for f in reading.found
    ]
    return {"place": place, "caption": reading.caption, "found": found, "missed": list(reading.missed)}


def _rounded(box_xywh: Sequence[float]) -> list[float]:
    return [round(float(v), 1) for v in box_xywh]
