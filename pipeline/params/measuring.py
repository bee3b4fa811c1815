"""What is checked before training, measured after it, and shown."""

from typing import Annotated

from pydantic import Field

from pipeline.section import Count, Fraction, NonNegative, Positive, Section


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
    gallery: Count


class Distance(Section):
    """How far rendered and real images are apart: docs/distance.md."""

    seed: NonNegative  # of everything drawn, and of the weights of the network before training
    images: Annotated[int, Field(ge=10, le=5000)]  # of each set at most: crops, or whole pictures
    subsets: Annotated[int, Field(ge=10, le=10_000)]  # halves of the images
    permutations: Annotated[int, Field(ge=10, le=100_000)]
    points: Count  # of each set at most, in a plane
    mistakes: NonNegative
    neighbours: Count  # of each mistake
    candidates: Count  # rendered crops that they are looked for among
