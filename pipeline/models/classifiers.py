"""Classifiers for small pictures, 32 px by default."""

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet


class Standardise(nn.Module):
    """Each picture to mean 0 and deviation 1: light and contrast of the photo no longer matter."""

    def forward(self, pictures: Tensor) -> Tensor:
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        deviation = pictures.std(dim=(1, 2, 3), keepdim=True)
        return (pictures - mean) / (deviation + 1e-3)


def lenet5(categories: int, channels: int) -> nn.Module:
    """LeNet-5 (LeCun et al. 1998): two convolutions and three dense layers, here with ReLU, max-pooling, batch norm.

    Any input from 32 px on: a last pooling brings it to the 5 x 5 that the dense layers expect.
    """
    return nn.Sequential(
        Standardise(),
        nn.Conv2d(channels, 6, 5),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AdaptiveMaxPool2d(5),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, categories),
    )


def resnet_small(categories: int, channels: int) -> nn.Module:
    """torchvision's ResNet with one basic block in each of its four stages and a stem for small pictures."""
    network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=categories)
    network.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    torch.nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(Standardise(), network)
