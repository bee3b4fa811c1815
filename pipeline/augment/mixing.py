"""Mixed pictures with mixed labels, by torchvision: mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019).

Both draw l from Beta(alpha, alpha) once for a batch, and take each picture's partner x' from the same batch: mixup
gives l x + (1 - l) x', CutMix pastes a rectangle of x' into x, 1 - l of the area. Labels are mixed in the same way.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torchvision.transforms import v2

from pipeline.params import ClassifierAugment

Mix = Callable[[Tensor, Tensor], Any]


def mixing(params: ClassifierAugment, categories: int) -> Mix | None:
    """From pictures [N, C, S, S] and labels [N] to both, mixed, labels as [N, categories].

    None where both are off; where both are on, each batch gets one of them.
    """
    kinds = {v2.MixUp: params.mixup, v2.CutMix: params.cutmix}
    wanted: list[Mix] = [kind(alpha=alpha, num_classes=categories) for kind, alpha in kinds.items() if alpha]
    if len(wanted) > 1:
        return v2.RandomChoice(wanted)  # type: ignore[no-any-return]
    return wanted[0] if wanted else None
