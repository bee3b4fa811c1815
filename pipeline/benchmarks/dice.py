"""Photos of rolled dice with a box around each die; its class is the number on top.

Source: Nell Byler, https://github.com/nell-byler/dice_detection (BSD 3-Clause), d6-dice on Kaggle: 250 photos.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.benchmarks import coco_folder
from pipeline.benchmarks.dice_download import URL, checkout
from pipeline.benchmarks.dice_labels import NAMES
from pipeline.benchmarks.dice_sources import CHECKOUT, KAGGLE, read_checkout, read_kaggle
from pipeline.benchmarks.importing.archive import unpacked
from pipeline.benchmarks.parts import HoldOut
from pipeline.coco import Coco, category_names, read_json
from pipeline.errors import InputError
from pipeline.section import Section

Reader = Callable[[Path, Path], tuple[Coco, Coco, Path]]  # (source, empty folder) -> train, test, where photos lie
READERS: dict[tuple[str, ...], Reader] = {CHECKOUT: read_checkout, KAGGLE: read_kaggle}
COCO = coco_folder.PARTS
SPLITS = {
    CHECKOUT: "The split into train and test is the author's",
    KAGGLE: "One fifth of the photos is test, by the hash of their names",
    COCO: "The split into train and test is the user's",
}
NOTE = (
    "The real images are photos of rolled six-sided dice by Nell Byler (github.com/nell-byler/dice_detection, "
    "d6-dice on Kaggle; BSD 3-Clause), {train} for train and val, {test} for test, with the author's boxes; the class "
    "is the number on top. The boxes are loose: up to about twice as wide as the die, and in the author's records "
    "always squares. Models that learned from rendered, tight boxes pay for that in AP, most at strict thresholds of "
    "IoU; models trained on these boxes learn them. {split}.\n"
)


class Params(Section):
    """`benchmark` in params.yaml for `name: dice`."""

    folder: str | None  # a copy of the photos, or an archive of one; null downloads them
    hold_out: HoldOut


def build(params: Params, out: Path) -> None:
    """Write the benchmark into the empty folder `out`.

    Raises:
        InputError: when there is no download, or a folder with other contents; see the readers.
    """
    source = checkout() if params.folder is None else Path(params.folder).expanduser()
    if not source.exists():
        raise InputError(f"benchmark.folder: expected a folder or an archive of dice photos, found no {source}.")
    with unpacked(source) as folder, TemporaryDirectory() as room:
        parts = _write(folder, Path(room), params.hold_out, out)
    (out / "note.txt").write_text(_note(out, SPLITS[parts]), encoding="utf-8")


def _write(source: Path, room: Path, hold_out: float, out: Path) -> tuple[str, ...]:
    """Everything but the note; returns which parts were found. `room` is for photos out of records."""
    parts, folder = find_parts(source)
    if parts == COCO:
        coco_folder.build(coco_folder.Params(folder=str(folder), hold_out=hold_out), out)
        _check_names(folder)
    else:
        train, test, images = READERS[parts](folder, room)
        coco_folder.write_pair(train, test, images, hold_out, out)
    return parts


def find_parts(source: Path) -> tuple[tuple[str, ...], Path]:
    """Which of the known contents a folder has, itself or in its only subfolder, and which of the two.

    Raises:
        InputError: that lists what is known.
    """
    inside = [path for path in source.iterdir() if path.is_dir() and path.name[0] not in "._"]  # not .git, __MACOSX
    for folder in (source, *(inside if len(inside) == 1 else ())):
        for parts in SPLITS:
            if all((folder / part).exists() for part in parts):
                return parts, folder
    known = ", ".join(f"({', '.join(parts)})" for parts in SPLITS)
    raise InputError(
        f"benchmark.folder: expected a checkout of {URL}, Kaggle's nellbyler/d6-dice, or COCO; these have {known}; "
        f"found none of them in {source}."
    )


def _check_names(folder: Path) -> None:
    for name in COCO[1:]:
        found = category_names(read_json(folder / name, "COCO annotations"))
        if found != list(NAMES):
            raise InputError(f"{folder / name}: categories: expected {', '.join(NAMES)}, found {', '.join(found)}.")


def _note(out: Path, split: str) -> str:
    """The numbers are those of the files written."""
    numbers = {s: len(read_json(out / "detector" / f"{s}.json", "COCO")["images"]) for s in ("train", "val", "test")}
    return NOTE.format(train=numbers["train"] + numbers["val"], test=numbers["test"], split=split)
