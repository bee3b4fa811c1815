"""What a target says about its picture, kept in step with it: boxes, points and maps, each by its own rule.

A new kind of target needs its name in one of the three tuples, and nothing else. A class map is the one part that
is of no single object: it stays whole where objects are left out, and is IGNORED around the picture.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.class_maps import IGNORED

BOXES = ("boxes", "proposals")  # [n, 4] xyxy, px
POINTS = ("keypoints",)  # [n, K, 3]: x, y, px from the picture's edge, as in boxes; visibility, 0 is not labelled
CLASS_MAP = "class_map"  # [1, H, W]
MAPS = ("masks", CLASS_MAP)  # [n, H, W], as large as the picture; 0 is nothing
LEAST_INSIDE = 0.6  # part of a box that must lie in a training crop for the object to stay a target
LEAST_SIDE = 1.0  # px, of a proposal that stays

Target = dict[str, Tensor]
Pair = tuple[Tensor, Target]  # a crop [C, S, S] and what lies in it; boxes may reach beyond it
Rule = Callable[[Tensor], Tensor]
Window = tuple[int, int, int, int]  # xyxy, px


def each(target: Target, boxes: Rule, points: Rule, maps: Rule) -> Target:
    """Every part of a target by the rule of its kind; labels stay."""
    rules = {**dict.fromkeys(BOXES, boxes), **dict.fromkeys(POINTS, points), **dict.fromkeys(MAPS, maps)}
    return {name: rules[name](t) if name in rules else t for name, t in target.items()}


def shifted(target: Target, left_px: int, top_px: int) -> Target:
    """Seen from this corner; maps are left to `padded` and `cropped`."""

    def boxes(boxes: Tensor) -> Tensor:
        return boxes - boxes.new_tensor([left_px, top_px, left_px, top_px])

    def points(points: Tensor) -> Tensor:
        return points - points.new_tensor([left_px, top_px, 0])

    return each(target, boxes, points, _same)


def padded(target: Target, sides_px: tuple[int, int, int, int]) -> Target:
    """With so much around the picture: left, right, above, below."""
    moved = _maps(shifted(target, -sides_px[0], -sides_px[2]), lambda m: F.pad(m, sides_px))
    whole = {CLASS_MAP: F.pad(target[CLASS_MAP], sides_px, value=IGNORED)} if CLASS_MAP in target else {}
    return {**moved, **whole}


def cropped(target: Target, left_px: int, top_px: int, side_px: int) -> Target:
    """In a square crop; boxes and points are not clipped yet."""
    rows, columns = slice(top_px, top_px + side_px), slice(left_px, left_px + side_px)
    return _maps(shifted(target, left_px, top_px), lambda m: m[:, rows, columns])


def mirrored(target: Target, side_px: int) -> Target:
    """From left to right, in a square. A mirrored object is another one: keypoints have no left and right here."""

    def boxes(boxes: Tensor) -> Tensor:
        x0, y0, x1, y1 = boxes.unbind(1)
        return torch.stack([side_px - x1, y0, side_px - x0, y1], dim=1)

    def points(points: Tensor) -> Tensor:
        x, y, seen = points.unbind(2)
        return torch.stack([side_px - x, y, seen], dim=2)

    return each(target, boxes, points, lambda m: m.flip(-1))


def turned(target: Target, side_px: int) -> Target:
    """By a quarter against the clock, in a square: x, y become y, side - x."""

    def boxes(boxes: Tensor) -> Tensor:
        x0, y0, x1, y1 = boxes.unbind(1)
        return torch.stack([y0, side_px - x1, y1, side_px - x0], dim=1)

    def points(points: Tensor) -> Tensor:
        x, y, seen = points.unbind(2)
        return torch.stack([y, side_px - x, seen], dim=2)

    return each(target, boxes, points, lambda m: m.rot90(1, (-2, -1)))


def kept(target: Target, side_px: int, crop_px: int) -> Target:
    """Clipped to a crop of `side_px` and scaled to `crop_px`: the objects that lie in it for the most part."""
    scale = crop_px / side_px
    scaled = each(
        within(target, (0, 0, side_px, side_px)),
        lambda b: b * scale,
        lambda p: p * p.new_tensor([scale, scale, 1]),
        lambda m: _resized(m, crop_px),
    )
    return scaled | ({"proposals": _large(scaled["proposals"])} if "proposals" in scaled else {})


def within(target: Target, window: Window) -> Target:
    """Boxes and maps cut at a window, of those objects that lie in it for the most part; points outside are gone."""
    low, high = (target["boxes"].new_tensor(corner * 2) for corner in (window[:2], window[2:]))
    sides, whole = (b[:, 2:] - b[:, :2] for b in (target["boxes"].clamp(low, high), target["boxes"]))
    return each(
        only(target, sides.prod(1) >= LEAST_INSIDE * whole.prod(1)),
        lambda b: b.clamp(low, high),
        lambda p: _seen(p, window),
        lambda m: _cut_at(m, window),
    )


def beside(target: Target, square: Tensor) -> Target:
    """Those objects that lie for the most part beside a square [4] xyxy, which hides the rest; they stay whole."""
    boxes = target["boxes"]
    sides = (torch.minimum(boxes[:, 2:], square[2:]) - torch.maximum(boxes[:, :2], square[:2])).clamp(min=0)
    return only(target, sides.prod(1) <= (1 - LEAST_INSIDE) * (boxes[:, 2:] - boxes[:, :2]).prod(1))


def only(target: Target, chosen: Tensor) -> Target:
    """The objects of a mask [n]; proposals and class maps are no objects."""
    return {name: t if name in ("proposals", CLASS_MAP) else t[chosen] for name, t in target.items()}


def _seen(points: Tensor, window: Window) -> Tensor:
    """Those outside become zeros, as points that are not labelled."""
    at = points[..., :2]
    low, high = at.new_tensor(window[:2]), at.new_tensor(window[2:])
    inside = ((at >= low) & (at < high)).all(-1) & (points[..., 2] > 0)
    return points * inside[..., None]


def _cut_at(maps: Tensor, window: Window) -> Tensor:
    left, top, right, bottom = window
    result = torch.zeros_like(maps)
    result[:, top:bottom, left:right] = maps[:, top:bottom, left:right]
    return result


def _resized(maps: Tensor, crop_px: int) -> Tensor:
    if not len(maps):  # torch does not resize nothing
        return maps.new_zeros(0, crop_px, crop_px)
    return F.interpolate(maps[None].float(), (crop_px, crop_px), mode="nearest-exact")[0].to(maps.dtype)


def _large(proposals: Tensor) -> Tensor:
    return proposals[((proposals[:, 2:] - proposals[:, :2]) >= LEAST_SIDE).all(1)]


def _maps(target: Target, rule: Rule) -> Target:
    return each(target, _same, _same, rule)


def _same(tensor: Tensor) -> Tensor:
    return tensor
