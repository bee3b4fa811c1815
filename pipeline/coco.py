"""COCO files: read with every claim checked, write with stable bytes.

`file_name` is relative to the data folder; `sha256` of each picture stands in the file, so that a COCO file
also commits to the pixels that it describes. Images carry `domain`: "synthetic" or "real".
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from pipeline.errors import InputError, nearest
from pipeline.photo import read_header

DIGITS = 2  # decimals of boxes that are not whole pixels
REQUIRED: dict[str, dict[str, type]] = {
    "images": {"id": int, "file_name": str},
    "annotations": {"id": int},
    "categories": {"id": int, "name": str},
}


class Coco(TypedDict):
    """The parts of a COCO file that this project uses."""

    images: list[dict[str, Any]]  # id, file_name, width, height, sha256, domain, ...: docs/labels.md
    annotations: list[dict[str, Any]]  # id, image_id, category_id, bbox [x, y, w, h], area, iscrowd, ...
    categories: list[dict[str, Any]]  # id from 1, name, and keypoints where there are some


def write_json(path: Path, value: Any) -> None:
    """Write JSON with stable bytes, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_json(path: Path, what: str) -> Any:
    """Read JSON. Raises InputError that names the file and says `what` was expected."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: expected {what}, found no file.") from None
    except ValueError as error:
        raise InputError(f"{path}: expected {what}, found damaged JSON: {error}") from None


def categories_of(
    names: tuple[str, ...] | list[str], keypoints: Mapping[str, tuple[str, ...]] | None = None
) -> list[dict[str, Any]]:
    """COCO categories: ids from 1 in the order of `names`; those with keypoints say which, without a skeleton."""
    categories: list[dict[str, Any]] = [
        {"id": i, "name": name, "supercategory": ""} for i, name in enumerate(names, start=1)
    ]
    for category in categories:
        if points := (keypoints or {}).get(category["name"]):
            category |= {"keypoints": list(points), "skeleton": []}
    return categories


def category_names(coco: Coco) -> list[str]:
    """Names in the order of their ids."""
    return [c["name"] for c in sorted(coco["categories"], key=lambda c: int(c["id"]))]


def names_of(coco: Coco) -> dict[int, str]:
    """Category id -> name."""
    return {c["id"]: c["name"] for c in coco["categories"]}


def subset(coco: Coco, images: list[dict[str, Any]]) -> Coco:
    """Some images of a COCO file, with their annotations and all of its categories."""
    ids = {image["id"] for image in images}
    annotations = [a for a in coco["annotations"] if a["image_id"] in ids]
    return {"images": images, "annotations": annotations, "categories": coco["categories"]}


def joined(parts: Iterable[Coco]) -> Coco:
    """One data set of all, with the categories that they share; ids are counted anew from 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    categories: list[dict[str, Any]] = []
    for part in parts:
        new_ids = {image["id"]: n for n, image in enumerate(part["images"], start=len(images) + 1)}
        first = len(annotations) + 1
        images += [{**i, "id": new_ids[i["id"]]} for i in part["images"]]
        annotations += [
            {**a, "id": n, "image_id": new_ids[a["image_id"]]} for n, a in enumerate(part["annotations"], start=first)
        ]
        categories = categories or part["categories"]
    return {"images": images, "annotations": annotations, "categories": categories}


