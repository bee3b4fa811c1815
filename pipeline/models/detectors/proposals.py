"""Selective search (Uijlings et al. 2013): boxes around regions that look alike, the proposals of R-CNN.

OpenCV's, in its fast mode. It ranks regions by the C library's rand(), which nobody can seed without changing it for
all: so only the set is taken, which is the same every time.
"""

import hashlib
from collections import OrderedDict
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision's detectors want it
LEAST_PX = 4  # sides of a proposal
TOP = 1000  # proposals of a picture
KNOWN = 4096  # pictures whose proposals are kept in memory


def selective_search(image: Tensor) -> Tensor:
    """Proposals [n, 4] xyxy, px, float, of a picture uint8 [3, H, W], at most TOP; in an order that says nothing."""
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(np.ascontiguousarray(image.permute(1, 2, 0).flip(-1).numpy()))  # BGR
    search.switchToSelectiveSearchFast()
    xywh = torch.from_numpy(np.unique(search.process(), axis=0)).float()
    xywh = xywh[(xywh[:, 2:] >= LEAST_PX).all(1)]
    return thinned(torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], dim=1))


def thinned(boxes: Tensor) -> Tensor:
    """At most TOP, as many small and large ones for each as there were: every so manieth, by area."""
    if len(boxes) <= TOP:
        return boxes
    by_area = (boxes[:, 2:] - boxes[:, :2]).prod(1).argsort(stable=True)
    return boxes[by_area[torch.linspace(0, len(boxes) - 1, TOP).round().long()]]


class SelectiveSearch(nn.Module):
    """Takes the place of a region proposal network in torchvision's R-CNNs; it learns nothing.

    Targets may bring `proposals` of their pictures, since a search costs more than a training step.
    """

    def __init__(self) -> None:
        super().__init__()
        self.known: OrderedDict[bytes, Tensor] = OrderedDict()  # by the hash of a picture, the last used at the end

    def forward(self, images: ImageList, features: Any, targets: Any = None) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Proposals of each normalised picture, the whole picture among them: so there always is one. No losses."""
        if targets is not None and all("proposals" in t for t in targets):
            found = [t["proposals"] for t in targets]
        else:
            found = [self.of(pixels(*one)) for one in zip(images.tensors, images.image_sizes, strict=True)]
        on_device = [own.to(images.tensors.device) for own in found]
        return [_with_whole(*one) for one in zip(on_device, images.image_sizes, strict=True)], {}

    def of(self, image: Tensor) -> Tensor:
        """Proposals of a picture uint8 [3, H, W], searched once."""
        key = hashlib.sha256(repr(tuple(image.shape)).encode() + image.numpy().tobytes()).digest()
        if key not in self.known:
            self.known[key] = selective_search(image)
        self.known.move_to_end(key)
        if len(self.known) > KNOWN:
            self.known.popitem(last=False)
        return self.known[key]


def _with_whole(boxes: Tensor, size_hw: tuple[int, int]) -> Tensor:
    return torch.cat([boxes, boxes.new_tensor([[0, 0, size_hw[1], size_hw[0]]])])


def pixels(normalised: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """uint8 [3, H, W] of a picture that was normalised and padded."""
    inside = normalised[:, : size_hw[0], : size_hw[1]].detach().float().cpu()
    shown = inside * torch.tensor(DEVIATION)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    return (shown * 255).round().clamp(0, 255).to(torch.uint8)
