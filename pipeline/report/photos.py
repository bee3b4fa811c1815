"""The gallery of real test pictures: true boxes, and those of each detector and cascade."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.causes.errors import FIXED
from pipeline.coco import Coco, category_names, names_of
from pipeline.matching import RIGHT, Matched, f1, kinds_of
from pipeline.report.gallery import SHOWN_PX, embed, open_rgb
from pipeline.report.tiles import KINDS, Found, Gallery, Reading, Tile, picked, with_first

HINT = (
    "Blue and dashed, name below: true; with predicted boxes beside it, only what was missed is named. "
    "Orange, name and score above: predicted; what is wrong with a box stands beside its name."
)


def photo_gallery(
    coco: Coco, images: Path, matches: Mapping[str, Mapping[int, Matched]], count: int, first: int
) -> Gallery:
    """At most `count` pictures; `matches` is model -> image id -> boxes; `first` of them need no script."""
    mean_f1 = {i["id"]: sum(f1(of[i["id"]]) for of in matches.values()) / len(matches) for i in coco["images"]}
    chosen, names = set(picked(mean_f1, count)), names_of(coco)
    index = {c: n for n, c in enumerate(sorted(names))}
    tiles = [
        _tile(image, images, names, index, [of[image["id"]] for of in matches.values()])
        for image in coco["images"]
        if image["id"] in chosen
    ]
    categories, total = category_names(coco), len(coco["images"])
    return with_first(Gallery("photos", "Real test images", HINT, categories, list(matches), tiles, total), first)


def _tile(
    image: Mapping[str, Any], images: Path, names: Mapping[int, str], index: Mapping[int, int], by: list[Matched]
) -> Tile:
    picture = open_rgb(images / image["file_name"])
    size_wh = picture.size
    picture.thumbnail((SHOWN_PX, SHOWN_PX))
    listed = ", ".join(names[t["category_id"]] for t in by[0].truth) or "none"
    return Tile(
        embed(picture, f"Real test image {image['file_name']}. Objects: {listed}.", Path(image["file_name"]).name),
        size_wh,
        [(t["bbox"], index[t["category_id"]]) for t in by[0].truth],
        [reading(matched, index) for matched in by],
    )


def reading(matched: Matched, index: Mapping[int, int]) -> Reading:
    """What a detector makes of a picture; `index` is category id -> place in the list of categories."""
    kinds, on = errors_on(matched)
    found = [
        Found(
            p["bbox"], index[p["category_id"]], kind, float(p["score"]), None if at < 0 else _actual(matched, at, index)
        )
        for p, kind, at in zip(matched.predictions, kinds, on, strict=True)
    ]
    wrong = [KINDS[kind] for kind in kinds if kind != RIGHT]
    right, listed = len(matched.truth) - len(matched.missed), ", ".join(dict.fromkeys(wrong))
    false = f"{len(wrong)} wrong ({listed})" if wrong else "0 wrong"
    explained = {at for at, kind in zip(on, kinds, strict=True) if kind in (RIGHT, *FIXED)}
    missed = [n for n in range(len(matched.truth)) if n not in explained]
    return Reading(f"{right} of {len(matched.truth)} found, {false}", found, missed, f1(matched))


def _actual(matched: Matched, at: int, index: Mapping[int, int]) -> int:
    return index[matched.truth[at]["category_id"]]


def errors_on(matched: Matched) -> tuple[list[str], list[int]]:
    """What is wrong with each predicted box, and the object that it is on or would be right on; -1 for none."""
    named = np.array([p["category_id"] for p in matched.predictions])[:, None]
    same = named == np.array([t["category_id"] for t in matched.truth])  # [P, T]
    taken = np.array([-1 if t is None else t for t in matched.taken])
    kinds = kinds_of(matched.overlaps, same, taken >= 0)
    other_name = np.isin(kinds, ("classification", "both"))[:, None]
    iou = np.where(same ^ other_name, matched.overlaps, 0)
    on = np.where((taken < 0) & (iou.max(axis=1, initial=0) > 0), _best(iou), taken)
    return [str(kind) for kind in kinds], [int(at) for at in on]


def _best(iou: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Of each box [P, T] the object that it overlaps most; 0 where there are none."""
    return iou.argmax(axis=1) if iou.shape[1] else np.zeros(len(iou), dtype=np.int64)
