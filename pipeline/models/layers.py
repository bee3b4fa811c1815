"""What networks here are built of, and boxes with what is around them."""

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def head(inputs: int, outputs: int, bias: float) -> nn.Module:
    """A convolution and a projection that puts out its bias before it has learned anything."""
    last = nn.Conv2d(inputs, outputs, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(torch.as_tensor(last.bias), bias)
    return nn.Sequential(conv(inputs, inputs), last)


class Residual(nn.Module):
    """Two convolutions beside a short cut (He et al. 2015)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(conv(width, width), conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.as_tensor(self.convs(x))


def widened(boxes: Tensor, factor: float) -> Tensor:
    """Boxes [n, 4] xyxy about their middles, with sides `factor` times as long."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * factor / 2
    return torch.cat([middle - half, middle + half], dim=1)
