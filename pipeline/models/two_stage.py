"""Centre points propose boxes, a small network that looks at each box names what is in it.

After "Probabilistic two-stage detection" (Zhou, Koltun and Kraehenbuehl 2021): the score is the probability of an
object at the place, times that of its category. The second stage learns from true boxes that were shaken as much as
proposals are wrong: every object of a batch teaches it, from the first step on. It looks at the pixels of a box, each
box brought to mean 0 and deviation 1, as R-CNN does (Girshick et al. 2014): categories that differ in small parts of
little contrast are learned several times faster so than from features that also have to tell where objects are.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from pipeline.models.centernet import CenterNet, detections, losses, pad, under_all_names
from pipeline.models.classifiers import tiny_residual
from pipeline.models.layers import widened
from pipeline.params import Detector

GRID = 40  # samples of the picture along each side of a box: the pixels of objects of about this size
CONTEXT = 1.1  # looked at, in sizes of the box
SHAKE = 0.08  # of true boxes in training: deviation of middle and logarithm of size, in sizes


class TwoStage(nn.Module):
    """A CenterNet without categories, and a classifier that looks at its boxes."""

    def __init__(self, categories: int, channels: int, widths: tuple[int, int, int], blocks: int) -> None:
        super().__init__()
        self.first = CenterNet(1, channels, widths, blocks)
        self.second = tiny_residual(categories, channels)

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        """Losses in training, detections otherwise; images [C, H, W] in 0 .. 1, of any size."""
        batch, sizes_hw = pad(images)
        heat, logits, boxes = self.first.maps(batch)
        if targets is not None:
            true = [shaken(t["boxes"].float()) for t in targets]
            labels = torch.cat([t["labels"] for t in targets]) - 1
            found = losses(heat, logits, boxes, [{**t, "labels": torch.ones_like(t["labels"])} for t in targets])
            what = F.cross_entropy(self.named(batch, true).float(), labels, reduction="sum") / max(1, len(labels))
            return {**found, "what": what + found["what"]}  # of one category, 0: every weight has a gradient, for DDP
        places = [detections(*one) for one in zip(heat, logits, boxes, sizes_hw, strict=True)]
        return self._with_names(places, batch)

    def named(self, batch: Tensor, boxes: list[Tensor]) -> Tensor:
        """Logits [n, categories] of all boxes, image after image; batch [N, C, H, W]."""
        regions = [widened(b, CONTEXT) for b in boxes]
        looked_at = roi_align(batch.float(), regions, GRID, sampling_ratio=2, aligned=True)
        return torch.as_tensor(self.second(looked_at.to(batch.dtype)))

    def _with_names(self, places: list[dict[str, Tensor]], batch: Tensor) -> list[dict[str, Tensor]]:
        logits = self.named(batch, [p["boxes"] for p in places]).float()
        named = torch.split(logits, [len(p["boxes"]) for p in places])
        return [
            under_all_names(place["boxes"], place["scores"], own.softmax(1))
            for place, own in zip(places, named, strict=True)
        ]


def shaken(boxes: Tensor) -> Tensor:
    """Boxes [n, 4] xyxy moved and scaled a little, each by its own draw."""
    size = boxes[:, 2:] - boxes[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + torch.randn_like(size) * SHAKE * size
    half = size * torch.exp(torch.randn_like(size) * SHAKE) / 2
    return torch.cat([middle - half, middle + half], dim=1)


def center_two_stage(categories: int, channels: int, fit: Detector) -> nn.Module:
    """0.8 million weights, for categories that differ in small parts, as the pips of dice do."""
    network = TwoStage(categories, channels, widths=(16, 32, 64), blocks=2)
    return network.to(memory_format=torch.channels_last)
