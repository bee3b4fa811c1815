"""params.yaml -> typed sections. A wrong key, type or range stops here, with the key's name.

What a scene or a randomizer accepts is declared beside it, in `blender/`, as subclasses of `Section`;
here they are only known to be named values.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, Field

from pipeline.errors import InputError
from pipeline.runs import REGIMES, TASKS
from pipeline.runs import Regime as Regime
from pipeline.runs import Task as Task
from pipeline.section import (
    Count,
    Fraction,
    Named,
    NonNegative,
    Parts,
    Positive,
    Quality,
    Range,
    RangeFromZero,
    Section,
    validate,
)

Layer = Literal["depth", "normals", "flow"]
Device = Literal["auto", "cpu", "optix", "cuda", "hip", "metal", "oneapi"]
Chance = Annotated[float, Field(ge=0, lt=1)]  # probability that something is dropped
Name = TypeVar("Name", bound=str)


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://.+:\d+", text):
        raise ValueError(f"expected tcp://host:port, found '{text}'")
    return text


def _some_of(known: tuple[Name, ...]) -> Callable[[list[Name]], list[Name]]:
    """A check of a list without repeats; gives it in the order of `known`, as the order means nothing."""

    def check(names: list[Name]) -> list[Name]:
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected some of {', '.join(known)}, each once, found {names}")
        return sorted(names, key=known.index)

    return check


class Render(Section):
    train: Count
    val: Count
    width_px: Annotated[int, Field(ge=1, le=8192)]
    height_px: Annotated[int, Field(ge=1, le=8192)]
    samples: Annotated[int, Field(ge=1, le=4096)]
    bounces: Annotated[int, Field(ge=0, le=64)]
    denoiser: Literal["none", "fast", "accurate"]  # Intel Open Image Denoise
    layers: list[Layer]  # kept beside colours and instance ids
    sequence_length: Count  # frames that show the same objects, moving on
    device: Device
    scheduler: Annotated[str, AfterValidator(_address)] | None  # of a Dask cluster
    workers: NonNegative  # 0: as the machine has cores
    frames_per_worker: Count
    timeout_s: Positive


class Labels(Section):
    min_visible_px: NonNegative
    min_visible_fraction: Fraction
    box_margin: Annotated[float, Field(ge=0, le=1)]  # of the sides, at each side; 0: tight
    keypoint_tolerance: Fraction


class RealImages(Section):
    classifier: NonNegative
    detector: NonNegative
    segmenter: NonNegative


class Mixed(Section):
    real_images: RealImages
    repeats: Count  # of each real image beside the synthetic ones
    how: Literal["joint", "finetune"]


class Train(Section):
    seed: NonNegative
    precision: Literal["auto", "32-true", "16-mixed", "bf16-mixed"]
    devices: Literal["auto"] | Count  # of each machine
    num_nodes: Count  # machines
    workers: NonNegative


class Network(Section):
    """Changes to the network, whichever it is: names of pipeline/models/changes; `own`, null, 0 and false leave it."""

    norm: str
    initialisation: str
    dropout: Chance | None
    drop_connect: Chance
    stochastic_depth: Chance  # of the last block
    blur_pool: bool


class Optimizer(Section):
    """A name of pipeline/recipes/optimizers.py, and options that some of them have."""

    name: str
    momentum: Annotated[float, Field(gt=0, lt=1)]
    betas: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)]
    smoothing: Annotated[float, Field(ge=0, lt=1)]


class Schedule(Section):
    """A name of pipeline/recipes/schedules.py, and options that some of them have."""

    name: str
    warm_up: Fraction  # of the steps
    milestones: list[Fraction]  # parts of the run
    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: NonNegative  # validations without a better score
    cycles: Count


class Average(Section):
    """A name of pipeline/recipes/averaging.py, and options that some of them have."""

    name: str
    decay: Annotated[float, Field(ge=0, lt=1)]
    start: Fraction  # part of the run
    every: Count  # steps


class Fit(Section):
    """A network, what it starts from, and how long and how fast it learns."""

    model: str
    weights: str | None  # imagenet, coco, or the folder or file of a model of ours; null: fresh ones
    freeze: Literal["none", "backbone"] | Count  # a number: stages from the input on
    backbone_lr_factor: Positive
    network: Network
    batch_size: Count
    steps: Count
    finetune_steps: Count
    val_every_steps: Count
    patience: Count  # validations without a better score
    learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    optimizer: Optimizer
    schedule: Schedule
    gradient_clip: Positive | None  # norm of all gradients together
    l1: Annotated[float, Field(ge=0)]
    l2: Annotated[float, Field(ge=0)]
    average: Average


class Light(Section):
    """How far the light of a training picture is varied: factors of 1 ± these, hue in turns."""

    brightness: Fraction
    contrast: Fraction
    saturation: Fraction
    hue: Annotated[float, Field(ge=0, le=0.5)]


class Augment(Light):
    """How training pictures are varied, for all tasks: docs/augmentation.md."""

    flips: bool
    quarter_turns: bool
    noise: Annotated[float, Field(ge=0)]
    distortion: Annotated[float, Field(ge=0, le=0.1)]  # ± k1 at the corners
    jpeg_quality: Quality
    cutout: Fraction  # of the side
    histogram_matching: Fraction  # of the pictures


class RandomResized(Section):
    area: Parts
    aspect: Range


class Elastic(Section):
    alpha_px: Annotated[float, Field(ge=0)]
    sigma_px: Positive


class RandAugment(Section):
    number: NonNegative
    magnitude: Annotated[int, Field(ge=0, le=30)]


class ClassifierAugment(Augment):
    groups: Count
    rotation_deg: Annotated[float, Field(ge=0, le=180)]
    translate: Fraction
    scale: Range
    shear_deg: Annotated[float, Field(ge=0, lt=90)]
    random_resized: RandomResized
    elastic: Elastic
    rand_augment: RandAugment
    lighting: Annotated[float, Field(ge=0)]
    blur_sigma_px: RangeFromZero
    resolution_px: Range
    mixup: Annotated[float, Field(ge=0)]
    cutmix: Annotated[float, Field(ge=0)]


class Classifier(Fit):
    input_px: Annotated[int, Field(ge=8, le=1024)]
    grayscale: bool
    preprocessing: str
    margin: Annotated[float, Field(ge=0, le=2)]
    label_smoothing: Fraction
    augment: ClassifierAugment


class DetectorAugment(Augment):
    blur_sigma_px: Range
    scale: Range
    on_object: Fraction  # of the crops lie around an object
    mosaic: Fraction  # of the crops


class OnPictures(Fit):
    """What learns from squares out of whole pictures."""

    crop_px: Annotated[int, Field(ge=32, le=4096)]
    augment: DetectorAugment


class Detector(OnPictures):
    """Boxes with names."""

    backbone: str | None  # of torchvision's detectors; null: the network has one of its own
    keypoints: Count | None  # of each object, for keypointrcnn


class Segmenter(OnPictures):
    """A category for each pixel."""


FITS: dict[Task, type[Fit]] = {"classifier": Classifier, "detector": Detector, "segmenter": Segmenter}


def fit_task(fit: Fit) -> Task:
    """The task whose section this is."""
    return next(task for task, section in FITS.items() if isinstance(fit, section))


class Check(Section):
    objects: Count
    steps: Count
    score: Fraction
    mean_iou: Fraction  # instead of score, for a segmenter
    loss_tolerance: Positive


class Views(Section):
    """What a network gets to see of a picture at test time, beside the picture itself."""

    flips: bool
    ten_crop: bool
    scales: Annotated[list[Positive], Field(min_length=1)]


class Evaluate(Section):
    batch_size: Count
    seed: NonNegative
    resamples: Annotated[int, Field(ge=10, le=100_000)]
    confidence: Annotated[float, Field(gt=0, lt=1)]
    test_time: Views


class Report(Section):
    examples: Count
    mistakes: NonNegative


class Params(Section):
    seed: NonNegative
    scene: Named
    randomizers: dict[str, dict[str, Any]]
    render: Render
    labels: Labels
    benchmark: Named
    tasks: Annotated[list[Task], AfterValidator(_some_of(TASKS))]
    regimes: Annotated[list[Regime], AfterValidator(_some_of(REGIMES))]
    mixed: Mixed
    check: Check
    train: Train
    classifier: Classifier
    detector: Detector
    segmenter: Segmenter
    evaluate: Evaluate
    report: Report


class Yaml(yaml.SafeLoader):
    """PyYAML reads 1e-3 as text, unlike YAML 1.2 and DVC."""


Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+$"), list("-+.0123456789")
)


def load_params(path: Path) -> Params:
    """Read and check params.yaml. Raises InputError that names the file and the key."""
    return validate(Params, read_yaml(path, "the parameters"), str(path))


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """A mapping. Raises InputError that names the file and says `what` was expected."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=Yaml)
    except FileNotFoundError:
        raise InputError(f"{path}: expected {what}, found no file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping of sections, found {type(values).__name__}.")
    return values
