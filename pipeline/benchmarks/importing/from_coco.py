"""COCO: one or more JSON files anywhere beside the photos.

CVAT writes `annotations/instances_default.json` and `images/default/`, Label Studio `result.json` and `images/`,
Roboflow `_annotations.coco.json` in the folder of each split. Format: https://cocodataset.org/#format-data.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.benchmarks.importing.labels import BoxXyxy, Labelled, Labels, Photo, check_once, each
from pipeline.benchmarks.importing.tree import Tree
from pipeline.coco import REQUIRED, check_sections, names_of, read_json
from pipeline.errors import InputError, nearest


def read(tree: Tree, _first_pixel: int) -> Labels:
    """All COCO files of a folder together: categories are those of the same name.

    Raises:
        InputError: naming the file and the entry.
    """
    found = {path: read_json(path, "COCO annotations") for path in tree.with_suffix(".json")}
    files = {path: coco for path, coco in found.items() if isinstance(coco, dict) and set(REQUIRED) <= set(coco)}
    if not files:
        listed = ", ".join(str(p.relative_to(tree.root)) for p in found) or "none"
        wanted = f"a JSON file with {', '.join(REQUIRED)}"
        raise InputError(f"{tree.root}: expected {wanted}, found no such one. JSON files: {listed}.")
    photos = [photo for path, coco in files.items() for photo in _read_file(tree, path, coco)]
    check_once(photos)
    left = len(tree.photos) - len(photos)
    notes = [f"photos that no COCO file lists, left out: {left}"] if left else []
    return Labels(photos, _names(files.values()), notes)


def _names(files: Iterable[Any]) -> list[str]:
    """Of each file in the order of its ids; a category that no box has may come from the tool, and has its place."""
    return list(dict.fromkeys(name for coco in files for _, name in sorted(names_of(coco).items())))


def _read_file(tree: Tree, path: Path, coco: Any) -> list[Photo]:
    check_sections(path, coco)
    names = names_of(coco)
    if len(set(names.values())) < len(names):
        raise InputError(f"{path}: categories: expected every name once, found {list(names.values())}.")
    objects: dict[int, list[Labelled]] = {image["id"]: [] for image in coco["images"]}
    for image_id, labelled in each(lambda a: _labelled(path, a, objects, names), coco["annotations"]):
        objects[image_id].append(labelled)
    split, sized = tree.split_of(path, stem=True), not _of_label_studio(coco)
    return each(lambda image: _photo(tree, path, image, objects[image["id"]], split, sized), coco["images"])


def _of_label_studio(coco: Any) -> bool:
    """Its sizes are those of the file as it lies, its boxes those of the upright photo that the browser shows."""
    info = coco.get("info")
    return isinstance(info, dict) and info.get("contributor") == "Label Studio"


def _photo(
    tree: Tree, path: Path, image: dict[str, Any], objects: list[Labelled], split: str | None, sized: bool
) -> Photo:
    where = f"{path}: image {image['id']}"
    size_wh = (image.get("width"), image.get("height"))
    claimed_wh = size_wh if sized and all(isinstance(v, int) and v > 0 for v in size_wh) else None
    return Photo(tree.photo(image["file_name"], where), where, claimed_wh, objects, split)  # type: ignore[arg-type]


def _labelled(
    path: Path, annotation: dict[str, Any], known: dict[int, list[Labelled]], names: dict[int, str]
) -> tuple[int, Labelled]:
    where = f"{path}: annotation {annotation['id']}"
    image_id, category_id = annotation.get("image_id"), annotation.get("category_id")
    if not isinstance(image_id, int) or image_id not in known:
        raise InputError(f"{where}: expected the id of an image, found {image_id!r}.")
    if not isinstance(category_id, int) or category_id not in names:
        listed = nearest(str(category_id), (f"{i} ({name})" for i, name in names.items()))
        raise InputError(f"{where}: expected a category id, found {category_id!r}.{listed}")
    box_xyxy = _box_xyxy(where, annotation.get("bbox"))
    return image_id, Labelled(names[category_id], box_xyxy, where, bool(annotation.get("iscrowd")))


def _box_xyxy(where: str, bbox: Any) -> BoxXyxy:
    if not (isinstance(bbox, list) and len(bbox) == 4 and all(isinstance(v, int | float) for v in bbox)):
        raise InputError(f"{where}: expected bbox [x, y, w, h], found {bbox!r}.")
    x, y, w, h = bbox
    return x, y, x + w, y + h
