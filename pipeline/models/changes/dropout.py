"""Dropout (Srivastava et al. 2014) of features and DropConnect (Wan et al. 2013) of weights, in any network."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models.changes.parts import last_layer, replace


def set_dropout(network: nn.Module, p: float, where: str) -> int:
    """The probability of all dropout; where a classifier has none, its last layer gets one on its inputs."""
    layers = [m for m in network.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    for layer in layers:
        layer.p = p
    last = last_layer(network)
    if layers or last is None:
        return len(layers)
    last.add_module("dropout", nn.Dropout(p))
    last.register_forward_pre_hook(_drop_inputs)  # a hook, as a layer between would change the names of weights
    return 1


def _drop_inputs(layer: Any, inputs: tuple[Tensor, ...]) -> Any:
    return (layer.dropout(inputs[0]), *inputs[1:])


class DropConnect(nn.Linear):
    """A dense layer that forgets each weight and bias with probability p in training; the others grow by 1 / (1 - p).

    One mask for a batch, where Wan et al. (2013) draw one for each example. Outside training the layer is the mean over
    all masks, where they draw from a Gaussian with that mean.
    """

    p: float

    def forward(self, x: Tensor) -> Tensor:
        weight = F.dropout(self.weight, self.p, self.training)
        bias = None if self.bias is None else F.dropout(self.bias, self.p, self.training)
        return F.linear(x, weight, bias)


def add_drop_connect(network: nn.Module, p: float, where: str) -> int:
    """Exchange all dense layers; weights and their names stay."""

    def change(old: Any) -> nn.Module:
        with torch.device("meta"):  # nothing is drawn: the weights are those of `old`
            new = DropConnect(old.in_features, old.out_features, old.bias is not None)
        new.weight, new.bias, new.p = old.weight, old.bias, p
        return new

    return replace(network, lambda layer: isinstance(layer, nn.Linear), change)
