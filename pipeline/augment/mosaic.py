"""Mosaic: four crops in one (Bochkovskiy et al., YOLOv4, 2020), each at its own scale in one quarter."""

import torch

from pipeline.augment.targets import CLASS_MAP, Pair, within

LEAST_SIDE = 0.2  # of the crop, as in Darknet's min_offset


def mosaic(pairs: list[Pair], part: float) -> list[Pair]:
    """This part of the crops keep one quarter; the others are the same quarters of crops drawn from the batch."""
    if not part:
        return pairs
    chosen = torch.rand(len(pairs)) < part
    return [_of_four([pairs[i] for i in _with_others(n, len(pairs))]) if chosen[n] else p for n, p in enumerate(pairs)]


def _with_others(first: int, number: int) -> list[int]:
    """Itself and three of the batch, in any order, so that it keeps any quarter."""
    four = torch.cat([torch.tensor([first]), torch.randint(number, (3,))])
    return [int(n) for n in four[torch.randperm(4)]]


def _of_four(pairs: list[Pair]) -> Pair:
    """Upper left, upper right, lower left, lower right, around a point that is drawn."""
    side_px = pairs[0][0].shape[-1]
    x, y = (int(v) for v in (side_px * (LEAST_SIDE + (1 - 2 * LEAST_SIDE) * torch.rand(2))).round())
    windows = [(0, 0, x, y), (x, 0, side_px, y), (0, y, x, side_px), (x, y, side_px, side_px)]
    crop = torch.empty_like(pairs[0][0])
    for (picture, _), (x0, y0, x1, y1) in zip(pairs, windows, strict=True):
        crop[:, y0:y1, x0:x1] = picture[:, y0:y1, x0:x1]
    parts = [within(target, window) for (_, target), window in zip(pairs, windows, strict=True)]
    joined = {key: torch.cat([p[key] for p in parts]) for key in parts[0]}
    if CLASS_MAP in joined:  # of four maps each has its window, and zeros around
        joined[CLASS_MAP] = joined[CLASS_MAP].amax(0, keepdim=True)
    return crop, joined
