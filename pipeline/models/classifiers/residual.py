"""Residual networks for small pictures that are lighter than ResNet-18."""

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import Standardise
from pipeline.models.layers import Residual, conv
from pipeline.params import Classifier


def resnet_small(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """torchvision's ResNet with one basic block in each of its four stages and a stem for small pictures."""
    network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=categories)
    network.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    torch.nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    at_even_chances(network.fc)
    return nn.Sequential(Standardise(), network)


def resnet_tiny(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """A residual network (He et al. 2015) of 0.5 million weights, for 40 to 64 px: learns in minutes on a CPU."""
    return tiny_residual(categories, channels)


def tiny_residual(categories: int, channels: int) -> nn.Module:
    """The network of `resnet_tiny`, which detectors use too."""
    stages = [layer for n in (32, 64, 128) for layer in (conv(n // 2, n, 2), Residual(n))]
    network = nn.Sequential(
        Standardise(),
        conv(channels, 16),
        *stages,
        nn.AdaptiveMaxPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.2),
        at_even_chances(nn.Linear(128 * 16, categories)),
    )
    return network.to(memory_format=torch.channels_last)
