"""Auxiliary classifiers: they look at features on the way, and teach the layers below them, in training alone."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


class AuxiliaryLogits(NamedTuple):
    """What a network with auxiliary classifiers puts out in training."""

    main: Tensor  # [N, categories]
    auxiliary: tuple[Tensor, ...]  # each [N, categories]
    weight: float  # of each of their losses


class WithAuxiliary(nn.Sequential):
    """Layers of which the last one puts out (main, auxiliary, ...) in training and main otherwise."""

    def __init__(self, *layers: nn.Module, weight: float = 0.0, heads: Sequence[str] = ()) -> None:
        """`heads` are the names that the last layer has for its auxiliary classifiers."""
        super().__init__(*layers)
        self.weight, self.heads = weight, tuple(heads)

    def auxiliary_modules(self) -> list[nn.Module]:
        """The auxiliary classifiers and all that is in them."""
        last = list(self.children())[-1]
        return [m for head in self.heads for m in last.get_submodule(head).modules()]

    def forward(self, pictures: Tensor) -> Tensor | AuxiliaryLogits:
        logits = super().forward(pictures)  # type: ignore[no-untyped-call]  # torch has none here
        if isinstance(logits, Tensor):
            return logits
        main, *auxiliary = logits
        return AuxiliaryLogits(main, tuple(auxiliary), self.weight)


def losses(logits: Tensor | AuxiliaryLogits, loss_of: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """The loss of the logits, and the weighted sum of the auxiliary ones where there are some (Szegedy et al. 2014)."""
    if isinstance(logits, Tensor):
        return {"loss": loss_of(logits)}
    auxiliary = torch.stack([loss_of(part) for part in logits.auxiliary])
    return {"loss": loss_of(logits.main), "auxiliary": logits.weight * auxiliary.sum()}
