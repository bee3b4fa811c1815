"""What is rendered, what counts as a label, and what real images are mixed in."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.section import Count, Fraction, NonNegative, Positive, Section

Layer = Literal["depth", "normals", "flow"]
Device = Literal["auto", "cpu", "optix", "cuda", "hip", "metal", "oneapi"]


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://.+:\d+", text):
        raise ValueError(f"expected tcp://host:port, found '{text}'")
    return text


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
