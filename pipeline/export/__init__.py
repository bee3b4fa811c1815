"""Exporters: name -> function that writes COCO splits in another format into an empty folder.

`python -m pipeline.export --to yolo --coco data/synthetic/detector/train.json --images data --out export/yolo`; the
formats and what each of them cannot say are in docs/export.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.export import bop, masks, voc, yolo
from pipeline.export.source import Options, Split

Exporter = Callable[[Sequence[Split], Path, Options], None]

EXPORTERS: dict[str, Exporter] = {
    "bop": bop.write,
    "masks": masks.write,
    "voc": voc.write,
    "yolo": yolo.write,
}
