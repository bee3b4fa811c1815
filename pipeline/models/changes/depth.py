"""Stochastic depth (Huang et al. 2016): in training some residual blocks are short cuts alone."""

from typing import Any

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import StochasticDepth

from pipeline.models.layers import Residual

# residual block -> the layer at the end of its branch, before the sum
ENDS: dict[type[nn.Module], str] = {BasicBlock: "bn2", Bottleneck: "bn3", Residual: "convs"}


def drop_probability(block: int, blocks: int, last: float) -> float:
    """Of block 1 .. `blocks`: 1 - p_l = l / L (1 - p_L), a linear decay of survival (Huang et al. 2016, eq. 4)."""
    return last * block / blocks


def add_stochastic_depth(network: nn.Module, last: float, where: str) -> int:
    """Drop branches of residual blocks, for each picture apart; torchvision's own drops get the new probability."""
    branches = [m for m in network.modules() if isinstance(m, (*ENDS, StochasticDepth))]
    for number, branch in enumerate(branches, 1):
        p = drop_probability(number, len(branches), last)
        if isinstance(branch, StochasticDepth):
            branch.p = p
        else:
            _append(getattr(branch, ENDS[type(branch)]), StochasticDepth(p, "row"))
    return len(branches)


def _append(layer: nn.Module, drop: StochasticDepth) -> None:
    """After the layer, whose name and those of its weights stay."""
    layer.add_module("stochastic_depth", drop)
    if not isinstance(layer, nn.Sequential):  # which runs what is added to it
        layer.register_forward_hook(_drop_output)


def _drop_output(layer: Any, inputs: Any, output: Tensor) -> Any:
    return layer.stochastic_depth(output)
