"""Centre points propose boxes, a small network that looks at each box names what is in it.

After "Probabilistic two-stage detection" (Zhou, Koltun and Kraehenbuehl 2021): the score is the probability of an
object at the place, times that of its category. The second stage learns from true boxes that were shaken as much as
proposals are wrong: every object of a batch teaches it, from the first step on, and it sees finer features than the
heads of one stage. Categories that differ in small parts are learned many times faster so.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from pipeline.models.centernet import CenterNet, detections, losses, pad, under_all_names
from pipeline.models.layers import Residual, conv

FINE_PX = 2  # stride of the features that the second stage looks at
GRID = 20  # samples of them along each side of a box
CONTEXT = 1.25  # looked at, in sizes of the box
SHAKE = 0.08  # of true boxes in training: deviation of middle and logarithm of size, in sizes


class TwoStage(nn.Module):
    """A CenterNet without categories, and the second stage on its first features."""

    def __init__(self, categories: int, channels: int, widths: tuple[int, int, int], blocks: int, wide: int) -> None:
        super().__init__()
        self.first = CenterNet(1, channels, widths, blocks)
        self.fine = nn.Sequential(conv(channels, widths[0], 2), Residual(widths[0]))
        self.second = nn.Sequential(
            conv(widths[0], wide, 1),
            nn.MaxPool2d(2),
            Residual(wide),
            conv(wide, 2 * wide, 1),
            nn.MaxPool2d(2),
            Residual(2 * wide),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(2 * wide * (GRID // 4) ** 2, categories),
        )
        nn.init.zeros_(torch.as_tensor(self.second[-1].weight))
        nn.init.zeros_(torch.as_tensor(self.second[-1].bias))

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        """Losses in training, detections otherwise; images [C, H, W] in 0 .. 1, of any size."""
        batch, sizes_hw = pad(images)
        heat, logits, boxes = self.first.maps(batch)
        fine = self.fine((batch - 0.5) / 0.25)
        if targets is not None:
            true = [shaken(t["boxes"].float()) for t in targets]
            labels = torch.cat([t["labels"] for t in targets]) - 1
            found = losses(heat, logits, boxes, [{**t, "labels": torch.ones_like(t["labels"])} for t in targets])
            what = F.cross_entropy(self.named(fine, true).float(), labels, reduction="sum") / max(1, len(labels))
            return {**found, "what": what + found["what"]}  # of one category, 0: every weight has a gradient, for DDP
        places = [detections(*one) for one in zip(heat, logits, boxes, sizes_hw, strict=True)]
        return self._with_names(places, fine)

    def named(self, fine: Tensor, boxes: list[Tensor]) -> Tensor:
        """Logits [n, categories] of all boxes, image after image; fine [N, C, h, w]."""
        regions = [_widened(b) for b in boxes]
        looked_at = roi_align(fine.float(), regions, GRID, 1 / FINE_PX, sampling_ratio=1, aligned=True)
        return torch.as_tensor(self.second(looked_at.to(fine.dtype)))

    def _with_names(self, places: list[dict[str, Tensor]], fine: Tensor) -> list[dict[str, Tensor]]:
        logits = self.named(fine, [p["boxes"] for p in places]).float()
        named = torch.split(logits, [len(p["boxes"]) for p in places])
        return [
            under_all_names(place["boxes"], place["scores"], own.softmax(1))
            for place, own in zip(places, named, strict=True)
        ]


def _widened(boxes: Tensor) -> Tensor:
    """Boxes [n, 4] xyxy about their middles, with context."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * CONTEXT / 2
    return torch.cat([middle - half, middle + half], dim=1)


def shaken(boxes: Tensor) -> Tensor:
    """Boxes [n, 4] xyxy moved and scaled a little, each by its own draw."""
    size = boxes[:, 2:] - boxes[:, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + torch.randn_like(size) * SHAKE * size
    half = size * torch.exp(torch.randn_like(size) * SHAKE) / 2
    return torch.cat([middle - half, middle + half], dim=1)


def center_two_stage(categories: int, channels: int) -> nn.Module:
    """0.6 million weights, for categories that differ in small parts, as the pips of dice do."""
    network = TwoStage(categories, channels, widths=(16, 32, 64), blocks=2, wide=48)
    return network.to(memory_format=torch.channels_last)
