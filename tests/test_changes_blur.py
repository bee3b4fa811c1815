"""Anti-aliased sampling: [1, 2, 1] / 4 along both sides (Zhang 2019)."""

from typing import Any

import pytest
import torch
from torch import nn

from pipeline.models.changes.blur import Blur, BlurredConv, add_blur, blurred


def test_the_kernel_of_blur() -> None:
    x = torch.zeros(1, 2, 5, 7)
    x[0, 1, 2, 4] = 16.0
    out = Blur(1)(x)
    assert not out[0, 0].any()
    assert out[0, 1, 1:4, 3:6].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert torch.equal(Blur(2)(x), out[:, :, ::2, ::2])
    assert torch.equal(Blur(2)(torch.full((1, 1, 1, 1), 3.0)), torch.full((1, 1, 1, 1), 3.0))


@pytest.mark.parametrize("size_hw", [(7, 11), (8, 9), (32, 32)])
@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(2),
        nn.MaxPool2d(3, 2, padding=1),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(1, 2, 3, stride=2, padding=1, bias=False),
        nn.Conv2d(1, 2, 5, stride=(2, 3)),
        nn.Conv2d(1, 2, 1, stride=2),
    ],
    ids=str,
)
def test_a_blurred_layer_puts_out_the_same_size(layer: Any, size_hw: tuple[int, int]) -> None:
    x = torch.rand(2, 1, *size_hw)
    assert blurred(layer)(x).shape == layer(x).shape


def test_max_blur_pool_by_hand() -> None:
    """Zhang 2019, fig. 2: of 0 0 1 1 0 0 1 1 the maxima of stride 1 are 0 1 1 1 0 1 1; then 1/4, 1, 1/2, 1."""
    row = torch.tensor([0.0, 0, 1, 1, 0, 0, 1, 1]).expand(1, 1, 4, 8)
    network = nn.Sequential(nn.MaxPool2d(2))
    assert add_blur(network, True, "blur_pool") == 1
    assert network(row)[0, 0].tolist() == [[0.25, 1.0, 0.5, 1.0]] * 2


def test_a_blurred_convolution() -> None:
    """Convolve, then blur and sample; of a 1 x 1 kernel the order does not matter."""
    torch.manual_seed(0)
    x = torch.rand(1, 2, 7, 11)
    for size in (1, 3):
        conv = nn.Conv2d(2, 4, size, stride=2, padding=size // 2)
        new = blurred(conv)
        assert isinstance(new, BlurredConv) and list(new.state_dict()) == ["weight", "bias"]
        dense = nn.functional.conv2d(x, conv.weight, conv.bias, padding=size // 2)
        assert torch.allclose(new(x), Blur(2)(dense), atol=1e-6)
