"""One picture goes through a network, and every layer that it meets becomes a row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from pipeline.costs.field import Field, joined
from pipeline.costs.windows import kind_of, multiply_adds, window_of

BYTES = 4  # of a float32


@dataclass(frozen=True)
class Row:
    """A layer, or several in one row."""

    name: str
    kind: str
    output: tuple[int, ...]  # (channels, height, width), or (units,)
    cells: int  # that its layers put out
    parameters: int
    multiply_adds: int
    field_px: int  # the longer side of the receptive field of what it puts out

    @property
    def memory_kb(self) -> float:
        """Of the activations of one picture, as float32; 1 KB is 1024 bytes."""
        return self.cells * BYTES / 1024


class Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Rows in the order of computation, and the output of every module by name; for one picture, on any device."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rows: list[Row] = []
        self.outputs: dict[str, tuple[tuple[int, ...], int]] = {}  # shape and field_px
        self.inside: list[str] = []  # names of the modules at work, the innermost last
        self.unseen = {n: sum(p.numel() for p in m.parameters(recurse=False)) for n, m in network.named_modules()}
        self.fields: Any = WeakTensorKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        operation = func.overloadpacket
        outputs = [t for t in tree_leaves(made) if isinstance(t, Tensor)]
        if not outputs:
            return made
        field = joined(self.fields[t] for t in tree_leaves(args) if isinstance(t, Tensor) and t in self.fields)
        window = window_of(operation, args, outputs[0])
        for output in outputs:
            self.fields[output] = field.through(window) if window else field
        kind = kind_of(operation, args, outputs[0])
        if kind:
            self._add(kind, outputs[0], multiply_adds(operation, args, outputs[0]))
        return made

    def _add(self, kind: str, output: Tensor, operations: int) -> None:
        name = self.inside[-1]
        shape, field_px = self._facts(output)
        parameters = self.unseen.pop(name, 0)  # weights that work several times count once
        self.rows.append(Row(name, kind, shape, output.numel(), parameters, operations, field_px))

    def _facts(self, output: Tensor) -> tuple[tuple[int, ...], int]:
        """Shape without the axis of pictures, and the longer side of the receptive field."""
        return tuple(output.shape[1:]), max(self.fields.get(output, Field()).size_hw)

    def leave(self, name: str, output: Any) -> None:
        self.inside.pop()
        if isinstance(output, Tensor):
            self.outputs[name] = self._facts(output)


def trace(network: nn.Module, size_px: int, channels: int) -> Trace:
    """A square picture through the network as it predicts, on the device of its weights; `meta` computes nothing."""
    device = next(network.parameters()).device
    picture = torch.zeros(1, channels, size_px, size_px, device=device)
    found = Trace(network)
    with _named(network.eval(), found), torch.no_grad(), found:
        network(picture)
    return found


@contextmanager
def _named(network: nn.Module, found: Trace) -> Iterator[None]:
    """Tell the trace which module is at work."""

    def enter(name: str) -> Callable[..., None]:
        return lambda module, inputs: found.inside.append(name)

    def leave(name: str) -> Callable[..., None]:
        return lambda module, inputs, output: found.leave(name, output)

    modules = list(network.named_modules())
    hooks = [m.register_forward_pre_hook(enter(n)) for n, m in modules]
    hooks += [m.register_forward_hook(leave(n)) for n, m in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