def likeliest(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """COCO results with one name for each box, the one of the highest score: detectors also give second guesses."""
    best: dict[Any, dict[str, Any]] = {}
    for result in sorted(results, key=lambda r: -float(r["score"])):
        best.setdefault((result["image_id"], *result["bbox"]), result)
    return list(best.values())


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_coco(path: Path, images: Path) -> Coco:
    """Read a COCO file whose pictures lie under `images`, and check it.

    Raises:
        InputError: naming the file and the entry: a missing or damaged picture, a size that is not the picture's,
            a box outside its image or without size, an unknown category or image, an id used twice.
    """
    coco = read_json(path, "COCO annotations")
    check_sections(path, coco)
    sizes_wh = {i["id"]: _check_image(path, i, images) for i in coco["images"]}
    names = names_of(coco)
    for annotation in coco["annotations"]:
        check_annotation(path, annotation, sizes_wh, names)
    result: Coco = coco
    return result


def check_sections(path: Path, coco: Any) -> None:
    """Check that the lists are there, and that entries have what REQUIRED says, with ids that are used once."""
    for section, keys in REQUIRED.items():
        entries = coco.get(section) if isinstance(coco, dict) else None
        if not isinstance(entries, list):
            raise InputError(f"{path}: {section}: expected a list, found {type(entries).__name__}.")
        for number, entry in enumerate(entries):
            _check_keys(f"{path}: {section}[{number}]", entry, keys)
        ids = [e["id"] for e in entries]
        twice = next((i for n, i in enumerate(ids) if i in set(ids[:n])), None) if len(set(ids)) < len(ids) else None
        if twice is not None:
            raise InputError(f"{path}: {section}: expected every id once, found {twice} twice.")


def _check_keys(where: str, entry: Any, keys: dict[str, type]) -> None:
    for key, kind in keys.items():
        found = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(found, kind):
            raise InputError(f"{where}: expected '{key}' of type {kind.__name__}, found {found!r}.")


def _check_image(path: Path, image: dict[str, Any], images: Path) -> tuple[int, int]:
    """Check one entry against its picture; returns its size (width, height) in px."""
    picture = images / image["file_name"]
    if not picture.is_file():
        raise InputError(f"{path}: image {image['id']}: expected the picture {picture}, found no file.")
    try:
        found_wh = read_header(picture).upright_wh
    except InputError as error:
        raise InputError(f"{path}: image {image['id']}: {error}") from None
    claimed_wh = (image.get("width"), image.get("height"))
    if claimed_wh != found_wh:
        raise InputError(f"{path}: image {image['id']}: expected width and height {found_wh}, found {claimed_wh}.")
    return found_wh


def check_annotation(
    path: Path, annotation: dict[str, Any], sizes_wh: dict[Any, tuple[int, int]], names: dict[Any, str]
) -> None:
    """Check one annotation: known image and category, a box with a size that lies inside of its image."""
    where = f"{path}: annotation {annotation.get('id')}"
    if not isinstance(annotation.get("image_id"), int) or annotation["image_id"] not in sizes_wh:
        raise InputError(f"{where}: expected the id of an image, found {annotation.get('image_id')!r}.")
    if not isinstance(annotation.get("category_id"), int) or annotation["category_id"] not in names:
        known = f" Known: {', '.join(f'{i} ({n})' for i, n in names.items())}."
        raise InputError(f"{where}: expected a category id, found {annotation.get('category_id')!r}.{known}")
    width_px, height_px = sizes_wh[annotation["image_id"]]
    box_xywh = annotation.get("bbox")
    numbers = isinstance(box_xywh, list) and len(box_xywh) == 4 and all(isinstance(v, (int, float)) for v in box_xywh)
    if not numbers:
        raise InputError(f"{where}: expected bbox [x, y, w, h], found {box_xywh!r}.")
    x, y, w, h = annotation["bbox"]
    tolerance_px = 0.5  # rounding of other tools
    inside = x >= -tolerance_px and y >= -tolerance_px and x + w <= width_px + tolerance_px
    if not (inside and y + h <= height_px + tolerance_px and w > 0 and h > 0):
        raise InputError(f"{where}: expected a box inside of {width_px}x{height_px} px, found {box_xywh}.")


def check_categories(path: Path, coco: Coco, expected: list[str]) -> None:
    """A benchmark must have exactly the categories of the scene, in the scene's order."""
    found = category_names(coco)
    for name in found:
        if name not in expected:
            raise InputError(f"{path}: categories: '{name}' is not a category of the scene.{nearest(name, expected)}")
    if found != expected:
        raise InputError(f"{path}: categories: expected {expected} in the scene's order, found {found}.")
