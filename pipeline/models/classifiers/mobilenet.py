"""MobileNet v1, which torchvision does not have."""

from itertools import pairwise

import torch
from torch import nn

from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import ImageNetNormalise
from pipeline.models.classifiers.stems import SMALL_PX, unstrided
from pipeline.models.layers import conv
from pipeline.params import Classifier

FIRST = 32
BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]


def mobilenet_v1(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """MobileNet (Howard et al. 2017, table 1): convolutions apart by channel, then 1 x 1 across channels."""
    widths = [FIRST, *(width for width, _ in BLOCKS)]
    blocks = [_separable(i, o, stride) for (i, o), (_, stride) in zip(pairwise(widths), BLOCKS, strict=True)]
    features = nn.Sequential(conv(channels, FIRST, 2), *blocks)
    if fit.input_px < SMALL_PX:
        unstrided(features)
    last = at_even_chances(nn.Linear(widths[-1], categories))
    network = nn.Sequential(ImageNetNormalise(channels), features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)
    return network.to(memory_format=torch.channels_last)


def _separable(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
