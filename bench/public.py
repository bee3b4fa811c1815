"""MNIST or CIFAR-10, as torchvision downloads them, in the layout that `bench.networks` reads.

    python -m bench.public mnist --out mnist/real
    python -m bench.networks order --data mnist --params presets/digits.yaml

The published halves stay apart: the last tenth of train is val, test is test. A picture is one object. What lies in
--from already is not downloaded again.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torchvision.datasets import CIFAR10, MNIST
from tqdm import tqdm

from pipeline.benchmarks.parts import image_entry, kept_for_train, write_splits
from pipeline.benchmarks.sheets import paper
from pipeline.cache import cache_folder
from pipeline.coco import Coco, categories_of
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.frame_files import png_bytes

HOLD_OUT = 0.1  # of train: 45,000 and 5,000 of CIFAR-10, as in He et al. 2015
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Public:
    """A data set of torchvision, its pictures [H, W] or [H, W, 3] as this project shows them, and its names."""

    half: Callable[..., Any]
    shown: Callable[[Any], Pixels]
    names: Callable[[Any], Sequence[str]]


SETS = {
    "mnist": Public(MNIST, lambda ink: paper(ink.numpy()), lambda half: [str(digit) for digit in range(10)]),
    "cifar10": Public(CIFAR10, lambda pixels: pixels, lambda half: half.classes),
}


def build(name: str, source: Path, train: int | None, out: Path) -> None:
    """Write `out` whole, with at most so many pictures of train. Raises InputError for a download that fails."""
    known, test = (half_of(name, source, train=part) for part in (True, False))
    last = len(known) if train is None else min(train, len(known))
    kept = kept_for_train(last, HOLD_OUT)
    places = {"train": (known, range(kept)), "val": (known, range(kept, last)), "test": (test, range(len(test)))}
    with whole_folder(out) as folder:
        splits = {split: written(SETS[name], split, *place, folder) for split, place in places.items()}
        write_splits(folder, "classifier", splits)


def half_of(name: str, source: Path, train: bool) -> Any:
    source.mkdir(parents=True, exist_ok=True)
    try:
        return SETS[name].half(source, train=train, download=True)
    except (OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{source}: expected {name}, or a network to download it, found: {said}") from None


def written(public: Public, split: str, half: Any, places: range, out: Path) -> Coco:
    """A PNG and a box around all of it for each picture."""
    images, annotations = [], []
    for number, place in enumerate(tqdm(places, unit="picture", desc=split), start=1):
        pixels = public.shown(half.data[place])
        height_px, width_px = pixels.shape[:2]
        picture = out / "images" / split / f"{place:05d}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(png_bytes(pixels))
        images.append(image_entry(number, picture, out, (width_px, height_px)))
        box = {"bbox": [0, 0, width_px, height_px], "area": width_px * height_px, "iscrowd": 0}
        annotations.append({"id": number, "image_id": number, "category_id": int(half.targets[place]) + 1, **box})
    return {"images": images, "annotations": annotations, "categories": categories_of(list(public.names(half)))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=SETS)
    parser.add_argument("--out", type=Path, required=True, help="<data>/real, for `bench.networks --data <data>`")
    parser.add_argument("--from", dest="source", type=Path, default=cache_folder() / "bench" / "public")
    parser.add_argument("--train", type=int, help="pictures of train at most, for a small machine")
    args = parser.parse_args()
    if args.train is not None and args.train < 2:
        raise InputError(f"--train: expected 2 or more, since val comes from it too, found {args.train}.")
    build(args.name, args.source, args.train, args.out)


if __name__ == "__main__":
    run(main)
