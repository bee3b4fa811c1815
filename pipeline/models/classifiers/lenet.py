"""The first convolutional network that read handwriting well."""

from torch import nn

from pipeline.models.classifiers.normalise import Standardise
from pipeline.params import Classifier


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
