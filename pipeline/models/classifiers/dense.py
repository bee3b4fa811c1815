"""Networks of dense layers on pixels: those that convolutions were first compared with, and the highway network."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import Standardise
from pipeline.params import Classifier

HIGHWAY_WIDTH, HIGHWAY_LAYERS = 50, 9
CARRY_BIAS = -2.0  # of the gates: at first most of the input is passed on


def linear(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """One layer: a template for each category."""
    return dense((), categories, channels, fit)


def dense(hidden: tuple[int, ...], categories: int, channels: int, fit: Classifier) -> nn.Module:
    """Hidden layers of these widths: LeNet-300 and LeNet-300-100 (LeCun et al. 1998, C.1 to C.3), here with ReLU."""
    widths = [channels * fit.input_px**2, *hidden]
    layers = [m for inputs, outputs in pairwise(widths) for m in (nn.Linear(inputs, outputs), nn.ReLU())]
    return nn.Sequential(*_pixels(fit), *layers, at_even_chances(nn.Linear(widths[-1], categories)))


class Highway(nn.Module):
    """y = T(x) H(x) + (1 - T(x)) x with H = ReLU of a dense layer, T = sigmoid of another (Srivastava et al. 2015)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform, self.gate = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.constant_(self.gate.bias, CARRY_BIAS)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.relu(self.transform(x)) + (1 - gate) * x


def highway(categories: int, channels: int, fit: Classifier) -> nn.Module:
    """Highway network of ten hidden layers of 50 units, the first a plain one, as Srivastava et al. had on MNIST."""
    return nn.Sequential(
        *_pixels(fit),
        nn.Linear(channels * fit.input_px**2, HIGHWAY_WIDTH),
        nn.ReLU(),
        *(Highway(HIGHWAY_WIDTH) for _ in range(HIGHWAY_LAYERS)),
        at_even_chances(nn.Linear(HIGHWAY_WIDTH, categories)),
    )


def _pixels(fit: Classifier) -> list[nn.Module]:
    """Pictures of any size as rows of as many pixels as the first layer has inputs."""
    return [Standardise(), nn.AdaptiveAvgPool2d(fit.input_px), nn.Flatten()]
