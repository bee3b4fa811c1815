"""What benchmarks share: the hold-out, the files of a benchmark's folder, and the promises that it keeps."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from pipeline.coco import Coco, categories_of, category_names, read_coco, sha256_of, write_json
from pipeline.errors import InputError
from pipeline.runs import TASKS as TASKS

SPLITS = ("train", "val", "test")
HoldOut = Annotated[float, Field(gt=0, lt=1)]  # the part of train, at its end, that becomes val


def kept_for_train(number: int, hold_out: float) -> int:
    """How many of the first of `number` stay in train; at least one stays, and at least one is held out."""
    return number - min(max(round(number * hold_out), 1), number - 1)


def image_entry(number: int, picture: Path, folder: Path, size_wh: tuple[int, int]) -> dict[str, Any]:
    """The COCO entry of a picture under `folder`, named from the folder that holds `folder`."""
    return {
        "id": number,
        "file_name": picture.relative_to(folder.parent).as_posix(),
        "width": size_wh[0],
        "height": size_wh[1],
        "sha256": sha256_of(picture),
        "domain": "real",
    }


def write_splits(folder: Path, task: str, splits: dict[str, Coco]) -> None:
    for split in SPLITS:
        write_json(folder / task / f"{split}.json", splits[split])


def check_benchmark(folder: Path) -> None:
    """Check a finished benchmark. Raises InputError that names the file and what is wrong in it."""
    if not (folder / "note.txt").is_file():
        raise InputError(f"{folder / 'note.txt'}: expected a paragraph on the images, found no file.")
    for task in TASKS:
        paths = {split: folder / task / f"{split}.json" for split in SPLITS}
        cocos = {split: read_coco(path, folder.parent) for split, path in paths.items()}
        for split, coco in cocos.items():
            _check_categories(paths[split], coco, category_names(cocos["train"]))
        _check_numbers(paths, cocos)
        for split in ("train", "val"):
            check_apart(paths["test"], cocos["test"], paths[split], cocos[split])


def _check_categories(path: Path, coco: Coco, names: list[str]) -> None:
    if coco["categories"] != categories_of(names):
        raise InputError(f"{path}: categories: expected ids from 1 for {names}, found {coco['categories']}.")


def _check_numbers(paths: dict[str, Path], cocos: dict[str, Coco]) -> None:
    """Test has images; train and val have some, or both none, which leaves nothing for a real training."""
    trains = any(cocos[split]["images"] for split in ("train", "val"))
    for split in SPLITS if trains else ("test",):
        if not cocos[split]["images"]:
            raise InputError(f"{paths[split]}: images: expected at least one, found none.")


def check_apart(test_path: Path, test: Coco, other_path: Path, other: Coco) -> None:
    """No picture of the test split may be in another one. Raises InputError that names the picture."""
    others = {image["sha256"]: image["file_name"] for image in other["images"]}
    for image in test["images"]:
        if image["sha256"] in others:
            raise InputError(
                f"{test_path}: image {image['id']}: expected a picture that {other_path.name} does not have, "
                f"found {image['file_name']}, which is {others[image['sha256']]} there."
            )
