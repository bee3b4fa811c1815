"""A user's own real images: a folder with `images/`, `train.json` and `test.json` in COCO.

`file_name` in the two files is relative to `images/`. The last part of train's images becomes val.
"""

import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.benchmarks.parts import HoldOut, check_apart, image_entry, kept_for_train, write_splits
from pipeline.coco import Coco, categories_of, category_names, read_coco, sha256_of, subset
from pipeline.errors import InputError
from pipeline.photo import load_picture
from pipeline.section import Section

PARTS = ("images", "train.json", "test.json")
LEAST = {
    "train": {"images": 2, "annotations": 1, "categories": 1},  # val comes from it too
    "test": {"images": 1, "annotations": 1, "categories": 1},
}


class Params(Section):
    """`benchmark` in params.yaml for `name: coco`."""

    folder: str  # relative to where the pipeline runs, or absolute
    hold_out: HoldOut


def build(params: Params, out: Path) -> None:
    """Write the benchmark into the empty folder `out`.

    Raises:
        InputError: naming the file and entry: what read_coco finds, a damaged picture or one outside of `images/`,
            categories that differ between the two files, a picture in both.
    """
    source = Path(params.folder).expanduser()
    _check_folder(source)
    train, test = (_read(source, split) for split in ("train", "test"))
    _check_pair(source, train, test)
    write_pair(train, test, source / "images", params.hold_out, out)
    numbers = f"{len(train['images'])} pictures for train and val, {len(test['images'])} for test"
    (out / "note.txt").write_text(f"The real images are the user's own: {numbers}.\n", encoding="utf-8")


def write_pair(train: Coco, test: Coco, images: Path, hold_out: float, out: Path) -> None:
    """Write the pictures and all tasks of a benchmark, the last part of train as val.

    Entries of images carry width and height; the pictures lie under `images`.
    """
    train, test = (_copied(coco, images, out) for coco in (train, test))
    kept = kept_for_train(len(train["images"]), hold_out)
    splits = {"train": subset(train, train["images"][:kept]), "val": subset(train, train["images"][kept:])}
    for task in ("detector", "segmenter"):
        write_splits(out, task, {**splits, "test": test})
    write_splits(out, "classifier", {name: _single_objects(c) for name, c in {**splits, "test": test}.items()})


def _check_folder(source: Path) -> None:
    for path in (source, *(source / name for name in PARTS)):
        if not path.exists():
            raise InputError(f"benchmark.folder: expected a folder with {', '.join(PARTS)}, found no {path}.")


def _read(source: Path, split: str) -> Coco:
    """Read and check one file; every picture is decoded once."""
    path = source / f"{split}.json"
    coco = read_coco(path, source / "images")
    numbers = {section: len(entries) for section, entries in coco.items() if isinstance(entries, list)}
    for section, least in LEAST[split].items():
        if numbers[section] < least:
            raise InputError(f"{path}: {section}: expected at least {least}, found {numbers[section]}.")
    for image in coco["images"]:
        image["sha256"] = _check_picture(path, image, source / "images")
    return coco


def _check_picture(path: Path, image: dict[str, Any], images: Path) -> str:
    """Check what copying relies on; returns the picture's sha256."""
    name = PurePosixPath(image["file_name"])
    if name.is_absolute() or ".." in name.parts:
        raise InputError(f"{path}: image {image['id']}: expected a file_name inside of images/, found {name}.")
    try:
        load_picture(images / name)
    except InputError as error:
        raise InputError(f"{path}: image {image['id']}: {error}") from None
    return sha256_of(images / name)


def _check_pair(source: Path, train: Coco, test: Coco) -> None:
    names, found = ({c["id"]: c["name"] for c in coco["categories"]} for coco in (train, test))
    if found != names:
        where = f"{source / 'test.json'}: categories"
        raise InputError(f"{where}: expected those of train.json, {names}, found {found}.")
    check_apart(source / "test.json", test, source / "train.json", train)


def _copied(coco: Coco, images: Path, out: Path) -> Coco:
    """Copy the pictures, and describe the copies; category ids become 1, 2, 3 in their order."""
    names = category_names(coco)
    old_names = {c["id"]: c["name"] for c in coco["categories"]}
    entries = [_copy_picture(image, images, out) for image in coco["images"]]
    annotations = []
    for annotation in coco["annotations"]:
        w, h = annotation["bbox"][2:]
        new_id = names.index(old_names[annotation["category_id"]]) + 1
        annotations.append({"area": w * h, "iscrowd": 0, **annotation, "category_id": new_id})
    return {"images": entries, "annotations": annotations, "categories": categories_of(names)}


def _copy_picture(image: dict[str, Any], images: Path, out: Path) -> dict[str, Any]:
    copy = out / "images" / image["file_name"]
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(images / image["file_name"], copy)
    return image_entry(image["id"], copy, out, (image["width"], image["height"]))


def _single_objects(coco: Coco) -> Coco:
    """Without crowds: a crop of several objects has no one class."""
    return {**coco, "annotations": [a for a in coco["annotations"] if not a["iscrowd"]]}
