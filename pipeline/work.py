"""What a training run works on: data, parameters and the score that picks the best weights."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from pipeline.coco import Coco, category_names, sha256_of
from pipeline.dataset import CONTEXT, load_crops, load_pictures, read_split
from pipeline.infer import classify_boxes, detect
from pipeline.learner import Batches, crop_batches, picture_batches
from pipeline.metrics import classifier_metrics, detector_metrics
from pipeline.models.weights import read_start
from pipeline.params import Classifier, Detector, Params, Task


class Work:
    """Everything that a run needs, read and checked before it starts."""

    def __init__(self, task: Task, data: Path, images: Path, params: Params) -> None:
        self.task, self.data, self.images, self.params = task, data, images, params
        self.fit: Classifier | Detector = getattr(params, task)
        self.train, self.val = (read_split(data / f"{s}.json", images) for s in ("train", "val"))
        self.categories = category_names(self.train)
        self.channels = 1 if isinstance(self.fit, Classifier) and self.fit.grayscale else 3
        self.start = read_start(task, self.fit, self.channels)
        self.score = scorer(self.val, images, self.fit)

    def phases(self) -> list[int]:
        return sorted({i.get("phase", 0) for i in self.train["images"]})

    def files_sha256(self) -> dict[str, str]:
        return {f"{s}.json": sha256_of(self.data / f"{s}.json") for s in ("train", "val")}

    def key(self) -> str:
        """Hash of all that the weights depend on."""
        code = [sha256_of(p) for p in sorted(Path(__file__).parent.rglob("*.py"))]
        start = self.start.identity if self.start else None
        facts = [self.task, self.fit.model_dump(), self.params.train.model_dump(), self.files_sha256(), code, start]
        return hashlib.sha256(json.dumps([*facts, torch.__version__], sort_keys=True).encode()).hexdigest()[:32]

    def batches(self, phase: int, steps: int) -> Batches:
        part = of_phase(self.train, phase)
        seed = self.params.train.seed
        if isinstance(self.fit, Classifier):
            crops = load_crops(part, self.images, self.fit, CONTEXT)
            return Batches(len(crops.labels), self.fit, steps, seed, crop_batches(crops, self.fit))
        pictures = load_pictures(part, self.images)
        return Batches(len(pictures.images), self.fit, steps, seed, picture_batches(pictures, self.fit))


def of_phase(coco: Coco, phase: int) -> Coco:
    """The images that training uses in this phase, and their annotations."""
    images = [i for i in coco["images"] if i.get("phase", 0) == phase]
    ids = {i["id"] for i in images}
    annotations = [a for a in coco["annotations"] if a["image_id"] in ids]
    return Coco(images=images, annotations=annotations, categories=coco["categories"])


def scorer(val: Coco, images: Path, fit: Classifier | Detector) -> Callable[[nn.Module], float]:
    """What picks the best weights: accuracy, or AP50, on the validation split."""
    if isinstance(fit, Classifier):
        crops = load_crops(val, images, fit)
        return lambda net: float(
            classifier_metrics(val, classify_boxes(net, crops, val["annotations"], fit.batch_size))["accuracy"]
        )
    pictures = load_pictures(val, images)
    return lambda net: float(detector_metrics(val, detect(net, pictures, fit.batch_size))["AP50"])
