"""A light one-stage detector at native scale: centre points on one level of stride 8.

After "Objects as Points" (Zhou et al. 2019), with two changes that make it learn in minutes on a CPU: where and what
are apart (one heat map for all categories, and the category as a softmax at the centre), and boxes are regressed as
distances to the four sides with the GIoU loss (Rezatofighi et al. 2019), from every cell near a centre.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import generalized_box_iou_loss

from pipeline.models.layers import Residual, conv, head
from pipeline.params import Detector

STRIDE_PX = 8
TOP = 100  # boxes of a picture
LEAST_SCORE = 0.01


class CenterNet(nn.Module):
    """Backbone of the given widths at strides 2, 4, 8, and three heads on the last."""

    def __init__(self, categories: int, channels: int, widths: tuple[int, int, int], blocks: int) -> None:
        super().__init__()
        first, second, third = widths
        self.backbone = nn.Sequential(
            conv(channels, first, 2),
            conv(first, second, 2),
            Residual(second),
            conv(second, third, 2),
            *(Residual(third) for _ in range(blocks)),
        )
        # few cells are centres; every category is as likely, so that the loss starts at log C; boxes of about 32 px
        self.where = head(third, 1, bias=-3.0)
        self.what = head(third, categories, bias=0.0)
        self.sides = head(third, 4, bias=0.7)

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        """Losses in training, detections otherwise; images [C, H, W] in 0 .. 1, of any size."""
        batch, sizes_hw = pad(images)
        heat, logits, boxes = self.maps(batch)
        if targets is not None:
            return losses(heat, logits, boxes, targets)
        return [detections(*one) for one in zip(heat, logits, boxes, sizes_hw, strict=True)]

    def maps(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Batch [N, C, H, W] -> logits of heat [N, h, w] and of categories [N, C', h, w], boxes [N, h, w, 4]."""
        features = self.backbone((batch - 0.5) / 0.25)
        return self.where(features).squeeze(1), self.what(features), _decode_sides(self.sides(features))


def centernet_tiny(categories: int, channels: int, fit: Detector) -> nn.Module:
    """0.3 million weights: learns in two minutes on two CPU cores."""
    network = CenterNet(categories, channels, widths=(16, 32, 64), blocks=2)
    return network.to(memory_format=torch.channels_last)


