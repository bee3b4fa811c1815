"""Whether two renderers made the same: boxes of their COCO files, and a picture of each."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Boxes = npt.NDArray[np.float64]


def _boxes(path: Path) -> list[Boxes]:
    """Boxes [N, 4] of each image, in the order of the file."""
    coco = json.loads(path.read_text(encoding="utf-8"))
    by_image = {
        image["id"]: [a["bbox"] for a in coco["annotations"] if a["image_id"] == image["id"]]
        for image in coco["images"]
    }
    return [np.array(found, float).reshape(-1, 4) for found in by_image.values()]


def boxes_apart_px(one: Path, other: Path) -> float:
    """The largest difference of a coordinate between boxes of the same object; inf when their numbers differ."""
    apart = [0.0]
    for a, b in zip(_boxes(one), _boxes(other), strict=True):
        if len(a) != len(b):
            return float("inf")
        differences = np.abs(a[:, None] - b[None]).max(axis=2)  # [N, N]
        apart.append(float(differences.min(axis=1).max(initial=0)))
    return max(apart)


def side_by_side(*folders: Path) -> Image.Image:
    """The first picture under each folder that shows colours."""
    pictures = [
        Image.open(sorted(p for p in f.rglob("*.png") if p.name != "ids.png")[0]).convert("RGB") for f in folders
    ]
    sheet = Image.new("RGB", (sum(p.width for p in pictures), pictures[0].height))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (sum(p.width for p in pictures[:number]), 0))
    return sheet
