"""The gallery of the classifier: objects of real test images, with the name that each model gives them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.coco import Coco, category_names, names_of
from pipeline.metrics.inputs import Results, objects
from pipeline.report.gallery import embed, open_rgb
from pipeline.report.mistakes import crop
from pipeline.report.tiles import Found, Gallery, Reading, Tile, picked, with_first

EXACT_PX = 48  # smaller crops keep every pixel
HINT = "Objects as the classifier sees them, with a margin. Best: the surest right name; worst: the surest wrong one."


def crop_gallery(
    coco: Coco, images: Path, results: Mapping[str, Results], margin: float, count: int, first: int
) -> Gallery:
    """At most `count` objects; `results` is model -> COCO results with `annotation_id`, one for each object."""
    named = {model: {r["annotation_id"]: r for r in of} for model, of in results.items()}
    truth = {a["id"]: a for a in objects(coco)}
    mean = {i: sum(quality(a, of[i]) for of in named.values()) / len(named) for i, a in truth.items()}
    chosen, names = set(picked(mean, count)), names_of(coco)
    tiles = [
        _tile(a, crop(picture, a["bbox"], margin), image["file_name"], names, [of[a["id"]] for of in named.values()])
        for image in coco["images"]
        if (own := [a for a in truth.values() if a["image_id"] == image["id"] and a["id"] in chosen])
        for picture in [open_rgb(images / image["file_name"])]
        for a in own
    ]
    categories = category_names(coco)
    gallery = Gallery("crops", "Objects of real test images", HINT, categories, list(named), tiles, len(truth), False)
    return with_first(gallery, first)


def quality(truth: Mapping[str, Any], result: Mapping[str, Any]) -> float:
    """From -1, a wrong name beyond doubt, to 1, the right one."""
    score = float(result["score"])
    return score if truth["category_id"] == result["category_id"] else -score


def _tile(truth: Mapping[str, Any], part: Image.Image, file_name: str, names: Mapping[int, str], by: Results) -> Tile:
    name, whole = names[truth["category_id"]], (0.0, 0.0, float(part.width), float(part.height))
    index = {c: n for n, c in enumerate(sorted(names))}
    return Tile(
        embed(part, f"Object of {file_name}: {name}.", name, exact=max(part.size) <= EXACT_PX),
        part.size,
        [(whole, index[truth["category_id"]])],
        [_reading(truth, r, index, whole) for r in by],
    )


def _reading(
    truth: Mapping[str, Any], result: Mapping[str, Any], index: Mapping[int, int], whole: tuple[float, ...]
) -> Reading:
    right = truth["category_id"] == result["category_id"]
    kind, actual = ("right" if right else "classification"), index[truth["category_id"]]
    found = Found(whole, index[result["category_id"]], kind, float(result["score"]), actual)
    return Reading("", [found], quality=quality(truth, result))
