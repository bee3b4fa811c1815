"""The worst mistakes of a detector on real test images: false boxes and missed objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.coco import Coco, names_of
from pipeline.draw import draw_boxes
from pipeline.matching import MIN_IOU, Matched
from pipeline.metrics.inputs import objects
from pipeline.report.gallery import Shown, boxes_of, embed, fit, open_rgb
from pipeline.report.mistakes import Mistakes, window

PLACE_PX = 224  # longer side of what is shown of a picture, about
AROUND = 1.0  # shown beside the box, in box sizes on each side


@dataclass(frozen=True)
class Place:
    """Where a detector went wrong, and how."""

    image_id: int
    box_xywh: list[float]
    rank: float  # the worst is the highest
    caption: str


def detector_mistakes(coco: Coco, matches: Mapping[int, Matched], images: Path, count: int) -> dict[str, Mistakes]:
    """The most confident false boxes and the largest missed objects; `matches` by image id."""
    names, of = names_of(coco), len(objects(coco))
    places = {
        "false boxes": [p for i, m in matches.items() for p in false_places(i, m, names)],
        "missed objects": [p for i, m in matches.items() for p in missed_places(i, m, names)],
    }
    half = {"false boxes": (count + 1) // 2, "missed objects": count // 2}
    files = {i["id"]: i["file_name"] for i in coco["images"]}
    return {
        kind: Mistakes([_shown(p, matches[p.image_id], images, files[p.image_id], names) for p in worst], total, of)
        for kind, worst, total in ((k, sorted(v, key=lambda p: -p.rank)[: half[k]], len(v)) for k, v in places.items())
    }


def false_places(image_id: int, matched: Matched, names: Mapping[int, str]) -> Iterator[Place]:
    for n in matched.false:
        p = matched.predictions[n]
        yield Place(image_id, p["bbox"], float(p["score"]), _kind(matched, n, names))


def _kind(matched: Matched, n: int, names: Mapping[int, str]) -> str:
    """What is wrong with a false box."""
    prediction = matched.predictions[n]
    name, score = names[prediction["category_id"]], f"{prediction['score']:.2f}"
    overlaps = matched.overlaps[n]
    nearest = int(overlaps.argmax()) if len(overlaps) else None
    if nearest is None or overlaps[nearest] == 0:
        return f"no object: {name} {score}"
    actual = names[matched.truth[nearest]["category_id"]]
    if overlaps[nearest] < MIN_IOU:
        return f"misplaced: {name} {score}, overlap {overlaps[nearest]:.2f} with {actual}"
    return f"second box: {name} {score}" if actual == name else f"wrong name: {name} {score}, true {actual}"


def missed_places(image_id: int, matched: Matched, names: Mapping[int, str]) -> Iterator[Place]:
    """Objects that no box is on; one with a wrong name on it stands among the false boxes."""
    for n in matched.missed:
        if not len(matched.overlaps) or matched.overlaps[:, n].max() < MIN_IOU:
            t = matched.truth[n]
            yield Place(image_id, t["bbox"], t["bbox"][2] * t["bbox"][3], f"missed: {names[t['category_id']]}")


def _shown(place: Place, matched: Matched, images: Path, file_name: str, names: Mapping[int, str]) -> Shown:
    picture = open_rgb(images / file_name)
    part = window(picture.size, place.box_xywh, AROUND)
    scale = fit((part[2] - part[0], part[3] - part[1]), PLACE_PX)
    drawn = draw_boxes(picture, boxes_of(matched, names), scale)
    left, top, right, bottom = (round(v * scale) for v in part)
    alt = f"Part of {file_name}: {place.caption}"
    return embed(drawn.crop((left, top, right, bottom)), alt, place.caption)
