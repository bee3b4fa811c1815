"""Feature extractors of torchvision's classifiers, with and without a feature pyramid."""

from collections.abc import Callable

from torch import nn
from torchvision import models
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection._utils import retrieve_out_channels
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool

from pipeline.errors import lookup

RESNETS = (
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
)
# name in torchvision -> the last layers at the strides 4, 8, 16 and 32
LAYERS: dict[str, tuple[str, str, str, str]] = {
    **dict.fromkeys(RESNETS, ("layer1", "layer2", "layer3", "layer4")),
    "mobilenet_v2": ("3", "6", "13", "18"),
    "mobilenet_v3_small": ("1", "3", "8", "12"),
    "mobilenet_v3_large": ("3", "6", "12", "16"),
    "efficientnet_b0": ("2", "3", "5", "8"),
    "vgg16": ("15", "22", "29", "30"),
}
FPN_WIDTH = 256  # channels of a pyramid, as in the paper


def layers_of(name: str) -> tuple[str, str, str, str]:
    return lookup(LAYERS, name, "params.yaml: detector.backbone")


def body(name: str) -> nn.Module:
    """A classifier of torchvision with fresh weights; of those that are one long row of layers the features."""
    layers_of(name)
    network: nn.Module = models.get_model(name, weights=None)
    return network if name in RESNETS else network.get_submodule("features")


def with_pyramid(
    name: str,
    first: int,
    extra: Callable[[int], ExtraFPNBlock] | None = None,
    norm: Callable[[int], nn.Module] | None = None,
) -> nn.Module:
    """A feature pyramid (Lin et al. 2016, FPN) on the levels of stride 2 ** (first + 1), and so on, up to 32.

    Args:
        extra: makes the levels above, from the number of channels at stride 32; else one is every second place of
            the last.
        norm: makes the normalisation of the pyramid's layers from their channels; else none.
    """
    layers, made = layers_of(name)[first - 1 :], body(name)
    levels = {layer: str(n) for n, layer in enumerate(layers)}
    channels = channels_of(made, levels)
    above = extra(channels[-1]) if extra else LastLevelMaxPool()
    pyramid: nn.Module = BackboneWithFPN(made, levels, channels, FPN_WIDTH, above, norm)
    return pyramid


def channels_of(made: nn.Module, levels: dict[str, str]) -> list[int]:
    """Of the layers that `levels` names, as torchvision finds them out for SSD."""
    found: list[int] = retrieve_out_channels(IntermediateLayerGetter(made, dict(levels)), (64, 64))
    return found