def pad(images: list[Tensor]) -> tuple[Tensor, list[tuple[int, int]]]:
    """Batch of images padded at the right and below to a common size that the stride divides."""
    sizes_hw = [(int(i.shape[-2]), int(i.shape[-1])) for i in images]
    height, width = (-(-max(side) // STRIDE_PX) * STRIDE_PX for side in zip(*sizes_hw, strict=True))
    padded = [F.pad(i, (0, width - i.shape[-1], 0, height - i.shape[-2]), value=0.5) for i in images]
    # channels last is a fifth faster on CPUs, and faster on GPUs with half precision
    return torch.stack(padded).contiguous(memory_format=torch.channels_last), sizes_hw


def _cell_centres(height: int, width: int, device: torch.device) -> Tensor:
    """Middles of the cells in px: [h, w, 2] (x, y)."""
    y = (torch.arange(height, device=device) + 0.5) * STRIDE_PX
    x = (torch.arange(width, device=device) + 0.5) * STRIDE_PX
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)


def _decode_sides(raw: Tensor) -> Tensor:
    """Logarithms of the distances in strides to left, upper, right, lower side [N, 4, h, w] -> boxes [N, h, w, 4]."""
    centres = _cell_centres(raw.shape[2], raw.shape[3], raw.device)
    sides = raw.float().clamp(-4, 5).exp().permute(0, 2, 3, 1) * STRIDE_PX
    return torch.cat([centres - sides[..., :2], centres + sides[..., 2:]], dim=-1)


def losses(heat: Tensor, logits: Tensor, boxes: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Focal loss of the heat map; cross-entropy and GIoU at the cells near a centre, weighted by the target's heat."""
    wanted, weight, owner_label, owner_box = _targets(heat, targets)
    near = weight > 0
    total = weight[near].sum().clamp(min=1.0)
    what = F.cross_entropy(logits.permute(0, 2, 3, 1)[near].float(), owner_label[near], reduction="none")
    giou = generalized_box_iou_loss(boxes[near], owner_box[near], reduction="none")
    count = sum(len(t["labels"]) for t in targets)
    return {
        "where": 0.5 * _focal(heat.float(), wanted) / max(1, count),
        "what": (what * weight[near]).sum() / total,
        "box": (giou * weight[near]).sum() / total,
    }


def _focal(heat: Tensor, wanted: Tensor) -> Tensor:
    """Penalty-reduced focal loss (Law and Deng 2018, eq. 1) on logits, summed."""
    probability = heat.sigmoid()
    hit = -F.logsigmoid(heat) * (1 - probability) ** 2
    miss = -F.logsigmoid(-heat) * probability**2 * (1 - wanted) ** 4
    return torch.where(wanted == 1, hit, miss).sum()


def _targets(heat: Tensor, targets: list[dict[str, Tensor]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For each cell: wanted heat (1 at centres), weight in the other losses, label from 0 and box of its owner."""
    count, height, width = heat.shape
    wanted = heat.new_zeros(heat.shape, dtype=torch.float32)
    label = torch.zeros(heat.shape, dtype=torch.long, device=heat.device)
    box = heat.new_zeros((count, height, width, 4), dtype=torch.float32)
    centres = _cell_centres(height, width, heat.device)
    for n, target in enumerate(targets):
        if len(target["boxes"]):
            boxes = target["boxes"].float()
            wanted[n], owner = _bumps(centres, boxes).max(0)  # the first of equals
            label[n], box[n] = target["labels"][owner] - 1, boxes[owner]
    weight = torch.where(wanted > 0.5, wanted, torch.zeros_like(wanted))
    return wanted, weight, label, box


def _bumps(centres: Tensor, boxes_xyxy: Tensor) -> Tensor:
    """A Gaussian over the cells around the middle of each box, exactly 1 in the cell that holds it: [n, h, w]."""
    boxes = boxes_xyxy[:, None, None]
    middle, size = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]).clamp(min=1.0)
    cell = (middle / STRIDE_PX).floor().clamp(min=0)
    deviation = (size / 6).clamp(min=STRIDE_PX / 2)
    offset = (centres - (cell + 0.5) * STRIDE_PX) / deviation
    return torch.exp(-(offset**2).sum(-1) / 2)


def detections(heat: Tensor, logits: Tensor, boxes: Tensor, size_hw: tuple[int, int]) -> dict[str, Tensor]:
    """Peaks of the heat map [h, w] with their categories and boxes, best first, boxes clipped to the image."""
    places, objectness, cells = peaks(heat, boxes, size_hw)
    probabilities = logits.float().softmax(0).flatten(1).T  # [h * w, categories]
    return under_all_names(places, objectness, probabilities[cells])


@torch.no_grad()
def peaks(heat: Tensor, boxes: Tensor, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes [n, 4] at the highest peaks of the heat map [h, w], clipped to the image, their scores and cells [n]."""
    score = heat.float().sigmoid()
    peak = F.max_pool2d(score[None, None], 3, 1, 1)[0, 0] == score
    ranked = (score * peak).flatten()
    clipped = _clipped(boxes.reshape(-1, 4), size_hw)
    sides = clipped[:, 2:] - clipped[:, :2]
    ranked = ranked * (sides.amin(1) > 0)  # a cell of the padding may point at nothing
    objectness, best = ranked.topk(min(TOP, ranked.numel()))
    return clipped[best], objectness, best


def _clipped(boxes: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Boxes [n, 4] xyxy; size_hw may be traced, so that no tensor is made of it."""
    x, y = boxes[:, 0::2].clamp(0, size_hw[1]), boxes[:, 1::2].clamp(0, size_hw[0])
    return torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], dim=1)


def under_all_names(boxes: Tensor, objectness: Tensor, probabilities: Tensor) -> dict[str, Tensor]:
    """Boxes [n, 4], each under every category that is likely enough, best first; probabilities [n, categories].

    A second guess costs little and is often right, as a ranking counts it; torchvision's detectors do the same.
    """
    scores = objectness[:, None] * probabilities
    box, category = torch.nonzero(scores > LEAST_SCORE, as_tuple=True)
    order = scores[box, category].argsort(descending=True, stable=True)
    box, category = box[order], category[order]
    return {"boxes": boxes[box], "labels": category + 1, "scores": scores[box, category]}
