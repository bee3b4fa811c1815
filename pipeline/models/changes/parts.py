"""What is the backbone of a network and what its head, where its stages are, and how one layer takes another's place.

Networks that call a part of theirs `backbone`, as detectors do, say it themselves: of torchvision's it is the
classifier in it (`body`, `features`), as pyramid and heads start fresh. Of all others it is everything but the last
layer and the auxiliary classifiers.
"""

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from pipeline.models.auxiliary import WithAuxiliary

BACKBONES = ("backbone.body", "backbone.features", "box_head.body", "backbone")  # the third is R-CNN's


def named_backbones(network: nn.Module) -> list[nn.Module]:
    """The parts that the network itself calls its backbone; none in a classifier."""
    for name in BACKBONES:
        found = [m for n, m in network.named_modules() if n == name or n.endswith(f".{name}")]
        if found:
            return found
    return []


def last_layer(network: nn.Module) -> nn.Module | None:
    """The one that names categories, of a classifier."""
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    return None if named_backbones(network) else layers[-1]


def backbone_of(network: nn.Module) -> list[nn.Module]:
    """All modules of the backbone, small and large."""
    last = last_layer(network)
    if last is None:
        return [m for part in named_backbones(network) for m in part.modules()]
    heads = {m for made in network.modules() if isinstance(made, WithAuxiliary) for m in made.auxiliary_modules()}
    return [m for m in network.modules() if m not in heads and not any(inner is last for inner in m.modules())]


def backbone_weights(network: nn.Module) -> set[nn.Parameter]:
    return {p for module in backbone_of(network) for p in module.parameters(recurse=False)}


def stages_of(network: nn.Module) -> list[list[nn.Module]]:
    """The stages of the backbone from the input on, each a layer or block with the normalisation that follows it."""
    last = last_layer(network)
    stages: list[list[nn.Module]] = []
    for root in named_backbones(network) or [network]:
        for part in _pieces(root):
            if all(p.ndim <= 1 for p in part.parameters()) and stages:
                stages[-1].append(part)
            elif not any(m is last for m in part.modules()):
                stages.append([part])
    return stages


def _pieces(module: nn.Module) -> Iterator[nn.Module]:
    """Children with weights; a wrapper, or a trunk beside its head, is looked into."""
    parts = [child for child in module.children() if any(True for _ in child.parameters())]
    if not parts:
        yield module
    elif len(parts) > 2:
        yield from parts
    else:
        for part in parts:
            yield from _pieces(part)


def replace(network: nn.Module, wanted: Callable[[nn.Module], bool], change: Callable[[Any], nn.Module]) -> int:
    """Put `change` of each module that is wanted in its place; their number."""
    done: dict[nn.Module, nn.Module] = {}
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if wanted(child):
                done[child] = done[child] if child in done else change(child)
                setattr(parent, name, done[child])
    return len(done)
