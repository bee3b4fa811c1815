"""How any network learns."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.section import Count, Fraction, NonNegative, Positive, Section

Chance = Annotated[float, Field(ge=0, lt=1)]  # probability that something is dropped


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


class SelfTraining(Section):
    """Training on labels that the network itself gives to real train images."""

    rounds: NonNegative
    confidence: Annotated[float, Field(gt=0, le=1)]  # of a label, at least
    steps: Count  # of each round


class Adapt(Section):
    """To real train images, without their labels: docs/closing-the-gap.md."""

    batch_norm: bool
    self_training: SelfTraining


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
    adapt: Adapt
