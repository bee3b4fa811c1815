"""A trained network on many pictures: COCO results."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.class_maps import results_of
from pipeline.coco import DIGITS
from pipeline.dataset import Crops, Pictures
from pipeline.shapes import found_shapes

SCORE_DIGITS = 4


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_of(model: nn.Module) -> torch.device:
    """Where the weights are: in training each of several processes has its own GPU. Files of others run on the CPU."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def _seen(model: nn.Module, pictures: Pictures, batch_size: int) -> Iterator[tuple[int, dict[str, Tensor]]]:
    """Ids of all pictures, and what a network for whole pictures puts out for each."""
    device = device_of(model.eval())
    for start in range(0, len(pictures.images), batch_size):
        batch = [i.to(device).float() / 255 for i in pictures.images[start : start + batch_size]]
        yield from zip(pictures.image_ids[start : start + batch_size], model(batch), strict=True)


@torch.inference_mode()
def detect(model: nn.Module, pictures: Pictures, batch_size: int) -> list[dict[str, Any]]:
    """Detections of all pictures: image_id, category_id, bbox [x, y, w, h] px, score, and masks or keypoints."""
    return [entry for image_id, found in _seen(model, pictures, batch_size) for entry in _result(image_id, found)]


def _result(image_id: int, found: dict[str, Tensor]) -> Iterator[dict[str, Any]]:
    boxes, labels, scores = (found[k].cpu().tolist() for k in ("boxes", "labels", "scores"))
    for (x0, y0, x1, y1), label, score, more in zip(boxes, labels, scores, found_shapes(found), strict=True):
        box_xywh = [round(v, DIGITS) for v in (x0, y0, x1 - x0, y1 - y0)]
        plain = {"image_id": image_id, "category_id": label, "bbox": box_xywh, "score": round(score, SCORE_DIGITS)}
        yield plain | more


@torch.inference_mode()
def segment(model: nn.Module, pictures: Pictures, batch_size: int) -> list[dict[str, Any]]:
    """Class maps of all pictures, as a mask for each category that is there: image_id, category_id, segmentation."""
    maps = ((image_id, found["class_map"][0].cpu().numpy()) for image_id, found in _seen(model, pictures, batch_size))
    return [entry for image_id, class_map in maps for entry in results_of(image_id, class_map)]


@torch.inference_mode()
def probabilities(model: nn.Module, crops: Tensor, batch_size: int) -> Tensor:
    """Crops uint8 [N, C, S, S] -> probabilities [N, categories]."""
    device = device_of(model.eval())
    parts = torch.split(crops, max(1, batch_size))
    return torch.cat([model(p.to(device).float() / 255).softmax(1).cpu() for p in parts])


def classify(model: nn.Module, crops: Tensor, batch_size: int) -> tuple[Tensor, Tensor]:
    """Crops uint8 [N, C, S, S] -> labels [N] from 0 and their probabilities [N]."""
    best = probabilities(model, crops, batch_size).max(1)
    return best.indices, best.values


def classify_boxes(
    model: nn.Module, crops: Crops, annotations: list[dict[str, Any]], batch: int
) -> list[dict[str, Any]]:
    """COCO results with one entry for each annotation, which it names."""
    return named_boxes(annotations, probabilities(model, crops.crops, batch))


def named_boxes(annotations: list[dict[str, Any]], of_boxes: Tensor) -> list[dict[str, Any]]:
    """COCO results: each annotation under its likeliest name; probabilities [N, categories]."""
    scores, labels = of_boxes.max(1)
    return [
        {
            "image_id": a["image_id"],
            "annotation_id": a["id"],
            "category_id": label + 1,
            "bbox": a["bbox"],
            "score": round(score, SCORE_DIGITS),
        }
        for a, label, score in zip(annotations, labels.tolist(), scores.tolist(), strict=True)
    ]
