"""TorchScript, for C++ and for older PyTorch: traced, or compiled where a trace would keep sizes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from pipeline.deploy.plain import Plain, Run

CARD = "model.json"


@contextmanager
def quiet() -> Iterator[None]:
    """PyTorch recommends torch.export instead, and says what may go wrong: answers are compared afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.simplefilter("ignore", UserWarning)
        yield


def write(whole: Plain, card: str, out: Path) -> None:
    """Raises RuntimeError for code that TorchScript does not know."""
    with quiet():
        if whole.scripted is None:
            made = torch.jit.trace(whole.module, whole.example, check_trace=False)  # type: ignore[no-untyped-call]
        else:
            made = torch.jit.script(whole.scripted)
        torch.jit.save(made, out, _extra_files={CARD: card})


def read(path: Path) -> tuple[Run, str]:
    files = {CARD: ""}
    with quiet():
        module = torch.jit.load(path, map_location="cpu", _extra_files=files)  # type: ignore[no-untyped-call]
    card = files[CARD]

    def run(given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with quiet():
            found = module(given)
        return (found,) if isinstance(found, torch.Tensor) else tuple(found)

    return run, card if isinstance(card, str) else bytes(card).decode()
