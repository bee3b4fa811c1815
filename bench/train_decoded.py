"""Our batches without pictures in memory: what keeping them decoded brings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.dataset import CONTEXT, crop, load_crops, to_tensor
from pipeline.learner import Batches, crop_batches, picture_batches
from pipeline.params import Classifier
from pipeline.photo import load_picture
from pipeline.work import Work, training_pictures


class Decoded:
    """In place of pictures in memory: each is made by `load` when it is looked at, all of a list at once."""

    def __init__(self, load: Callable[[int], Tensor], length: int) -> None:
        self.load, self.length = load, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Tensor:
        return torch.stack([self.load(i) for i in index]) if isinstance(index, list) else self.load(index)


def decoded_each_time(work: Work, batches: Batches) -> Batches:
    """The same batches, of pictures that are read from their files at every step."""
    files = {i["id"]: work.images / i["file_name"] for i in work.train["images"]}
    if isinstance(work.fit, Classifier):
        batches.collate = crop_batches(crops_decoded(work, work.fit, files), work.fit, len(work.categories))
    else:
        pictures = training_pictures(work.train, work.images, work.fit)
        load = Decoded(lambda i: to_tensor(load_picture(files[pictures.image_ids[i]])), len(pictures.images))
        batches.collate = picture_batches(replace(pictures, images=load), work.fit)  # type: ignore[arg-type]
    return batches


def crops_decoded(work: Work, fit: Classifier, files: dict[int, Path]) -> Any:
    side_px, objects = round(fit.input_px * CONTEXT), work.train["annotations"]

    def load(index: int) -> Tensor:
        one = objects[index]
        return crop(load_picture(files[one["image_id"]]), one["bbox"], fit, side_px, CONTEXT)

    return replace(load_crops(work.train, work.images, fit, CONTEXT), crops=Decoded(load, len(objects)))  # type: ignore[arg-type]
