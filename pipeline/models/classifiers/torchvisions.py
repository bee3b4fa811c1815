"""torchvision's classifiers: its builders, exactly, from 64 px on; smaller pictures get another stem."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models
from torchvision.models import inception

from pipeline.models.auxiliary import WithAuxiliary
from pipeline.models.classifiers import stems
from pipeline.models.classifiers.ends import at_even_chances, last_layer, with_channels
from pipeline.models.classifiers.normalise import HalfNormalise, ImageNetNormalise
from pipeline.params import Classifier

# torchvision's name -> what makes its stem one for small pictures
STEMS: dict[str, Callable[[Any], None]] = {
    "alexnet": stems.alexnet,
    **{f"vgg{layers}{norm}": stems.vgg for layers in (11, 13, 16, 19) for norm in ("", "_bn")},
    "googlenet": stems.googlenet,
    "inception_v3": stems.inception_v3,
    **{f"resnet{layers}": stems.resnet for layers in (18, 34, 50, 101, 152)},
    "resnext50_32x4d": stems.resnet,
    "resnext101_32x8d": stems.resnet,
    "wide_resnet50_2": stems.resnet,
    **{f"densenet{layers}": stems.densenet for layers in (121, 161, 169, 201)},
    "mobilenet_v2": stems.unstrided,
    "mobilenet_v3_small": stems.unstrided,
    "mobilenet_v3_large": stems.unstrided,
    "shufflenet_v2_x0_5": stems.shufflenet,
    "shufflenet_v2_x1_0": stems.shufflenet,
    **{f"efficientnet_b{size}": stems.unstrided for size in range(5)},
}
LEAST_PX = {"inception_v3": 75}  # its convolutions without padding would leave nothing of smaller pictures
CELLS_PX = 17  # cells along a side where Inception's auxiliary classifier looks, for pictures of 299 px


class AnySizeAuxiliary(inception.InceptionAux):  # type: ignore[misc]  # torchvision has no types
    """Inception's auxiliary classifier; smaller maps than it was made for are stretched."""

    def forward(self, x: Tensor) -> Tensor:
        small = min(x.shape[-2:]) < CELLS_PX
        return torch.as_tensor(super().forward(F.adaptive_avg_pool2d(x, CELLS_PX) if small else x))


INCEPTION_BLOCKS = [
    inception.BasicConv2d,
    *(getattr(inception, f"Inception{letter}") for letter in "ABCDE"),
    AnySizeAuxiliary,
]
OPTIONS: dict[str, dict[str, Any]] = {
    "googlenet": {"init_weights": True},
    "inception_v3": {"init_weights": True, "inception_blocks": INCEPTION_BLOCKS},
}
# auxiliary classifiers, and the weight of their losses: Szegedy et al. 2014; torchvision's references/classification
AUXILIARY: dict[str, tuple[tuple[str, ...], float]] = {
    "googlenet": (("aux1", "aux2"), 0.3),
    "inception_v3": (("AuxLogits",), 0.4),
}


def build(name: str, categories: int, channels: int, fit: Classifier) -> nn.Module:
    """torchvision's network of this name for pictures in 0 .. 1, at even chances."""
    network: nn.Module = models.get_model(name, weights=None, num_classes=categories, **OPTIONS.get(name, {}))
    if fit.input_px < LEAST_PX.get(name, stems.SMALL_PX):
        STEMS[name](network)
    with_channels(network, channels)
    at_even_chances(last_layer(network))
    return _with_normalisation(name, network, channels).to(memory_format=torch.channels_last)


def _with_normalisation(name: str, network: nn.Module, channels: int) -> nn.Module:
    if name not in AUXILIARY:
        return nn.Sequential(ImageNetNormalise(channels), network)
    parts, weight = AUXILIARY[name]
    for part in parts:
        at_even_chances(last_layer(network.get_submodule(part)))
    return WithAuxiliary(HalfNormalise(channels), network, weight=weight, heads=parts)
