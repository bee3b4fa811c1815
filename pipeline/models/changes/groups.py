"""Which weights are trained, at which rate, and which decay: the groups of the optimizer."""

from typing import Any

from torch import nn

from pipeline.models.changes.parts import backbone_weights
from pipeline.params import Fit


def parameter_groups(network: nn.Module, fit: Fit, rate: float) -> list[dict[str, Any]]:
    """Groups for any optimizer of torch, each with its own `lr`; biases and normalisation do not decay."""
    backbone = backbone_weights(network) if fit.backbone_lr_factor != 1 else set()
    trained = [p for p in network.parameters() if p.requires_grad]
    groups = []
    for lr, slow in ((rate, False), (rate * fit.backbone_lr_factor, True)):
        own = [p for p in trained if (p in backbone) == slow]
        decayed, others = [p for p in own if p.ndim > 1], [p for p in own if p.ndim <= 1]
        groups.append({"params": decayed, "lr": lr, "weight_decay": fit.weight_decay})
        groups.append({"params": others, "lr": lr, "weight_decay": 0.0})
    return [group for group in groups if group["params"]]
