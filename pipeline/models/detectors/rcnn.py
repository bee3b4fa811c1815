"""R-CNN and Fast R-CNN (Girshick 2014, 2015) with selective search, of the parts of torchvision's Faster R-CNN.

Both are that network with a search in place of its region proposals. R-CNN's features are the pixels, and the whole
classifier looks at each warped proposal; Fast R-CNN looks at the picture once and pools its features in each proposal.
Apart from the papers: R-CNN learns all at once, with a softmax and smooth L1 as Fast R-CNN does, instead of
fine-tuning, support vector machines and ridge regression one after the other.
"""

import torch
from torch import Tensor, nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.ops import box_iou, roi_align, roi_pool

from pipeline.models.detectors.backbones import body, channels_of, layers_of
from pipeline.models.detectors.proposals import DEVIATION, MEAN, SelectiveSearch
from pipeline.models.detectors.torchvisions import NativeScale, need_rgb
from pipeline.models.layers import widened
from pipeline.params import Detector

OBJECT_IOU = 0.5  # with an object: a proposal from here on is one
NEAR_IOU = 0.1  # Fast R-CNN's backgrounds overlap an object from here on, which makes them hard ones
OBJECTS = 0.25  # part of the proposals that a step learns from
NMS_IOU = 0.3
LEAST_SCORE, TOP = 0.05, 100  # of the answers, as in torchvision's
STRIDE, GRID = 8, 7  # of Fast R-CNN's features, and of its RoI pooling; the paper's 16 is for pictures of 600 px
FAST_PER_PICTURE = 64  # proposals of a step: 128 of two pictures in the paper
PER_PICTURE = 8  # of R-CNN: the paper's 128 in a batch of 16 pictures
WARPED_PX = 64  # sides of a proposal's crop; the paper's 227, or 224, is 12 times the work
CONTEXT = 227 / (227 - 2 * 16)  # the paper's 16 px around a proposal of 227
PART = 256  # crops that go through the network at once: memory


class Pooled(nn.Module):
    """RoI max-pooling: the cells of a GRID x GRID in each proposal, their borders rounded to whole features."""

    def forward(self, features: dict[str, Tensor], proposals: list[Tensor], sizes_hw: list[tuple[int, int]]) -> Tensor:
        pooled: Tensor = roi_pool(features["0"].float(), proposals, GRID, 1 / STRIDE)
        return pooled


class Warped(nn.Module):
    """Each proposal, with context, as a square of WARPED_PX whatever its shape; outside is the mean colour."""

    def forward(self, features: dict[str, Tensor], proposals: list[Tensor], sizes_hw: list[tuple[int, int]]) -> Tensor:
        boxes = [widened(p, CONTEXT) for p in proposals]
        warped: Tensor = roi_align(features["0"].float(), boxes, WARPED_PX, sampling_ratio=2, aligned=True)
        return warped


class Described(nn.Module):
    """Crops [n, 3, S, S] -> mean features of a classifier's last level [n, C]."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.body = extractor

    def forward(self, crops: Tensor) -> Tensor:
        return torch.cat([self.body(part)["0"].mean(dim=(2, 3)) for part in torch.split(crops, PART)])


class FastHeads(RoIHeads):  # type: ignore[misc]
    """Where a picture has an object, proposals that hardly touch one are left out; elsewhere all are backgrounds."""

    def assign_targets_to_proposals(
        self, proposals: list[Tensor], gt_boxes: list[Tensor], gt_labels: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        matched, labels = super().assign_targets_to_proposals(proposals, gt_boxes, gt_labels)
        for own, boxes, true in zip(labels, proposals, gt_boxes, strict=True):
            if len(true):
                own[(own == 0) & (box_iou(true, boxes).amax(0) < NEAR_IOU)] = -1  # torchvision samples none of these
        return matched, labels


def _heads(kind: type[RoIHeads], pool: nn.Module, head: nn.Module, last: nn.Module, per_picture: int) -> nn.Module:
    thresholds = (OBJECT_IOU, OBJECT_IOU, per_picture, OBJECTS)
    made: nn.Module = kind(pool, head, last, *thresholds, None, LEAST_SCORE, NMS_IOU, TOP)
    return made


def _with_search(backbone: nn.Module, heads: nn.Module) -> nn.Module:
    made: nn.Module = GeneralizedRCNN(backbone, SelectiveSearch(), heads, NativeScale(1, 1, MEAN, DEVIATION))
    return made


def fast_rcnn(categories: int, channels: int, fit: Detector) -> nn.Module:
    """Fast R-CNN (Girshick 2015): RoI pooling, two dense layers, softmax and boxes of each category."""
    need_rgb(channels)
    made, level = body(str(fit.backbone)), {layers_of(str(fit.backbone))[1]: "0"}
    (width,) = channels_of(made, level)
    head = TwoMLPHead(width * GRID**2, 1024)
    heads = _heads(FastHeads, Pooled(), head, FastRCNNPredictor(1024, categories + 1), FAST_PER_PICTURE)
    return _with_search(IntermediateLayerGetter(made, level), heads)


def rcnn(categories: int, channels: int, fit: Detector) -> nn.Module:
    """R-CNN (Girshick et al. 2014): a classifier looks at every proposal by itself."""
    need_rgb(channels)
    made, level = body(str(fit.backbone)), {layers_of(str(fit.backbone))[-1]: "0"}
    (width,) = channels_of(made, level)
    head = Described(IntermediateLayerGetter(made, level))
    heads = _heads(RoIHeads, Warped(), head, FastRCNNPredictor(width, categories + 1), PER_PICTURE)
    return _with_search(nn.Identity(), heads)
