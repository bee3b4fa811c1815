"""Semantic segmentation: torchvision's networks, and a light one that learns in minutes on a CPU."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import segmentation

from pipeline.class_maps import IGNORED
from pipeline.errors import InputError
from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import ImageNetNormalise
from pipeline.models.layers import Residual, conv
from pipeline.params import Segmenter

AUXILIARY = 0.5  # weight of the auxiliary loss, as in torchvision's references/segmentation/train.py
WIDTHS = (8, 16, 32, 64, 128)  # of fcn_tiny, at strides 1, 2, 4, 8, 16


class OnImages(nn.Module):
    """A network [N, C, H, W] -> {"out": logits [N, 1 + categories, H, W]} behind the interface of detectors.

    It takes a list of images [C, H, W] in 0 .. 1, of any size. With targets, each with `class_map` [1, H, W], it gives
    the losses, else for each image the `class_map` of the likeliest classes.
    """

    def __init__(self, network: nn.Module, channels: int) -> None:
        super().__init__()
        self.normalise, self.network = ImageNetNormalise(channels), network

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        if targets is None:
            return [{"class_map": self.logits(i).argmax(0, keepdim=True).byte()} for i in images]
        batch, maps = stacked(images, 0.0), stacked([t["class_map"][0] for t in targets], IGNORED)
        if len(batch) == 1:  # the batch norm behind DeepLab's pooling wants two values
            batch, maps = batch.expand(2, -1, -1, -1), maps.expand(2, -1, -1)
        found = self.network(self.normalise(batch))
        losses = {"loss": pixel_loss(found["out"], maps)}
        return losses | ({"auxiliary": AUXILIARY * pixel_loss(found["aux"], maps)} if "aux" in found else {})

    def logits(self, image: Tensor) -> Tensor:
        """Of one image [C, H, W] in 0 .. 1: [1 + categories, H, W]."""
        found: Tensor = self.network(self.normalise(image[None]))["out"][0]
        return found


def stacked(tensors: list[Tensor], outside: float) -> Tensor:
    """[..., H, W] of several sizes as one batch of the largest, with `outside` at the right and below."""
    height, width = (max(t.shape[d] for t in tensors) for d in (-2, -1))
    return torch.stack([F.pad(t, (0, width - t.shape[-1], 0, height - t.shape[-2]), value=outside) for t in tensors])


def pixel_loss(logits: Tensor, maps: Tensor) -> Tensor:
    """Mean cross-entropy over all pixels [N, H, W] but those ignored; 0 where that is all of them."""
    loss = F.cross_entropy(logits.float(), maps.long(), ignore_index=IGNORED, reduction="sum")
    return loss / (maps != IGNORED).sum().clamp(min=1)


class Skips(nn.Module):
    """A fully convolutional network with skip connections, after FCN-8s (Long, Shelhamer and Darrell 2015).

    Every stage of a small residual backbone scores the classes; scores of a deeper stage, which knows more of what
    it is, are enlarged and added to those of the stage before, which knows better where. FCN-8s ends at stride 8 of
    large photos, this one at every pixel, since the lines of digits and the pips of dice are few pixels wide.
    """

    def __init__(self, classes: int, channels: int, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        strides, inputs = (1, *[2] * (len(widths) - 1)), (channels, *widths[:-1])
        shapes = zip(inputs, widths, strides, strict=True)
        self.backbone = nn.ModuleList(nn.Sequential(conv(i, w, s), Residual(w)) for i, w, s in shapes)
        self.scores = nn.ModuleList(at_even_chances(nn.Conv2d(w, classes, 1)) for w in widths)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = [pictures]
        for stage in self.backbone:
            features.append(stage(features[-1]))
        total = self.scores[-1](features[-1])
        for score, feature in zip(reversed(self.scores[:-1]), reversed(features[1:-1]), strict=True):
            total = score(feature) + enlarged(total, feature)
        return {"out": total}


def enlarged(scores: Tensor, to: Tensor) -> Tensor:
    return F.interpolate(scores, to.shape[-2:], mode="bilinear", align_corners=False)


def fcn_tiny(categories: int, channels: int, fit: Segmenter) -> nn.Module:
    """0.5 million weights: learns in minutes on two CPU cores."""
    return OnImages(Skips(1 + categories, channels), channels).to(memory_format=torch.channels_last)


def torchvisions(name: str, **options: bool) -> Callable[[int, int, Segmenter], nn.Module]:
    """The builder of one of torchvision's networks, with fresh weights."""

    def build(categories: int, channels: int, fit: Segmenter) -> nn.Module:
        if channels != 3:
            found = f"found {channels}"
            raise InputError(f"params.yaml: segmenter.model: torchvision's segmenters expect 3 channels, {found}.")
        make: Any = getattr(segmentation, name)
        network = make(weights=None, weights_backbone=None, num_classes=1 + categories, **options)
        for head in (network.classifier, getattr(network, "aux_classifier", None)):
            for layer in head.modules() if head else ():
                if isinstance(layer, nn.Conv2d) and layer.out_channels == 1 + categories:
                    at_even_chances(layer)
        return OnImages(network, channels)

    return build
