"""Handwritten digits: 1797 scans of 8x8 px that ship inside scikit-learn, single and laid out on sheets.

Source: E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49; scikit-learn has its test set, of 13 writers. Who wrote which scan is not recorded.

The split follows the order of the file, as scikit-learn's own example does: the first half is train, the rest test.
The labels repeat one sequence of about 130 digits, as if form after form had been scanned; so neighbours are likely
to have one writer, and shuffling would put scans of every writer on both sides.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Annotated, Any
from zlib import crc32

import numpy as np
from pydantic import Field, model_validator
from sklearn.datasets import load_digits

from pipeline.benchmarks.parts import SPLITS, HoldOut, image_entry, kept_for_train, write_splits
from pipeline.benchmarks.sheets import (
    FULL_INK,
    MARGIN,
    Ink,
    Scan,
    described,
    make_sheet,
    paper,
    side_of,
    tight_box_xywh,
)
from pipeline.coco import Coco, categories_of
from pipeline.frame_files import png_bytes
from pipeline.section import Count, NonNegative, Section

TRAIN_SCANS = 898  # of 1797, half: the split of scikit-learn's example
FULL_VALUE = 16  # of a pixel of a scan: all of its 4x4 source pixels are ink
NAMES = [str(digit) for digit in range(10)]
NOTE = (
    "The real images are 1797 scans of handwritten digits, 8x8 pixels each, from the UCI data set Optical Recognition "
    "of Handwritten Digits (E. Alpaydin, C. Kaynak, 1998), as they ship inside scikit-learn. The classifier sees the "
    "single scans, each with a blank margin of one pixel. The sheets of the other tasks are composed: real scans, "
    "enlarged and laid out on white paper by a program, each scan once. The first 898 scans of the file are train and "
    "val, the other 899 test; no scan is on both sides, in any task.\n"
)


class Params(Section):
    """`benchmark` in params.yaml for `name: digits`."""

    seed: NonNegative  # of the layout of the sheets
    hold_out: HoldOut
    digits_per_sheet: Count
    height_px: Annotated[list[Annotated[int, Field(ge=8, le=1024)]], Field(min_length=2, max_length=2)]
    sheet_size_wh: Annotated[list[Annotated[int, Field(ge=8, le=8192)]], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _check(self) -> "Params":
        (low, high), room = self.height_px, min(self.sheet_size_wh)
        if low > high:
            raise ValueError(f"height_px: expected [low, high] with low <= high, found {self.height_px}")
        if side_of(high) > room:
            raise ValueError(f"height_px: expected scans that with their margin fit in {room} px, found {high} px")
        return self


def build(params: Params, out: Path) -> None:
    """Write the benchmark into the empty folder `out`."""
    splits = split_scans(load_scans(), params.hold_out)
    write_splits(out, "classifier", {name: _classifier(scans, out) for name, scans in splits.items()})
    sheets = {name: _sheets(name, scans, params, out) for name, scans in splits.items()}
    for task in ("detector", "segmenter"):
        write_splits(out, task, sheets)
    (out / "note.txt").write_text(NOTE, encoding="utf-8")


def load_scans() -> list[Scan]:
    """All scans in the order of the file; category ids from 1 for the digits from 0."""
    data = load_digits()
    inks: Ink = np.rint(data.images * FULL_INK / FULL_VALUE).astype(np.uint8)  # [1797, 8, 8]
    return [Scan(i, int(digit) + 1, ink) for i, (digit, ink) in enumerate(zip(data.target, inks, strict=True))]


def split_scans(scans: list[Scan], hold_out: float) -> dict[str, list[Scan]]:
    """The three splits, each in the order of the file."""
    kept = kept_for_train(TRAIN_SCANS, hold_out)
    parts = (scans[:kept], scans[kept:TRAIN_SCANS], scans[TRAIN_SCANS:])
    return dict(zip(SPLITS, parts, strict=True))


def _classifier(scans: list[Scan], out: Path) -> Coco:
    """One picture and one annotation for each scan, with a box tight around all of its ink.

    The ink of a scan reaches its border; the blank margin keeps crops around it from looking cut off.
    """
    images, annotations = [], []
    for scan in scans:
        picture, number = out / "images" / "scans" / f"{scan.index:04d}.png", scan.index + 1
        ink = np.pad(scan.ink, MARGIN)
        images.append(_write_picture(number, picture, ink, out))
        box = described(scan, tight_box_xywh(ink > 0))
        annotations.append({"id": number, "image_id": number, **box})
    return {"images": images, "annotations": annotations, "categories": categories_of(NAMES)}


def _sheets(split: str, scans: list[Scan], params: Params, out: Path) -> Coco:
    """Sheets of `digits_per_sheet` scans in the order of the file; the last one may hold fewer."""
    images, annotations = [], []
    size_wh, height_px = _pair(params.sheet_size_wh), _pair(params.height_px)
    for n, on_sheet in enumerate(_chunks(scans, params.digits_per_sheet)):
        # a stream of random numbers for each sheet: a change of one split leaves the others as they are
        rng = np.random.default_rng([params.seed, n, crc32(split.encode())])
        ink, objects = make_sheet(on_sheet, size_wh, height_px, rng)
        images.append(_write_picture(n + 1, out / "images" / "sheets" / f"{split}_{n:03d}.png", ink, out))
        annotations += [{"image_id": n + 1, **seen} for seen in objects]
    numbered = [{"id": i, **a} for i, a in zip(count(1), annotations, strict=False)]
    return {"images": images, "annotations": numbered, "categories": categories_of(NAMES)}


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]


def _chunks(scans: list[Scan], size: int) -> Iterator[list[Scan]]:
    return (scans[start : start + size] for start in range(0, len(scans), size))


def _write_picture(number: int, picture: Path, ink: Ink, out: Path) -> dict[str, Any]:
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(png_bytes(paper(ink)))
    return image_entry(number, picture, out, (ink.shape[1], ink.shape[0]))
