"""Pictures to measure training on: how fast it is does not depend on what they show."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.coco import Coco, categories_of, sha256_of, write_json

SIZE_WH = (320, 240)
BOXES = 12  # in a picture
NAMES = [str(n) for n in range(10)]


def write_data(folder: Path, pictures: int) -> Path:
    """`train.json`, `val.json` and PNGs under `folder`, which file names start from."""
    for split, count in (("train", pictures), ("val", 2)):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / f"{split}.json", _coco(folder, split, count))
    return folder


def _coco(folder: Path, split: str, count: int) -> Coco:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for n in range(1, count + 1):
        rng = np.random.default_rng([n, len(split)])
        path = folder / f"{split}_{n}.png"
        Image.fromarray(_spots(rng)).save(path)
        size = {"width": SIZE_WH[0], "height": SIZE_WH[1]}
        images.append({"id": n, "file_name": path.name, "sha256": sha256_of(path), "domain": "synthetic", **size})
        for side in rng.integers(20, 48, BOXES):
            x, y = (int(rng.integers(0, whole - side)) for whole in SIZE_WH)
            facts = {"image_id": n, "category_id": int(rng.integers(1, len(NAMES) + 1)), "iscrowd": 0}
            box = {"bbox": [x, y, int(side), int(side)], "area": int(side) ** 2}
            annotations.append({"id": len(annotations) + 1, **facts, **box})
    return Coco(images=images, annotations=annotations, categories=categories_of(NAMES))


def _spots(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Soft spots with a little noise, which PNG packs about as well as a rendered sheet."""
    small = Image.fromarray(rng.integers(60, 240, (SIZE_WH[1] // 20, SIZE_WH[0] // 20, 3), dtype=np.uint8))
    soft = np.asarray(small.resize(SIZE_WH, Image.Resampling.BILINEAR)).astype(np.int16)
    return (soft + rng.integers(-6, 7, soft.shape)).clip(0, 255).astype(np.uint8)
