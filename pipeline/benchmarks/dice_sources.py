"""The dice photos in the two forms in which they are published, as COCO for train and test."""

import hashlib
from collections.abc import Iterable
from itertools import count
from pathlib import Path, PurePath
from typing import Any

from pipeline.benchmarks.dice_labels import NAMES, Die, Photos, read_yolo
from pipeline.benchmarks.dice_records import read_records
from pipeline.coco import DIGITS, Coco, categories_of, sha256_of
from pipeline.errors import InputError
from pipeline.photo import load_picture

CHECKOUT = ("tfrecords/train.record", "tfrecords/test.record")
KAGGLE = ("Images", "Annotations")
SUFFIXES = (".jpg", ".jpeg", ".png")
LEAST = 3  # one photo for each split
TEST_PART = 0.2  # of Kaggle's photos, as in the author's own split


def read_checkout(folder: Path, room: Path) -> tuple[Coco, Coco, Path]:
    """Train, test and the folder of the photos, which is `room`, from a checkout of the author's repository.

    The photos themselves are not in it (its .gitignore names them), but in records for TensorFlow, with their boxes.

    Raises:
        InputError: naming file and record: what read_records finds, too few photos, a damaged one.
    """
    train_path, test_path = (folder / name for name in CHECKOUT)
    train, test = read_records(train_path, room), read_records(test_path, room)
    for path, photos, least in ((train_path, train, LEAST - 1), (test_path, test, 1)):
        if len(photos) < least:
            raise InputError(f"{path}: expected at least {least} photos, found {len(photos)}.")
    try:
        return _coco(train, room), _coco(test, room), room
    except InputError as error:  # the photos were in the records a moment ago
        raise InputError(str(error).replace(str(room), str(train_path.parent))) from None


def read_kaggle(folder: Path, _room: Path) -> tuple[Coco, Coco, Path]:
    """The same in Kaggle's folder, which has no split: the hash of a photo's name decides, so that it never changes.

    Raises:
        InputError: naming file and line: too few photos, a damaged one, what read_yolo finds.
    """
    images, labels = (folder / name for name in KAGGLE)
    names = [path.name for path in images.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != "."]
    if len(names) < LEAST:
        raise InputError(f"{images}: expected at least {LEAST} photos ({', '.join(SUFFIXES)}), found {len(names)}.")
    photos = {name: read_yolo(labels / f"{PurePath(name).stem}.txt") for name in _mixed(names)}
    tests = list(photos)[: max(round(TEST_PART * len(names)), 1)]
    train = {name: dice for name, dice in photos.items() if name not in tests}
    return _coco(train, images), _coco({name: photos[name] for name in tests}, images), images


def _mixed(names: Iterable[str]) -> list[str]:
    """An order that has nothing to do with the time in a photo's name, so that parts of it are like the whole."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


def _coco(photos: Photos, folder: Path) -> Coco:
    """Images in a mixed order, each decoded once."""
    images = [_entry(number, name, folder) for number, name in enumerate(_mixed(photos), start=1)]
    numbers = count(1)
    annotations = [_annotation(next(numbers), die, image) for image in images for die in photos[image["file_name"]]]
    return {"images": images, "annotations": annotations, "categories": categories_of(NAMES)}


def _entry(number: int, name: str, folder: Path) -> dict[str, Any]:
    height, width, _ = load_picture(folder / name).shape
    return {"id": number, "file_name": name, "width": width, "height": height, "sha256": sha256_of(folder / name)}


def _annotation(number: int, die: Die, image: dict[str, Any]) -> dict[str, Any]:
    """In px. A square that reaches over the border of its photo is cut there."""
    sides = image["width"], image["height"]
    x0, y0, x1, y1 = (min(max(v, 0), 1) * side for v, side in zip(die.box_xyxy, sides * 2, strict=True))
    bbox = [round(v, DIGITS) for v in (x0, y0, x1 - x0, y1 - y0)]
    if min(bbox[2:]) <= 0:
        raise InputError(f"{die.where}: expected a box in {image['file_name']}, found one without a pixel.")
    area = round(bbox[2] * bbox[3], DIGITS)
    return {
        "id": number,
        "image_id": image["id"],
        "category_id": die.category_id,
        "bbox": bbox,
        "area": area,
        "iscrowd": 0,
    }
