"""Adaptive max-pooling for ONNX, which has none: the same windows, written down for the size that the network pools."""

import copy
from typing import Any

import torch
from torch import Tensor, nn


class FixedMaxPool(nn.Module):
    """nn.AdaptiveMaxPool2d for one size: window n from floor(n * size / outputs) to ceil((n + 1) * size / outputs)."""

    def __init__(self, size_hw: tuple[int, int], outputs_hw: tuple[int, int]) -> None:
        super().__init__()
        self.rows, self.columns = (windows(*pair) for pair in zip(size_hw, outputs_hw, strict=True))

    def forward(self, maps: Tensor) -> Tensor:
        rows = torch.cat([maps[:, :, a:b].amax(2, keepdim=True) for a, b in self.rows], dim=2)
        return torch.cat([rows[..., a:b].amax(3, keepdim=True) for a, b in self.columns], dim=3)


def windows(size: int, outputs: int) -> list[tuple[int, int]]:
    return [(n * size // outputs, -(-(n + 1) * size // outputs)) for n in range(outputs)]


def with_fixed_pooling(module: nn.Module, example: Tensor) -> nn.Module:
    """A copy in which every nn.AdaptiveMaxPool2d is one for the size that it gets for `example`."""
    fixed = copy.deepcopy(module)
    pools = {name: pool for name, pool in fixed.named_modules() if isinstance(pool, nn.AdaptiveMaxPool2d)}
    seen: dict[nn.Module, tuple[int, int]] = {}

    def note(pool: nn.Module, given: Any) -> None:
        seen[pool] = (int(given[0].shape[2]), int(given[0].shape[3]))

    hooks = [pool.register_forward_pre_hook(note) for pool in pools.values()]
    with torch.no_grad():
        fixed(example)
    for hook in hooks:
        hook.remove()
    for name, pool in pools.items():
        with torch.no_grad():
            outputs = pool(torch.empty(1, 1, *seen[pool])).shape
        fixed.set_submodule(name, FixedMaxPool(seen[pool], (outputs[2], outputs[3])))
    return fixed
