"""A lens that distorts (Brown 1966, in OpenCV's form with k1 alone), for crops and for what their targets say.

Places are x, y from -1 to 1 between the sides of a picture. r is the distance from its middle in half diagonals, so
that k1 is the part of it by which the corners move.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.augment.light import around
from pipeline.augment.targets import CLASS_MAP, Pair, Target, each, within

NEWTON_STEPS = 4  # from 1, for |k1| <= 0.1: beyond the precision of 32 bits
EDGE_POINTS = 9  # of each side of a box that are followed through the lens


def places(height: int, width: int) -> Tensor:
    """The middle of each pixel, [H, W, 2]."""
    y, x = ((2 * torch.arange(n) + 1) / n - 1 for n in (height, width))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


def look_up(pictures: Tensor, grid: Tensor, mode: str = "bilinear", beyond: str = "border") -> Tensor:
    """Pictures [N, C, H, W] at the places [N, H, W, 2]."""
    return F.grid_sample(pictures, grid, mode=mode, padding_mode=beyond, align_corners=False)


def radius_squared(xy: Tensor, height: int, width: int) -> Tensor:
    """r² of places [..., 2]."""
    size = torch.tensor([float(width), float(height)])
    return ((xy * size) ** 2).sum(-1) / (size**2).sum()


def bent(xy: Tensor, k1: Tensor, height: int, width: int) -> Tensor:
    """Where a lens shows places [..., 2]: xy (1 + k1 r²); k1 < 0 is a barrel."""
    return xy * (1 + k1 * radius_squared(xy, height, width))[..., None]


def straight(grid: Tensor, k1: Tensor) -> Tensor:
    """What a lens shows at the places [N, H, W, 2], the inverse of `bent`, for k1 [N] from -0.1 to 0.1.

    The factor f of a place solves f (1 + k1 r² f²) = 1.
    """
    height, width = grid.shape[1:3]
    strength = k1[:, None, None] * radius_squared(grid, height, width)  # [N, H, W]
    factor = torch.ones_like(strength)
    for _ in range(NEWTON_STEPS):
        slope = strength * factor**2
        factor = factor - (factor * (1 + slope) - 1) / (1 + 3 * slope)
    return grid * factor[..., None]


def bent_each(pairs: list[Pair], distortion: float) -> list[Pair]:
    """Crops uint8 [C, S, S] with their targets, each through a lens with a k1 within ± this."""
    if not distortion:
        return pairs
    return [_bent(*pair, k1) for pair, k1 in zip(pairs, around(0.0, distortion, len(pairs)), strict=True)]


def _bent(crop: Tensor, target: Target, k1: Tensor) -> Pair:
    side_px = crop.shape[-1]
    grid = straight(places(side_px, side_px)[None], k1[None])
    shown = look_up(crop[None].float(), grid)[0].round().to(crop.dtype)
    bent_target = each(
        within(target, (0, 0, side_px, side_px)),
        lambda boxes: bent_boxes(boxes, k1, side_px),
        lambda points: torch.cat([bent_px(points[..., :2], k1, side_px), points[..., 2:]], dim=-1),
        lambda maps: look_up(maps[None].float(), grid, "nearest", "zeros")[0].to(maps.dtype),
    )
    if CLASS_MAP in target:  # goes on outside as the picture does
        of_pixels = target[CLASS_MAP]
        bent_target[CLASS_MAP] = look_up(of_pixels[None].float(), grid, "nearest")[0].to(of_pixels.dtype)
    return shown, bent_target


def bent_px(points: Tensor, k1: Tensor, side_px: int) -> Tensor:
    """Points [..., 2] in px of a square picture."""
    return (bent(points * 2 / side_px - 1, k1, side_px, side_px) + 1) * side_px / 2


def bent_boxes(boxes: Tensor, k1: Tensor, side_px: int) -> Tensor:
    """Boxes [n, 4] xyxy in px of a square picture: around what the lens makes of their sides."""
    along = torch.linspace(0, 1, EDGE_POINTS)
    across = along.new_tensor([0.0, 1.0])
    inside = torch.cat([torch.cartesian_prod(along, across), torch.cartesian_prod(across, along)])  # in sides
    shown = bent_px(boxes[:, None, :2] + inside * (boxes[:, None, 2:] - boxes[:, None, :2]), k1, side_px)
    return torch.cat([shown.amin(1), shown.amax(1)], dim=1)
