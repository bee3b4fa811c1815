"""Masks and keypoints: fields of COCO annotations -> targets, and what a network found -> fields of COCO results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.coco import DIGITS, Coco
from pipeline.errors import InputError
from pipeline.masks import decode, encode

Annotation = dict[str, Any]
FIELDS = {"masks": "segmentation", "keypoints": "keypoints"}  # target -> field of COCO
LEAST_SHOWN = 0.5  # probability of a pixel of a mask
PIXEL_PX = 0.5  # COCO's keypoints count from the middle of the first pixel, its boxes from its edge
SEEN = 2  # COCO's visibility: the networks here do not tell which points are hidden


def check_shapes(path: Path, coco: Coco, wanted: frozenset[str], points: int | None) -> None:
    """Raises InputError that names file and annotation where an object lacks what a network wants to learn from."""
    for annotation in (a for a in coco["annotations"] if not a.get("iscrowd")):
        where = f"{path}: annotation {annotation['id']}"
        for field in sorted(FIELDS[target] for target in wanted & set(FIELDS)):
            if not annotation.get(field):
                raise InputError(f"{where}: expected '{field}' for detector.model to learn from, found none.")
        found = len(annotation.get("keypoints", [])) / 3
        if "keypoints" in wanted and found != points:
            raise InputError(f"{where}: expected {points} keypoints, as detector.keypoints says, found {found:g}.")


def masks_of(segmentations: Sequence[Any], size_hw: tuple[int, int]) -> Tensor:
    """uint8 [n, H, W], 1 on the object."""
    masks = [decode(s, size_hw).astype(np.uint8) for s in segmentations]
    return torch.from_numpy(np.stack(masks) if masks else np.zeros((0, *size_hw), np.uint8))


def keypoints_of(annotations: Sequence[Annotation], points: int) -> Tensor:
    """float [n, K, 3]: x, y in px from the picture's edge, visibility; zeros for what is not labelled."""
    found = torch.tensor([a["keypoints"] for a in annotations], dtype=torch.float32).reshape(-1, points, 3)
    shift = found.new_tensor([PIXEL_PX, PIXEL_PX, 0])
    return (found + shift) * (found[..., 2:] > 0)


def found_shapes(found: dict[str, Tensor]) -> list[Annotation]:
    """Fields of COCO results for each object; empty ones where the network gives no more than boxes."""
    fields: list[Annotation] = [{} for _ in found["labels"]]
    if "masks" in found:
        for field, mask in zip(fields, found["masks"][:, 0].cpu().numpy(), strict=True):
            field["segmentation"] = encode(mask >= LEAST_SHOWN)
    if "keypoints" in found:
        for field, points in zip(fields, found["keypoints"].cpu(), strict=True):
            at = [(round(float(x) - PIXEL_PX, DIGITS), round(float(y) - PIXEL_PX, DIGITS)) for x, y, _ in points]
            field["keypoints"] = [v for x, y in at for v in (x, y, SEEN)]
    return fields
