"""Labelled photos of common tools (CVAT, Label Studio, labelImg, Roboflow) -> the folder that benchmark `coco` takes.

    python -m pipeline.benchmarks import --from yolo export.zip --to data/photos

A reader finds photos and labels in a folder; all checks, turning, splitting and writing are the same for all of them.
"""

from collections.abc import Callable

from pipeline.benchmarks.importing import from_coco, from_voc, from_yolo
from pipeline.benchmarks.importing.labels import Labels
from pipeline.benchmarks.importing.tree import Tree

READERS: dict[str, Callable[[Tree, int], Labels]] = {  # (files, number of VOC's first pixel)
    "coco": from_coco.read,
    "voc": from_voc.read,
    "yolo": from_yolo.read,
}
