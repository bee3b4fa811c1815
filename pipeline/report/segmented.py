"""Real test images as the segmenters see them, beside their true class maps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.class_maps import class_map, size_of
from pipeline.class_overlay import draw_map
from pipeline.coco import Coco, names_of, subset
from pipeline.metrics import Results, segmenter_metrics
from pipeline.report.gallery import SHOWN_PX, Shown, embed, fit, open_rgb, spread
from pipeline.report.table import number


def segmented_examples(coco: Coco, images: Path, count: int, by_regime: Mapping[str, Results]) -> list[list[Shown]]:
    """Rows of the same picture: with the true classes, then with those of each regime's model."""
    return [_row(coco, images, image, by_regime) for image in spread(coco, count)]


def _row(coco: Coco, images: Path, image: dict[str, Any], by_regime: Mapping[str, Results]) -> list[Shown]:
    alone = subset(coco, [image])
    shown = [_shown(coco, images, image, alone["annotations"], "true classes")]
    for regime, results in by_regime.items():
        own = [r for r in results if r["image_id"] == image["id"]]
        value = number("mIoU", segmenter_metrics(alone, own)["mIoU"])
        shown.append(_shown(coco, images, image, own, f"{regime}: mIoU {value} on this picture"))
    return shown


def _shown(coco: Coco, images: Path, image: dict[str, Any], entries: Results, caption: str) -> Shown:
    picture = open_rgb(images / image["file_name"])
    drawn = draw_map(picture, class_map(entries, size_of(image)), names_of(coco), fit(picture.size, SHOWN_PX))
    return embed(drawn, f"Real test image {image['file_name']}. {caption}", caption)
