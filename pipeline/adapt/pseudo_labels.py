"""Labels that a network gives to images itself, as far as it is sure (Lee 2013), as a COCO file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.adapt.unlabelled import ANY
from pipeline.class_maps import IGNORED, Size, results_of, size_of
from pipeline.coco import DIGITS, Coco
from pipeline.dataset import Pictures, load_crops, load_pictures
from pipeline.infer import detect, device_of, named_boxes, probabilities
from pipeline.masks import encode, measure
from pipeline.merging import thin_out
from pipeline.params import Classifier, Fit, Segmenter

LEAST_SIDE_PX = 1.0

Annotation = dict[str, Any]


def pseudo_labels(network: nn.Module, fit: Fit, unlabelled: Coco, images: Path) -> Coco:
    """Labels of at least the confidence of `fit`, with their `score`.

    Images without any are left out: something is there of which the network is not sure, not nothing.
    """
    found = list(_found(network, fit, unlabelled, images))
    some = {a["image_id"] for a in found if not a["iscrowd"]}
    return {
        "images": [image for image in unlabelled["images"] if image["id"] in some],
        "annotations": [{**a, "id": n} for n, a in enumerate((a for a in found if a["image_id"] in some), start=1)],
        "categories": unlabelled["categories"],
    }


def _found(network: nn.Module, fit: Fit, unlabelled: Coco, images: Path) -> Iterator[Annotation]:
    least = fit.adapt.self_training.confidence
    if not unlabelled["annotations" if isinstance(fit, Classifier) else "images"]:
        return iter(())  # mixed training knows them all
    if isinstance(fit, Classifier):
        crops = load_crops(unlabelled, images, fit).crops
        return sure_names(unlabelled, probabilities(network, crops, fit.batch_size), least)
    pictures = load_pictures(unlabelled, images)
    if isinstance(fit, Segmenter):
        return sure_pixels(network, pictures, least)
    return sure_boxes(unlabelled, detect(network, pictures, fit.batch_size), least)


def sure_names(unlabelled: Coco, of_boxes: Tensor, least: float) -> Iterator[Annotation]:
    """The boxes whose likeliest name has this probability; probabilities [N, categories] in their order."""
    for named in named_boxes(unlabelled["annotations"], of_boxes):
        if named["score"] >= least:
            yield as_object({k: v for k, v in named.items() if k != "annotation_id"})


def sure_boxes(unlabelled: Coco, found: list[Annotation], least: float) -> Iterator[Annotation]:
    """Of a detector's results those with this score, one for each place, and no part of them outside of the picture."""
    sizes_hw = {image["id"]: size_of(image) for image in unlabelled["images"]}
    for result in thin_out([r for r in found if r["score"] >= least]):
        box_xywh = inside(result["bbox"], sizes_hw[result["image_id"]])
        if min(box_xywh[2:]) >= LEAST_SIDE_PX:
            yield as_object({**result, "bbox": box_xywh})


def inside(box_xywh: list[float], size_hw: Size) -> list[float]:
    """The part of a box that lies in a picture of this size; sides may be 0 or less where there is none."""
    x, y, w, h = box_xywh
    left, top = max(x, 0), max(y, 0)
    right, below = min(x + w, size_hw[1]), min(y + h, size_hw[0])
    return [round(v, DIGITS) for v in (left, top, right - left, below - top)]


def sure_pixels(network: nn.Module, pictures: Pictures, least: float) -> Iterator[Annotation]:
    """A mask of each category; pixels whose likeliest class has less than this probability are ignored, as a crowd."""
    for image_id, picture in zip(pictures.image_ids, pictures.images, strict=True):
        best = class_probabilities(network, picture).max(0)
        unsure = (best.values < least).numpy()
        for result in results_of(image_id, np.where(unsure, IGNORED, best.indices.byte().numpy())):
            yield {**result, **measure(result["segmentation"]), "iscrowd": 0}
        if unsure.any():
            mask = encode(unsure)
            crowd = {"image_id": image_id, "category_id": ANY, "segmentation": mask}
            yield {**crowd, **measure(mask), "iscrowd": 1}


@torch.inference_mode()
def class_probabilities(network: nn.Module, picture: Tensor) -> Tensor:
    """Of a segmenter's classes, background first, at each pixel of uint8 [3, H, W]: [1 + categories, H, W]."""
    segmenter: Any = network.eval()
    logits: Tensor = segmenter.logits(picture.to(device_of(network)).float() / 255)
    return logits.float().softmax(0).cpu()


def as_object(result: Annotation) -> Annotation:
    return {**result, "area": result["bbox"][2] * result["bbox"][3], "iscrowd": 0}
