"""What torchvision's networks are for pictures under 64 px: without the first two of their five halvings.

Otherwise a picture of 32 px would end as one cell, and most layers would see nothing but padding.
"""

from typing import Any

import torch
from torch import nn

SMALL_PX = 64  # of the side: from here on the networks are torchvision's
SMALL_DENSE = 512  # units of dense layers, which have 4096 for larger pictures


def resnet(network: Any) -> None:
    """3 x 3 at stride 1 and no pooling, as He et al. 2015 have on CIFAR-10; ResNeXt and wide ones too."""
    network.conv1, network.maxpool = _three_by_three(network.conv1), nn.Identity()


def densenet(network: Any) -> None:
    """As Huang et al. 2016 on CIFAR-10."""
    features = network.features
    features.conv0, features.pool0 = _three_by_three(features.conv0), nn.Identity()


def googlenet(network: Any) -> None:
    network.conv1.conv, network.maxpool1 = _three_by_three(network.conv1.conv), nn.Identity()


def inception_v3(network: Any) -> None:
    network.Conv2d_1a_3x3.conv.stride, network.maxpool1 = (1, 1), nn.Identity()


def shufflenet(network: Any) -> None:
    network.conv1[0].stride, network.maxpool = (1, 1), nn.Identity()


def unstrided(network: nn.Module) -> None:
    """MobileNets and EfficientNets: stride 1 in the first two convolutions that had 2."""
    strided = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.stride == (2, 2)]
    for layer in strided[:2]:
        layer.stride = (1, 1)


def alexnet(network: Any) -> None:
    """5 x 5 at stride 1 in front, 3 x 3 cells and narrow dense layers at the end."""
    network.features[0] = nn.Conv2d(3, 64, kernel_size=5, padding=2)
    _narrow(network, channels=256, cells=3)


def vgg(network: Any) -> None:
    """All five halvings, one cell and narrow dense layers: as is usual on CIFAR-10 (Liu and Deng 2015)."""
    _narrow(network, channels=512, cells=1)


def _three_by_three(conv: nn.Conv2d) -> nn.Conv2d:
    small = nn.Conv2d(conv.in_channels, conv.out_channels, 3, padding=1, bias=False)
    torch.nn.init.kaiming_normal_(small.weight, mode="fan_out", nonlinearity="relu")
    return small


def _narrow(network: Any, channels: int, cells: int) -> None:
    network.avgpool = nn.AdaptiveAvgPool2d(cells)
    inputs = channels * cells**2
    *hidden, last = [n for n, layer in enumerate(network.classifier) if isinstance(layer, nn.Linear)]
    for n in hidden:
        network.classifier[n] = nn.Linear(inputs, SMALL_DENSE)
        inputs = SMALL_DENSE
    network.classifier[last] = nn.Linear(inputs, network.classifier[last].out_features)
