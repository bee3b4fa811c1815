"""Penalties on large weights, in the loss."""

import torch
from torch import Tensor, nn

from pipeline.params import Fit


def penalties(network: nn.Module, fit: Fit) -> dict[str, Tensor]:
    """By name: l1 x the sum of |w| (lasso, Tibshirani 1996), l2 x the sum of w²; both: elastic net (Zou, Hastie 2005).

    Over all weights that learn, without biases and the scales of normalisation layers. Nothing for factors of 0.
    """
    weights = [p for p in network.parameters() if p.ndim > 1 and p.requires_grad]
    found = {}
    if fit.l1:
        found["l1"] = fit.l1 * torch.stack([w.abs().sum() for w in weights]).sum()
    if fit.l2:
        found["l2"] = fit.l2 * torch.stack([w.square().sum() for w in weights]).sum()
    return found
