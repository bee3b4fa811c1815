"""How training pictures are varied: docs/augmentation.md."""

from typing import Annotated

from pydantic import Field

from pipeline.section import Count, Fraction, NonNegative, Parts, Positive, Quality, Range, RangeFromZero, Section


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
    fourier: Fraction  # of the pictures
    fourier_beta: Annotated[float, Field(gt=0, le=0.5)]  # of the shorter side


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


class DetectorAugment(Augment):
    blur_sigma_px: Range
    scale: Range
    on_object: Fraction  # of the crops lie around an object
    mosaic: Fraction  # of the crops
