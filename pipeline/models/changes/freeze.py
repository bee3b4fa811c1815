"""Weights that stay as they are: the backbone, or its first stages."""

from collections.abc import Iterable
from typing import Any, Literal

from torch import nn

from pipeline.errors import InputError
from pipeline.models.changes.parts import backbone_of, backbone_weights, stages_of


def freeze(network: nn.Module, what: Literal["none", "backbone"] | int, key: str, fresh: Iterable[str] = ()) -> None:
    """Take weights out of training, apart from those that start `fresh`; running statistics of their layers stay too.

    Raises InputError that starts with `key` where the network has no such part, or fewer stages.
    """
    if what == "none":
        return
    kept = set(fresh)
    frozen = set(_part(network, what, key))
    for name, module in network.named_modules():
        if module in frozen:
            own = {f"{name}.{n}": p for n, p in module.named_parameters(recurse=False)}
            for p in (p for n, p in own.items() if n not in kept):
                p.requires_grad_(False)
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and not kept & own.keys():
                module.register_forward_pre_hook(_as_in_evaluation)


def _part(network: nn.Module, what: str | int, key: str) -> list[nn.Module]:
    if isinstance(what, str):
        if not backbone_weights(network):
            raise InputError(f"{key}: {what}: expected layers before the last one, found none.")
        return backbone_of(network)
    stages = stages_of(network)
    if what > len(stages):
        raise InputError(f"{key}: expected at most {len(stages)}, the network's stages before its head, found {what}.")
    return [m for stage in stages[:what] for layer in stage for m in layer.modules()]


def _as_in_evaluation(layer: nn.Module, inputs: Any) -> None:
    """Whatever puts the network into training, this layer uses its statistics and leaves them.

    It alone: stochastic depth is attached to layers of batch norm, and goes on.
    """
    layer.training = False
