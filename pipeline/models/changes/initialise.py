"""Initial weights of a backbone, by the rules of the papers (Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998,
Krizhevsky et al. 2012); the head keeps its own: training starts at log C."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from pipeline.errors import lookup
from pipeline.models.changes.parts import backbone_of

# name -> draws a weight in place; fan: inputs and outputs of one neuron
INITIALISATIONS: dict[str, Callable[[Tensor], Any]] = {
    "xavier_uniform": nn.init.xavier_uniform_,  # variance 2 / (fan_in + fan_out), Glorot and Bengio 2010
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),  # 2 / fan_in, He et al. 2015
    "kaiming_normal": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "lecun_uniform": partial(nn.init.kaiming_uniform_, nonlinearity="linear"),  # 1 / fan_in, LeCun et al. 1998
    "lecun_normal": partial(nn.init.kaiming_normal_, nonlinearity="linear"),
    "normal": partial(nn.init.normal_, std=0.01),  # Krizhevsky et al. 2012
    "zeros": nn.init.zeros_,  # to see that neurons which start alike stay alike
}


def initialise(network: nn.Module, name: str, where: str) -> int:
    """Draw the weights of all convolutions and dense layers of the backbone anew; biases become 0."""
    draw = lookup(INITIALISATIONS, name, where)
    layers: list[Any] = [m for m in backbone_of(network) if isinstance(m, nn.Linear | nn.Conv2d)]
    for layer in layers:
        draw(layer.weight)
        if layer.bias is not None and not _chosen(layer.bias):
            nn.init.zeros_(layer.bias)
    return len(layers)


def _chosen(bias: Tensor) -> bool:
    """One value that the network set for all, as for the gates of a highway, is meant so."""
    return not bias.is_meta and len(bias) > 1 and bool((bias == bias[0]).all())
