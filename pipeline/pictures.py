"""The README's picture: rendered and real images with their true boxes, and what the detector finds on real ones.

python -m pipeline.pictures --data data --results results/runs/detector/synthetic --out docs/pictures/examples.png
"""

import argparse
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.coco import Coco, names_of, read_coco, read_json
from pipeline.dataset import by_image
from pipeline.draw import contact_sheet, draw_boxes, predicted_boxes, true_boxes
from pipeline.errors import run
from pipeline.photo import load_picture

COLUMNS = 3
ENLARGED = 1.5
LEAST_SCORE = 0.3


def row(coco: Coco, images: Path, results: list[dict[str, Any]] | None = None) -> list[Image.Image]:
    """The first pictures of a data set with their true boxes, or with predicted ones."""
    names = names_of(coco)
    annotations = by_image(coco)
    pictures = []
    for image in coco["images"][:COLUMNS]:
        boxes = true_boxes(annotations[image["id"]], names)
        if results is not None:
            own = [r for r in results if r["image_id"] == image["id"] and r["score"] >= LEAST_SCORE]
            boxes = predicted_boxes(own, names)
        pictures.append(draw_boxes(load_picture(images / image["file_name"]), boxes, ENLARGED))
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True, help="of a detector")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rendered = read_coco(args.data / "synthetic" / "detector" / "train.json", args.data)
    real = read_coco(args.data / "real" / "detector" / "test.json", args.data)
    found = read_json(args.results / "predictions" / "real_test.json", "COCO results")
    sheet = contact_sheet([*row(rendered, args.data), *row(real, args.data), *row(real, args.data, found)], COLUMNS)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(128).save(args.out, optimize=True)


if __name__ == "__main__":
    run(main)
