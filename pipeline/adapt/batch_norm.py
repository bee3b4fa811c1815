"""Statistics of batch normalisation anew, of pictures of another domain (AdaBN, Li et al. 2016).

A layer of a trained network shifts and scales by the mean and variance of what it saw in training. Here they become
those of other pictures, the mean over batches, all of one weight; the network's weights stay. torch's update_bn
(torch.optim.swa_utils) computes the same, but puts the whole network into training, where detectors want boxes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.class_maps import IGNORED
from pipeline.errors import InputError
from pipeline.params import Fit, Segmenter

LAYERS = (nn.BatchNorm1d, nn.BatchNorm2d)


def layers_of(network: nn.Module) -> list[Any]:
    """Batch normalisation whose statistics move in training; that of a frozen part stays."""
    return [m for m in network.modules() if isinstance(m, LAYERS) and m.track_running_stats and _learns(m)]


def _learns(layer: nn.Module) -> bool:
    weights = list(layer.parameters(recurse=False))
    return not weights or any(w.requires_grad for w in weights)


def check_batch_norm(network: nn.Module, fit: Fit, key: str) -> None:
    """Raises InputError where statistics are wanted anew and the network has none."""
    if fit.adapt.batch_norm and not layers_of(network):
        found = f"found none in {fit.model}; choose another network, or set network.norm: batch."
        raise InputError(f"{key}: expected a network with batch normalisation that is not frozen, {found}")


@torch.no_grad()
def reestimate(network: nn.Module, show: Callable[[Any], object], batches: Sequence[Any]) -> int:
    """Replace the statistics by those of `batches`, each of which `show` sends through the network.

    Everything else is as in evaluation. Returns the number of layers.
    """
    layers = layers_of(network.eval())
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = None  # torch's cumulative average: the first batch counts 1, the second 1/2, ...
        layer.num_batches_tracked.zero_()
        layer.train()
    for batch in batches:
        show(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()
    return len(layers)


def in_parts(pictures: Sequence[Tensor] | Tensor, size: int) -> list[Any]:
    """Parts of nearly one size, at least this and at least two pictures, as far as there are so many."""
    count = max(1, len(pictures) // max(2, size))
    return [pictures[part[0] : part[-1] + 1] for part in np.array_split(np.arange(len(pictures)), count)]


def show_crops(network: nn.Module, device: torch.device) -> Callable[[Tensor], object]:
    """Sends crops uint8 [N, C, S, S] through."""
    return lambda crops: network(crops.to(device).float() / 255)


def show_pictures(network: nn.Module, fit: Fit, device: torch.device) -> Callable[[list[Tensor]], object]:
    """Sends pictures uint8 [3, H, W] through together, as in training: what a segmenter sees alone has no variance."""

    def show(pictures: list[Tensor]) -> object:
        seen = [p.to(device).float() / 255 for p in pictures]
        if not isinstance(fit, Segmenter):
            return network(seen)
        nothing = [torch.full((1, *p.shape[-2:]), IGNORED, dtype=torch.uint8, device=device) for p in seen]
        return network(seen, [{"class_map": m} for m in nothing])

    return show
