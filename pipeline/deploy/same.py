"""Does a file say what the network says? On made-up crops and pictures, of sizes that it was not written with."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.deploy.plain import FOUND, Plain, Run
from pipeline.errors import InputError

NUMBERS = (1, 5)  # crops in a batch
SIZES_HW = ((97, 111), (40, 56), (135, 71))  # px
LEAST_HW = (7, 11)  # px, of a picture smaller than any object; torchvision's would scale it up to no other picture
LEAST_OF_PIXELS_HW = (33, 37)  # px: a segmenter's graph of torch.export wants two cells of its coarsest features
TOLERANCE = 1e-3  # of probabilities and scores
PART = 0.01  # of a score: small ones are compared too
BOX_PX = 0.1  # of the sides of boxes
NEAR_TIES = 0.02  # part of the boxes that may be missing: of two that are as good the other one was kept


def check_same(whole: Plain, run: Run, where: str) -> int:
    """The number of answers that are the same: crops, pixels, or boxes, of which there may be none.

    Raises InputError, which starts with `where`, if there are others.
    """
    same = 0
    for given in inputs(whole):
        with torch.no_grad():
            expected, found = _as_tuple(whole.module(given)), run(given)
        apart = _boxes_apart(expected, found) if whole.outputs == FOUND else _logits_apart(expected[0], found[0])
        if apart:
            size = "x".join(str(n) for n in given.shape)
            raise InputError(f"{where}: expected the network's answers, found others for an input of {size}: {apart}.")
        same += int(_with_like(expected, found).sum()) if whole.outputs == FOUND else _named(expected[0])
    return same


def inputs(whole: Plain) -> list[Tensor]:
    """Soft spots of all shades, the same at each call."""
    channels, *size_hw = whole.example.shape[-3:]
    shapes = [(n, channels, *size_hw) for n in NUMBERS]
    alone = whole.input == "picture"
    if alone:
        least_hw = LEAST_HW if whole.outputs == FOUND else LEAST_OF_PIXELS_HW
        shapes = [(1, channels, *size) for size in (*SIZES_HW, least_hw)]
    generator = torch.Generator().manual_seed(0)
    made = []
    for number, _, height, width in shapes:
        spots = torch.rand(number, channels, height // 8 + 2, width // 8 + 2, generator=generator)
        made.append(F.interpolate(spots, (height, width), mode="bilinear"))
    return [m[0] for m in made] if alone else made


def _as_tuple(found: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (found,) if isinstance(found, Tensor) else tuple(found)


def _classes(logits: Tensor) -> int:
    """The dimension of the classes: of crops [N, C], of a picture [C, H, W]."""
    return 0 if logits.ndim == 3 else 1


def _named(logits: Tensor) -> int:
    return logits.numel() // logits.shape[_classes(logits)]


def _logits_apart(expected: Tensor, found: Tensor) -> str:
    if expected.shape != found.shape:
        return f"{list(found.shape)} logits instead of {list(expected.shape)}"
    apart = float((expected.softmax(_classes(expected)) - found.softmax(_classes(expected))).abs().max())
    return f"probabilities differ by {apart:.2g}" if not apart <= TOLERANCE else ""


def _boxes_apart(expected: Sequence[Tensor], found: Sequence[Tensor]) -> str:
    """Boxes of either side without their like on the other, whatever the order of those of one score."""
    missing = _without_like(expected, found) + _without_like(found, expected)
    allowed = NEAR_TIES * (len(expected[0]) + len(found[0]))
    return f"{missing} boxes of {len(expected[0])} and {len(found[0])} have no counterpart" if missing > allowed else ""


def _without_like(some: Sequence[Tensor], others: Sequence[Tensor]) -> int:
    """Those near the lowest score are not counted: the other side may have cut them off."""
    scores = some[2]
    if not len(scores):
        return 0
    clear = scores > scores.min() + _slack(scores.min())
    return int((~_with_like(some, others) & clear).sum())


def _with_like(some: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """Which boxes [n] the other side has too, under the same name and score."""
    boxes, labels, scores = some
    alike = (boxes[:, None] - others[0][None]).abs().amax(2) <= BOX_PX  # [n, m]
    alike &= labels[:, None] == others[1][None]
    alike &= (scores[:, None] - others[2][None]).abs() <= _slack(scores)[:, None]
    return alike.any(1)


def _slack(scores: Tensor) -> Tensor:
    return (PART * scores).clamp(max=TOLERANCE)
