"""The gallery of real test pictures: true boxes, and those of each detector and cascade."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.coco import Coco, names_of
from pipeline.matching import Matched, f1, kind_of, nearest
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
    chosen = set(picked(mean_f1, count))
    index = {c: n for n, c in enumerate(sorted(names_of(coco)))}
    tiles = [
        _tile(image, images, names_of(coco), index, [of[image["id"]] for of in matches.values()])
        for image in coco["images"]
        if image["id"] in chosen
    ]
    categories = [names_of(coco)[c] for c in index]
    total = len(coco["images"])
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
    found = [_found(matched, n, index) for n in range(len(matched.predictions))]
    wrong = [KINDS[f.kind] for f in found if f.kind != "right"]
    right, kinds = len(matched.truth) - len(matched.missed), ", ".join(dict.fromkeys(wrong))
    false = f"{len(wrong)} wrong ({kinds})" if wrong else "0 wrong"
    caption = f"{right} of {len(matched.truth)} found, {false}"
    return Reading(caption, found, matched.missed, f1(matched))


def _found(matched: Matched, n: int, index: Mapping[int, int]) -> Found:
    prediction, at = matched.predictions[n], nearest(matched, n)
    actual = None if at is None else index[matched.truth[at]["category_id"]]
    kind = kind_of(matched, n)
    return Found(prediction["bbox"], index[prediction["category_id"]], kind, float(prediction["score"]), actual)
