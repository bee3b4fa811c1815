"""First and last layers: for other channels, and for a start at even chances."""

from typing import TypeVar

from torch import nn

L = TypeVar("L", bound=nn.Linear | nn.Conv2d)


def with_channels(network: nn.Module, channels: int) -> None:
    """Make the first convolution one for fewer channels; its fresh weights do not depend on their number."""
    layer = next(m for m in network.modules() if isinstance(m, nn.Conv2d))
    layer.in_channels = channels
    layer.weight = nn.Parameter(layer.weight.detach()[:, :channels].clone())


def last_layer(network: nn.Module) -> nn.Linear:
    return [m for m in network.modules() if isinstance(m, nn.Linear)][-1]


def at_even_chances(layer: L) -> L:
    """Every category is as likely at first, whatever the features are: training starts at a loss of log C."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
