"""Truth and results as files, with the checks that the metrics rely on; pictures are not read."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.class_maps import check_mask, size_of
from pipeline.coco import Coco, read_json
from pipeline.errors import InputError

Results = list[dict[str, Any]]  # COCO results: image_id, category_id, score, bbox [x, y, w, h] in px or segmentation


def objects(truth: Coco) -> list[dict[str, Any]]:
    """The annotations that are one object each: a crowd is none."""
    return [a for a in truth["annotations"] if not a.get("iscrowd")]


def image_ids(truth: Coco) -> list[int]:
    """Ids in the order in which everything here counts images: ascending, as in pycocotools."""
    return sorted(i["id"] for i in truth["images"])


def image_index(truth: Coco) -> dict[int, int]:
    """The place of each image id in that order."""
    return {image_id: n for n, image_id in enumerate(image_ids(truth))}


def read_truth(path: Path) -> Coco:
    """Read a COCO file with objects in it. Raises InputError that names the file."""
    coco = read_json(path, "COCO annotations")
    for section in ("images", "annotations", "categories"):
        if not isinstance(coco, dict) or not isinstance(coco.get(section), list):
            raise InputError(f"{path}: {section}: expected a list, found none.")
    truth: Coco = coco
    if not objects(truth):
        raise InputError(f"{path}: annotations: expected at least one object to measure with, found none.")
    return truth


def read_results(path: Path, truth: Coco, per_object: bool, masks: bool = False) -> Results:
    """Read COCO results for the images of `truth`; see `check_results`. Raises InputError that names the file."""
    results = read_json(path, "COCO results")
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise InputError(f"{path}: expected a list of COCO results, found something else.")
    check_results(path, results, truth, per_object, masks)
    return results


def check_results(path: Path, results: Results, truth: Coco, per_object: bool, masks: bool = False) -> None:
    """Check every entry; with `per_object` (a classifier's) also that every object has exactly one.

    With `masks` (a segmenter's) entries have a mask of the image's size instead of a box.

    Raises:
        InputError: naming file and entry: an image or category that `truth` does not have, a score or box that is
            not made of finite numbers, an object without entry or with several.
    """
    known = {"image_id": set(image_ids(truth)), "category_id": {c["id"] for c in truth["categories"]}}
    sizes_hw = {image["id"]: size_of(image) for image in truth["images"]} if masks else {}
    for number, entry in enumerate(results):
        where = f"{path}: entry {number}"
        for key, ids in known.items():
            if entry.get(key) not in ids:
                raise InputError(f"{where}: {key}: expected an id of the annotations, found {entry.get(key)!r}.")
        _check_numbers(where, "score", [entry.get("score")], 1)
        if masks:
            check_mask(where, entry.get("segmentation"), sizes_hw[entry["image_id"]])
        else:
            _check_numbers(where, "bbox", entry.get("bbox"), 4)
    if per_object:
        _check_one_per_object(path, results, truth)


def _check_numbers(where: str, key: str, values: Any, expected: int) -> None:
    """NaN would be sorted anywhere, and a score of NaN would win or lose by chance."""
    numbers = isinstance(values, list) and all(isinstance(v, (int, float)) and math.isfinite(v) for v in values)
    if not numbers or len(values) != expected:
        raise InputError(f"{where}: {key}: expected {expected} finite number(s), found {values!r}.")


def _check_one_per_object(path: Path, results: Results, truth: Coco) -> None:
    entries = Counter(r.get("annotation_id") for r in results)
    for annotation in objects(truth):
        found = entries[annotation["id"]]
        if found != 1:
            raise InputError(f"{path}: annotation {annotation['id']}: expected one entry, found {found}.")
