"""COCO -> tensors in memory: whole pictures with boxes for detectors, crops around boxes for classifiers."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from pipeline.class_maps import class_map, size_of
from pipeline.coco import Coco, read_coco, subset
from pipeline.errors import InputError
from pipeline.params import Classifier
from pipeline.photo import load_picture
from pipeline.shapes import keypoints_of, masks_of

REAL_TRAIN = "train.json"  # of the real images, nothing but this may be looked at in training
CONTEXT = 1.4  # crops for training are this much larger, so that they can be moved and turned without empty corners


@dataclass(frozen=True)
class Pictures:
    """Whole images with their boxes."""

    images: list[Tensor]  # uint8 [3, H, W]
    boxes: list[Tensor]  # float [n, 4] xyxy, px
    labels: list[Tensor]  # int [n], category ids
    image_ids: list[int]
    masks: list[list[Any]] = field(default_factory=list)  # COCO's `segmentation` of each object, if wanted
    keypoints: list[Tensor] = field(default_factory=list)  # float [n, K, 3]: x, y, px, visibility; if wanted
    maps: list[Tensor] = field(default_factory=list)  # class maps, uint8 [1, H, W]; if wanted
    proposals: list[Tensor] = field(default_factory=list)  # float [m, 4] xyxy, px; if wanted

    def target(self, index: int) -> dict[str, Tensor]:
        """Masks are decoded here: all at once they would take more memory than the pictures."""
        found = {"boxes": self.boxes[index], "labels": self.labels[index]}
        if self.masks:
            found["masks"] = masks_of(self.masks[index], (self.images[index].shape[-2], self.images[index].shape[-1]))
        if self.keypoints:
            found["keypoints"] = self.keypoints[index]
        if self.maps:
            found["class_map"] = self.maps[index]
        if self.proposals:
            found["proposals"] = self.proposals[index]
        return found


@dataclass(frozen=True)
class Crops:
    """Squares around the boxes."""

    crops: Tensor  # uint8 [N, C, S, S]
    labels: Tensor  # [N], from 0: category id - 1
    annotation_ids: list[int]


def by_image(coco: Coco) -> dict[int, list[dict[str, Any]]]:
    """Annotations of each image, those without any included."""
    found: dict[int, list[dict[str, Any]]] = {i["id"]: [] for i in coco["images"]}
    for annotation in coco["annotations"]:
        found[annotation["image_id"]].append(annotation)
    return found


def few_images(coco: Coco, count: int) -> Coco:
    """The first images with objects, as many as hold `count` objects."""
    chosen: list[dict[str, Any]] = []
    objects, annotations = 0, by_image(coco)
    for image in coco["images"]:
        own = len(annotations[image["id"]])
        if own and objects < count:
            chosen.append(image)
            objects += own
    return subset(coco, chosen)


def spread_images(coco: Coco, count: int) -> Coco:
    """Every n-th of the images with objects: they hold about `count` objects, or down to half as many."""
    annotations = by_image(coco)
    filled = [image for image in coco["images"] if annotations[image["id"]]]
    return subset(coco, filled[:: max(1, math.ceil(len(coco["annotations"]) / count))])


def read_split(path: Path, images: Path) -> Coco:
    """A checked COCO file with at least one object."""
    coco = read_coco(path, images)
    if not coco["annotations"]:
        raise InputError(f"{path}: expected at least one object to learn from or measure on, found none.")
    return coco


def read_real_train(key: str, real: Path | None, images: Path) -> Coco:
    """The real train images that `key` of params.yaml looks at.

    Raises:
        InputError: where there are none, or `real` is another split.
    """
    if real is None or real.name != REAL_TRAIN:
        raise InputError(f"{key}: expected {REAL_TRAIN} of the benchmark, by --real, found {real}.")
    coco = read_coco(real, images)
    if not coco["annotations"]:
        raise InputError(f"{key}: expected images with objects in {real}, found none: switch it off.")
    return coco


def load_pictures(
    coco: Coco, images: Path, wanted: frozenset[str] = frozenset(), points: int | None = None
) -> Pictures:
    """All images of a COCO file; with the masks, maps or keypoints (so many `points`) that a network wants."""
    # a crowd's box is no object's
    objects = [[a for a in of_image if not a.get("iscrowd")] for of_image in by_image(coco).values()]
    files = dict.fromkeys(i["file_name"] for i in coco["images"])  # in mixed training one may stand there several times
    once = {name: to_tensor(load_picture(images / name)) for name in files}
    return Pictures(
        images=[once[i["file_name"]] for i in coco["images"]],
        boxes=[_boxes(of_image) for of_image in objects],
        labels=[torch.tensor([a["category_id"] for a in of_image], dtype=torch.long) for of_image in objects],
        image_ids=[i["id"] for i in coco["images"]],
        masks=[[a["segmentation"] for a in of_image] for of_image in objects] if "masks" in wanted else [],
        keypoints=[keypoints_of(o, points or 0) for o in objects] if "keypoints" in wanted else [],
        maps=load_maps(coco) if "class_map" in wanted else [],
    )


def load_maps(coco: Coco) -> list[Tensor]:
    """Class maps [1, H, W] of all images, in their order."""
    annotations = by_image(coco)
    return [torch.from_numpy(class_map(annotations[i["id"]], size_of(i))[None]) for i in coco["images"]]


def _boxes(annotations: list[dict[str, Any]]) -> Tensor:
    """[n, 4] xyxy, px."""
    xywh = torch.tensor([a["bbox"] for a in annotations], dtype=torch.float32).reshape(-1, 4)
    return torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], dim=1)


def to_tensor(picture: npt.NDArray[np.uint8]) -> Tensor:
    """[H, W, C] -> [C, H, W]."""
    return torch.from_numpy(picture.transpose(2, 0, 1).copy())


def load_crops(coco: Coco, images: Path, params: Classifier, context: float = 1.0) -> Crops:
    """Crops of all boxes, in the order of the annotations; `context` widens them for augmentation."""
    side_px = round(params.input_px * context)
    annotations = by_image(coco)
    crops: dict[int, Tensor] = {}
    for image in coco["images"]:
        picture = load_picture(images / image["file_name"])
        for annotation in annotations[image["id"]]:
            crops[annotation["id"]] = crop(picture, annotation["bbox"], params, side_px, context)
    ids = [a["id"] for a in coco["annotations"]]
    return Crops(
        crops=torch.stack([crops[i] for i in ids]),
        labels=torch.tensor([a["category_id"] - 1 for a in coco["annotations"]]),
        annotation_ids=ids,
    )


def crop(
    picture: npt.NDArray[np.uint8], box_xywh: list[float], params: Classifier, side_px: int, context: float
) -> Tensor:
    """A square around a box, its longer side plus the margin, as uint8 [C, S, S]; the border's pixels go on outside."""
    x, y, w, h = box_xywh
    reach = max(w, h) * (1 + 2 * params.margin) * context / 2
    pad = int(np.ceil(reach)) + 1
    left, top, right, bottom = (x + w / 2 - reach, y + h / 2 - reach, x + w / 2 + reach, y + h / 2 + reach)
    x0, y0 = int(np.floor(left)) - 1, int(np.floor(top)) - 1
    rows = np.arange(y0, y0 + 2 * pad + 2).clip(0, picture.shape[0] - 1)
    columns = np.arange(x0, x0 + 2 * pad + 2).clip(0, picture.shape[1] - 1)
    window = Image.fromarray(picture[rows[:, None], columns])
    window = window.convert("L") if params.grayscale else window
    box = (left - x0, top - y0, right - x0, bottom - y0)
    small = np.asarray(window.resize((side_px, side_px), Image.Resampling.BILINEAR, box=box))
    return to_tensor(small if small.ndim == 3 else small[:, :, None])
