"""A network as other programs can call it: one tensor in, tensors out."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models.centernet import STRIDE_PX, TOP, CenterNet, peaks, under_all_names
from pipeline.models.checkpoint import Card, fit_of
from pipeline.models.segmenters import OnImages
from pipeline.models.two_stage import TwoStage
from pipeline.params import Classifier

FOUND = ("boxes", "labels", "scores")
NEVER = -100.0  # logit of a place without an object
EXAMPLE_HW = (97, 111)  # px, that a detector is traced with
EAGER = 1e6  # times as low is the least score of a light detector that is to find something

Run = Callable[[Tensor], Sequence[Tensor]]


@dataclass(frozen=True)
class Plain:
    """What is written: a module, and what its one input and its outputs are called."""

    module: nn.Module
    example: Tensor
    input: str
    free: dict[int, str]  # dimensions of the input that may have any size
    outputs: tuple[str, ...]
    grown: dict[int, str]  # dimensions of the outputs that may have any size
    scripted: nn.Module | None = None  # in its place for torch.jit.script, where a trace would keep sizes


def plain(network: nn.Module, card: Card) -> Plain:
    """What the card's task makes of crops [N, C, S, S] or a picture [C, H, W] in 0 .. 1.

    Classifiers: logits [N, categories]; detectors: boxes, labels, scores; segmenters: logits [1 + categories, H, W].
    """
    network = network.cpu().eval()
    fit = fit_of(card)
    if isinstance(fit, Classifier):
        crops = torch.rand(2, card.channels, fit.input_px, fit.input_px)
        return Plain(network, crops, "crops", {0: "number"}, ("logits",), {0: "number"})
    picture, free = torch.rand(card.channels, *EXAMPLE_HW), {1: "height", 2: "width"}
    if isinstance(network, OnImages):
        return Plain(PixelLogits(network), picture, "picture", free, ("logits",), free)
    if isinstance(network, CenterNet | TwoStage):
        return Plain(LightPicture(network), picture, "picture", free, FOUND, {0: "found"})
    return Plain(OnePicture(network), picture, "picture", free, FOUND, {0: "found"}, ScriptedPicture(network))


def eager(network: nn.Module, card: Card) -> Plain:
    """What `plain` has of a detector, with all boxes that it hardly believes in: so that there are some to compare."""
    copied = copy.deepcopy(network)
    part: Any
    for part in copied.modules():
        if hasattr(part, "score_thresh"):  # of torchvision's
            part.score_thresh = 0.0
    whole = plain(copied, card)
    for part in whole.module.modules():
        if isinstance(part, LightPicture):
            part.raised = EAGER
    return whole


class PixelLogits(nn.Module):
    """A segmenter on a single picture."""

    def __init__(self, network: OnImages) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        return self.network.logits(picture)


class OnePicture(nn.Module):
    """A detector on a single picture."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        found = self.network([picture])[0]
        return tuple(found[name] for name in FOUND)


class ScriptedPicture(nn.Module):
    """The same of torchvision's detectors in TorchScript, where they also return losses."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Any:
        found = self.network([picture])[1][0]
        return found["boxes"], found["labels"], found["scores"]


class LightPicture(nn.Module):
    """A light detector on a single picture, without anything in Python that depends on its size."""

    def __init__(self, network: CenterNet | TwoStage) -> None:
        super().__init__()
        self.network, self.raised = network, 1.0

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        height, width = picture.shape[-2:]
        batch = F.pad(picture[None], (0, -width % STRIDE_PX, 0, -height % STRIDE_PX), value=0.5)
        first = self.network.first if isinstance(self.network, TwoStage) else self.network
        heat, logits, boxes = first.maps(batch)
        # rows in which nothing is: so there are always TOP places to choose the best from
        heat, logits = F.pad(heat, (0, 0, 0, TOP), value=NEVER), F.pad(logits, (0, 0, 0, TOP))
        boxes = F.pad(boxes, (0, 0, 0, 0, 0, TOP))
        places, objectness, cells = peaks(heat[0], boxes[0], (height, width))
        if isinstance(self.network, TwoStage):
            probabilities = self.network.named(batch, [places]).float().softmax(1)
        else:
            probabilities = logits[0].float().softmax(0).flatten(1).T[cells]
        found = under_all_names(places, self.raised * objectness, probabilities)
        return found["boxes"], found["labels"], found["scores"] / self.raised
