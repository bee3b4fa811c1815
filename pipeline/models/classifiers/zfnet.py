"""ZFNet: AlexNet with finer first layers."""

import torch
from torch import nn

from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import ImageNetNormalise
from pipeline.models.classifiers.stems import SMALL_DENSE, SMALL_PX
from pipeline.params import Classifier


def zfnet(widths: tuple[int, int, int], categories: int, channels: int, fit: Classifier) -> nn.Module:
    """Zeiler and Fergus 2013, figure 3, with these widths of the third to the fifth convolution.

    Without contrast normalisation, as torchvision's AlexNet. Under 64 px the first two convolutions have stride 1, and
    the dense layers are narrow.
    """
    small = fit.input_px < SMALL_PX
    third, fourth, fifth = widths
    features = (
        *(_conv(channels, 96, 5, padding=2) if small else _conv(channels, 96, 7, stride=2, padding=1)),
        _pool(),
        *(_conv(96, 256, 5, padding=2) if small else _conv(96, 256, 5, stride=2)),
        _pool(),
        *_conv(256, third, 3, padding=1),
        *_conv(third, fourth, 3, padding=1),
        *_conv(fourth, fifth, 3, padding=1),
        _pool(),
    )
    cells, units = (3, SMALL_DENSE) if small else (6, 4096)
    dense = _dense(fifth, cells, units, categories)
    return nn.Sequential(ImageNetNormalise(channels), *features, *dense).to(memory_format=torch.channels_last)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(inplace=True)]


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, 2, ceil_mode=True)  # 110 -> 55 and 26 -> 13, as in the figure


def _dense(inputs: int, cells: int, units: int, categories: int) -> list[nn.Module]:
    return [
        nn.AdaptiveAvgPool2d(cells),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(inputs * cells**2, units),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(units, units),
        nn.ReLU(inplace=True),
        at_even_chances(nn.Linear(units, categories)),
    ]
