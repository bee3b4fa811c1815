"""What a training run works on: data, parameters and the score that picks the best weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.adapt.batch_norm import check_batch_norm
from pipeline.adapt.unlabelled import read_unlabelled
from pipeline.augment.real_look import RealLook, taken
from pipeline.cache import key_of
from pipeline.class_maps import check_masks
from pipeline.coco import Coco, category_names, sha256_of, subset
from pipeline.dataset import CONTEXT, Pictures, load_crops, load_pictures, read_real_train, read_split, spread_images
from pipeline.infer import classify_boxes, detect, segment
from pipeline.learner import Batches, crop_batches, picture_batches
from pipeline.metrics import classifier_metrics, detector_metrics, segmenter_metrics
from pipeline.models import build
from pipeline.models.changes.freeze import freeze
from pipeline.models.changes.preprocessing import set_statistics
from pipeline.models.detectors import check_choice, wanted_by
from pipeline.models.detectors.proposals import selective_search
from pipeline.models.weights import Start, fill, read_start
from pipeline.params import Classifier, Detector, Fit, OnPictures, Params, Segmenter, Task, fit_channels, fit_task
from pipeline.recipes.check import check_recipe
from pipeline.shapes import check_shapes

TRAIN_SCORE_OBJECTS = 200  # few, as they are looked at beside each validation


class Work:
    """Everything that a run needs, read and checked before it starts."""

    def __init__(self, task: Task, data: Path, images: Path, params: Params, real: Path | None = None) -> None:
        """`real` is train.json of the benchmark, for what `augment` takes from it and for `adapt`, without labels."""
        self.task, self.data, self.images, self.params = task, data, images, params
        self.fit: Classifier | OnPictures = getattr(params, task)
        check_recipe(task, self.fit)
        self.train, self.val = (read_split(data / f"{s}.json", images) for s in ("train", "val"))
        check_targets(data / "train.json", self.train, self.fit)
        if isinstance(self.fit, Segmenter):
            check_masks(data / "val.json", self.val)
        self.matched, self.real = read_matched(self.fit, real, images), real
        self.unlabelled = read_unlabelled(self.fit, self.train, real, images)
        self.pseudo: dict[int, Coco] = {}  # phase of self-training -> what it learns from
        self.categories = category_names(self.train)
        self.channels = fit_channels(self.fit)
        self.start = read_start(task, self.fit, self.channels)
        self.score = scorer(self.val, images, self.fit)

    def phases(self) -> list[int]:
        return sorted({i.get("phase", 0) for i in self.train["images"]})

    def rounds(self) -> list[int]:
        """The phases of self-training, which come after the others."""
        first = self.phases()[-1] + 1
        return list(range(first, first + self.fit.adapt.self_training.rounds)) if self.unlabelled else []

    def steps(self, phase: int) -> int:
        if phase in self.pseudo:
            return self.fit.adapt.self_training.steps
        return self.fit.steps if phase == self.phases()[0] else self.fit.finetune_steps

    def images_of(self, phase: int) -> Coco:
        """What a phase learns from."""
        return self.pseudo.get(phase) or of_phase(self.train, phase)

    def files_sha256(self) -> dict[str, str]:
        files = {f"{s}.json": self.data / f"{s}.json" for s in ("train", "val")}
        for name, looked_at in (("matched.json", self.matched), ("unlabelled.json", self.unlabelled)):
            if looked_at and self.real:
                files[name] = self.real
        return {name: sha256_of(path) for name, path in files.items()}

    def key(self) -> str:
        """Hash of all that the weights depend on."""
        code = [sha256_of(p) for p in sorted(Path(__file__).parent.rglob("*.py"))]
        start = self.start.identity if self.start else None
        facts = [self.task, self.fit.model_dump(), self.params.train.model_dump(), self.files_sha256(), code, start]
        return key_of([*facts, torch.__version__])[:32]

    def train_score(self, phase: int) -> Callable[[nn.Module], float]:
        """The score on a fixed part of what is trained on, without augmentation."""
        return scorer(spread_images(self.images_of(phase), TRAIN_SCORE_OBJECTS), self.images, self.fit)

    def batches(self, phase: int, steps: int) -> Batches:
        part = self.images_of(phase)
        seed, look = self.params.train.seed, look_of(self.matched, self.images, self.fit)
        if isinstance(self.fit, Classifier):
            crops = load_crops(part, self.images, self.fit, CONTEXT)
            make = crop_batches(crops, self.fit, len(self.categories), look)
            return Batches(len(crops.labels), self.fit, steps, seed, make)
        pictures = training_pictures(part, self.images, self.fit)
        return Batches(len(pictures.images), self.fit, steps, seed, picture_batches(pictures, self.fit, look))

    def training_crops(self) -> Tensor:
        """All that the classifier learns from, without augmentation: uint8 [N, C, S, S]."""
        assert isinstance(self.fit, Classifier)
        return load_crops(self.train, self.images, self.fit).crops


def read_matched(fit: Classifier | OnPictures, real: Path | None, images: Path) -> Coco | None:
    """The real train images that augment takes something from; None where nothing of it is on."""
    on = taken(fit.augment)
    return read_real_train(f"params.yaml: {fit_task(fit)}.augment.{on[0]}", real, images) if on else None


def check_targets(path: Path, train: Coco, fit: Classifier | OnPictures) -> None:
    """Raises InputError for keys that do not go with the network, or objects without what it learns from."""
    if isinstance(fit, Detector):
        check_choice(fit)
        check_shapes(path, train, wanted_by(fit), fit.keypoints)
    elif isinstance(fit, Segmenter):
        check_masks(path, train)


def training_pictures(coco: Coco, images: Path, fit: OnPictures) -> Pictures:
    """Pictures with all that the network learns from."""
    if not isinstance(fit, Detector):
        return load_pictures(coco, images, frozenset({"class_map"}))
    pictures = load_pictures(coco, images, wanted_by(fit), fit.keypoints)
    if "proposals" not in wanted_by(fit):
        return pictures
    once = {id(image): image for image in pictures.images}  # a photo that mixed.repeats is one tensor
    search = tqdm(once.items(), unit="picture", desc="selective search", mininterval=2)
    proposals = {key: selective_search(image) for key, image in search}
    return replace(pictures, proposals=[proposals[id(image)] for image in pictures.images])


def look_of(matched: Coco | None, images: Path, fit: Classifier | OnPictures) -> RealLook | None:
    """Of the crops, or whole pictures, that `read_matched` has found."""
    if matched is None:
        return None
    if isinstance(fit, Classifier):
        return RealLook(list(load_crops(matched, images, fit, CONTEXT).crops), fit.augment)
    return RealLook(load_pictures(matched, images).images, fit.augment)


def start_network(
    task: Task, fit: Fit, categories: int, channels: int, start: Start | None, crops: Callable[[], Tensor]
) -> nn.Module:
    """The network as training starts with it; `crops`, to learn from, are read where it wants statistics."""
    network = build(task, fit, categories, channels)
    fresh = fill(network, start)
    set_statistics(network, crops)
    freeze(network, fit.freeze, f"params.yaml: {task}.freeze", fresh)
    check_batch_norm(network, fit, f"params.yaml: {task}.adapt.batch_norm")
    return network


def of_phase(coco: Coco, phase: int) -> Coco:
    """The images that training uses in this phase, and their annotations."""
    return subset(coco, [i for i in coco["images"] if i.get("phase", 0) == phase])


def scorer(val: Coco, images: Path, fit: Classifier | OnPictures) -> Callable[[nn.Module], float]:
    """What picks the best weights: accuracy, AP50 or mIoU on the validation split."""
    if isinstance(fit, Classifier):
        crops = load_crops(val, images, fit)
        return lambda net: float(
            classifier_metrics(val, classify_boxes(net, crops, val["annotations"], fit.batch_size))["accuracy"]
        )
    pictures = load_pictures(val, images)
    if isinstance(fit, Segmenter):
        return lambda net: float(segmenter_metrics(val, segment(net, pictures, fit.batch_size))["mIoU"])
    return lambda net: float(detector_metrics(val, detect(net, pictures, fit.batch_size))["AP50"])
