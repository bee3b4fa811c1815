"""Classifiers for small pictures, 32 px by default."""

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

from pipeline.models.layers import Residual, conv
from pipeline.params import Classifier


class Standardise(nn.Module):
    """Each picture to mean 0 and deviation 1: light and contrast of the photo no longer matter."""

    def forward(self, pictures: Tensor) -> Tensor:
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        centred = pictures - mean
        deviation = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()  # torch.std warns of an empty batch
        return centred / (deviation + 1e-3)


class ImageNetNormalise(nn.Module):
    """Pictures in 0 .. 1 as torchvision's networks know them; grey ones by the mean over the three channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, values in (("mean", (0.485, 0.456, 0.406)), ("deviation", (0.229, 0.224, 0.225))):
            own = values if channels == 3 else (sum(values) / 3,) * channels
            self.register_buffer(name, torch.tensor(own)[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures - torch.as_tensor(self.mean)) / torch.as_tensor(self.deviation)


def lenet5(categories: int, channels: int, fit: Classifier) -> nn.Module:
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


def resnet_small(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """torchvision's ResNet with one basic block in each of its four stages and a stem for small pictures."""
    network = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=categories)
    network.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    torch.nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
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
        nn.Linear(128 * 16, categories),
    )
    return network.to(memory_format=torch.channels_last)


def resnet18(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """torchvision's ResNet-18 (He et al. 2015), 11 million weights: with those of ImageNet it knows much already."""
    network = models.resnet18(weights=None, num_classes=categories)
    _with_channels(network.conv1, channels)
    return _as_torchvisions(network, network.fc, channels)


def mobilenet_v3_small(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """torchvision's MobileNet v3 small (Howard et al. 2019), 1.5 million weights."""
    network = models.mobilenet_v3_small(weights=None, num_classes=categories)
    _with_channels(network.features[0][0], channels)
    return _as_torchvisions(network, network.classifier[-1], channels)


def _with_channels(layer: nn.Conv2d, channels: int) -> None:
    """Make the first convolution one for fewer channels; its fresh weights do not depend on their number."""
    layer.in_channels = channels
    layer.weight = nn.Parameter(layer.weight.detach()[:, :channels].clone())


def _as_torchvisions(network: nn.Module, last: nn.Linear, channels: int) -> nn.Module:
    """With their normalisation, and every category as likely at first, whatever the features are."""
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(ImageNetNormalise(channels), network).to(memory_format=torch.channels_last)
