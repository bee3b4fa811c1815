"""The operations of torch that look at neighbours, and those that are a row of the summary."""

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor

from pipeline.costs.field import Window

aten: Any = torch.ops.aten


def window_of(operation: Any, arguments: tuple[Any, ...], output: Tensor) -> Window | None:
    """What a cell of the output is made of; None where it is one cell of the input."""
    if operation in WINDOWS:
        return WINDOWS[operation](arguments, output)
    first = arguments[0] if arguments else None
    if isinstance(first, Tensor) and first.ndim == 4 and output.ndim == 2 and output.numel() == first.numel():
        return _whole(first)  # flattened: what follows sees all cells
    return None


def kind_of(operation: Any, arguments: tuple[Any, ...], output: Tensor) -> str | None:
    """What a row is called: layers with weights and pooling; None for what is neither, as an activation."""
    name = str(operation.__name__)
    window = window_of(operation, arguments, output)
    if operation is aten.convolution:
        assert window is not None
        return f"{_grouped(arguments)}{_sides(window)}"
    if "norm" in name:
        return "normalisation"
    if operation in (aten.addmm, aten.mm):
        return "dense"
    if operation in WINDOWS and window is not None and window != Window((1, 1)):
        return f"{'max' if 'max' in name else 'mean'} pooling {_sides(window)}"
    return None


def multiply_adds(operation: Any, arguments: tuple[Any, ...], output: Tensor) -> int:
    """Of convolutions and dense layers without their biases; pooling counts one for each cell that it looks at."""
    if operation is aten.convolution:
        return output.numel() * int(prod(arguments[1].shape[1:]))
    if operation in (aten.addmm, aten.mm):
        return output.numel() * int(arguments[-1].shape[0])
    window = window_of(operation, arguments, output) if operation in WINDOWS else None
    return output.numel() * prod(window.kernel_hw) if window else 0


def _convolution(arguments: tuple[Any, ...], output: Tensor) -> Window:
    weight, stride, dilation = arguments[1], arguments[3], arguments[5]
    return Window(_pair(weight.shape[2:]), _pair(stride), _pair(dilation))


def _pooling(arguments: tuple[Any, ...], output: Tensor) -> Window:
    kernel = arguments[1]
    return Window(_pair(kernel), _pair(arguments[2] if len(arguments) > 2 and arguments[2] else kernel))


def _adaptive(arguments: tuple[Any, ...], output: Tensor) -> Window:
    """The largest of the windows, which differ where the sizes do not divide."""
    pairs = list(zip(arguments[0].shape[-2:], output.shape[-2:], strict=True))
    return Window(_pair([-(-i // o) for i, o in pairs]), _pair([max(1, i // o) for i, o in pairs]))


def _mean(arguments: tuple[Any, ...], output: Tensor) -> Window | None:
    """Over height and width; over all of a picture, as Standardise does, it is no layer."""
    picture, axes = arguments[0], arguments[1]
    over = {axis % picture.ndim for axis in axes}
    return _whole(picture) if picture.ndim == 4 and over == {2, 3} else None


def _whole(picture: Tensor) -> Window:
    sides = _pair(picture.shape[-2:])
    return Window(sides, sides)


WINDOWS: dict[Any, Callable[[tuple[Any, ...], Tensor], Window | None]] = {
    aten.convolution: _convolution,
    aten.max_pool2d_with_indices: _pooling,
    aten.avg_pool2d: _pooling,
    aten._adaptive_avg_pool2d: _adaptive,
    aten.adaptive_max_pool2d: _adaptive,
    aten.mean: _mean,
}


def _grouped(arguments: tuple[Any, ...]) -> str:
    groups, channels = int(arguments[8]), int(arguments[0].shape[1])
    if groups == 1:
        return "conv "
    return "depthwise conv " if groups == channels else f"conv in {groups} groups "


def _sides(window: Window) -> str:
    (height, width), stride = window.kernel_hw, window.stride_hw[0]
    return f"{height} x {width}" + (f" / {stride}" if stride > 1 else "")


def _pair(values: Any) -> tuple[int, int]:
    """Torch's sizes are one number or two."""
    both = [int(v) for v in ([values] if isinstance(values, int) else values)]
    return both[0], both[-1]
