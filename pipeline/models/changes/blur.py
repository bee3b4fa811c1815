"""Anti-aliased sampling (Zhang 2019): what leaves out places blurs first, so that a moved picture gives moved features.

A max-pooling or convolution of stride s becomes one of stride 1, then the kernel [1, 2, 1] / 4 along both sides with
stride s. Zhang blurs after the ReLU that follows a convolution; here it is before, as the layer alone is exchanged.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models.changes.parts import replace

SHAPE = ("in_channels", "out_channels", "kernel_size", "padding", "dilation", "groups", "padding_mode")


class Blur(nn.Module):
    """[N, C, H, W] blurred and sampled; the border's values go on outside. As large as the exchanged layer's output."""

    def __init__(self, stride: int | tuple[int, ...], ceil_mode: bool = False) -> None:
        super().__init__()
        self.stride: tuple[int, ...] = (stride, stride) if isinstance(stride, int) else tuple(stride)
        self.more = [s - 1 if ceil_mode else 0 for s in self.stride]  # px below and at the right: sizes round up
        row = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", (row[:, None] * row)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels, (below, right) = x.shape[1], self.more
        kernel = torch.as_tensor(self.kernel).to(x.dtype).expand(channels, 1, 3, 3)
        padded = F.pad(x, (1, 1 + right, 1, 1 + below), mode="replicate")
        return F.conv2d(padded, kernel, stride=self.stride, groups=channels)


class BlurredConv(nn.Conv2d):
    """A convolution that blurs instead of leaving out places; weights and their names stay."""

    blur: Blur

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == (1, 1):  # blurring first gives the same, at a part of the cost
            return super().forward(self.blur(x))
        return cast(Tensor, self.blur(super().forward(x)))


def add_blur(network: nn.Module, wanted: bool, where: str) -> int:
    """Exchange all max-poolings and convolutions with a stride."""
    return replace(network, _strided, blurred)


def _strided(layer: Any) -> bool:
    if not isinstance(layer, nn.MaxPool2d | nn.Conv2d):
        return False
    return max(layer.stride) > 1 if isinstance(layer.stride, tuple) else layer.stride > 1


def blurred(layer: nn.MaxPool2d | nn.Conv2d) -> nn.Module:
    if isinstance(layer, nn.MaxPool2d):
        dense = nn.MaxPool2d(layer.kernel_size, 1, layer.padding, layer.dilation)
        return nn.Sequential(dense, Blur(layer.stride, layer.ceil_mode))
    return _blurred_conv(layer)


def _blurred_conv(old: nn.Conv2d) -> nn.Module:
    shape: dict[str, Any] = {name: getattr(old, name) for name in SHAPE}
    with torch.device("meta"):  # nothing is drawn: the weights are those of `old`
        new = BlurredConv(**shape, bias=old.bias is not None)
    new.weight, new.bias, new.blur = old.weight, old.bias, Blur(old.stride)
    return new
