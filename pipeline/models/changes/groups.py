"""Which weights are trained, at which rate, and which decay: the groups of the optimizer."""

from typing import Any

from torch import nn

from pipeline.params import Fit


def parameter_groups(network: nn.Module, fit: Fit, rate: float) -> list[dict[str, Any]]:
    """Groups for any optimizer of torch, each with its own `lr`; biases and normalisation do not decay."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [
        {"params": decayed, "lr": rate, "weight_decay": fit.weight_decay},
        {"params": others, "lr": rate, "weight_decay": 0.0},
    ]
