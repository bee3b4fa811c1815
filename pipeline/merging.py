"""Detections of one picture out of several views, or by several networks, as one answer.

Places first, then names, as in the cascade: two boxes that lie on one object and differ in name would be two finds
otherwise. Boxes that overlap the best one by more than MAX_IOU are one place, whatever their names. Where it lies is
their mean weighted by the scores (weighted boxes fusion, Solovyev et al. 2021). A name's score there is the mean over
the sources of the best score that each of them gives it, 0 where it gives none, as classifiers are averaged.
"""

from typing import Any

import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

MAX_IOU = 0.5  # of two boxes that stay: AP50 takes a box with more for the same object

Detections = dict[str, Tensor]  # boxes [n, 4] xyxy, px, labels [n] from 1, scores [n]


def merged(found: list[Detections]) -> Detections:
    """Detections of all sources, best first: each place with every name that a source gives it; of one source as is."""
    boxes, labels, scores = (torch.cat([f[key] for f in found]) for key in ("boxes", "labels", "scores"))
    if len(found) == 1 or not len(boxes):
        return {"boxes": boxes, "labels": labels, "scores": scores}
    best = boxes[nms(boxes.float(), scores.float(), MAX_IOU)]
    of_place = box_iou(best, boxes).argmax(0)
    source = torch.cat([torch.full_like(f["labels"], n) for n, f in enumerate(found)])
    named = mean_of_sources(torch.stack([source, of_place, labels]), scores, len(found), len(best))
    place, label = named.nonzero(as_tuple=True)
    order = named[place, label].argsort(descending=True, stable=True)
    place, label = place[order], label[order]
    return {"boxes": mean_boxes(boxes, scores, of_place)[place], "labels": label, "scores": named[place, label]}


def mean_of_sources(entries: Tensor, scores: Tensor, sources: int, places: int) -> Tensor:
    """Entries [3, n] of source, place and label, and their scores [n] -> mean over sources [places, labels]."""
    best = scores.new_zeros(sources, places, int(entries[2].max()) + 1)
    flat = (entries[0] * best.shape[1] + entries[1]) * best.shape[2] + entries[2]
    return best.flatten().scatter_reduce(0, flat, scores, "amax").view_as(best).mean(0)


def mean_boxes(boxes: Tensor, scores: Tensor, of_place: Tensor) -> Tensor:
    """Boxes [n, 4] of the places [n], each of which has some -> their means by score [places, 4]."""
    weights = (of_place == torch.arange(int(of_place.max()) + 1, device=boxes.device)[:, None]) * scores  # [places, n]
    return (weights @ boxes) / weights.sum(1, keepdim=True)


def thin_out(boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the boxes of each image that overlap by more than MAX_IOU the one of the highest score, whatever its name.

    Boxes without an area are left out.
    """
    kept = []
    for of_image in _by_image(boxes).values():
        xywh = torch.tensor([b["bbox"] for b in of_image], dtype=torch.float32)
        xyxy = torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], dim=1)
        kept += [of_image[n] for n in nms(xyxy, torch.tensor([b["score"] for b in of_image]), MAX_IOU).tolist()]
    return kept


def _by_image(boxes: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for box in boxes:
        if min(box["bbox"][2:]) > 0:
            found.setdefault(box["image_id"], []).append(box)
    return found
