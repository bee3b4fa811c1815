"""YOLO as Ultralytics reads it: `images/` and `labels/` by split, a text file for each image, `data.yaml`.

Format: docs.ultralytics.com/datasets/detect and, with masks, /datasets/segment. Classes count from 0 in the order of
COCO's ids.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from pipeline.coco import category_names
from pipeline.export.shapes import yolo_box, yolo_outline
from pipeline.export.source import Entry, Options, Split, box_xyxy, class_indices, mask_of, name_of, place_picture


def write(splits: Sequence[Split], out: Path, options: Options) -> None:
    """Write all splits. Raises InputError when outlines are wanted and an annotation has no mask."""
    for split in splits:
        labels = out / "labels" / split.name
        labels.mkdir(parents=True)
        for image, objects in tqdm(list(split.pairs()), unit="image", desc=split.name, mininterval=2):
            name = name_of(split, image)
            place_picture(split, image, out / "images" / split.name, name, options.copy)
            text = "".join(f"{line}\n" for line in lines_of(split, image, objects, options.masks))
            (labels / f"{name}.txt").write_text(text, encoding="utf-8")
    (out / "data.yaml").write_text(data_yaml(splits), encoding="utf-8")


def lines_of(split: Split, image: Entry, objects: Sequence[Entry], masks: bool) -> list[str]:
    """A line for each object; none for an image without any, whose file stays empty."""
    indices = class_indices(split.coco)
    lines = []
    for annotation in objects:
        box, index = box_xyxy(annotation, image), indices[annotation["category_id"]]
        if masks:
            lines.append(yolo_outline(mask_of(split, annotation, image), index))
        else:
            lines.append(yolo_box(box, index, (image["width"], image["height"])))
    return lines


def data_yaml(splits: Sequence[Split]) -> str:
    """Folders of pictures relative to the file itself, without `path`, and names by class."""
    facts: dict[str, Any] = {split.name: f"images/{split.name}" for split in splits}
    facts["names"] = dict(enumerate(category_names(splits[0].coco)))
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)
