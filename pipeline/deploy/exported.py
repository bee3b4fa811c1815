"""torch.export: a graph for PyTorch without this project's code, such as AOTInductor."""

import warnings
from pathlib import Path

import torch

from pipeline.deploy.plain import Plain, Run
from pipeline.errors import InputError

CARD = "model.json"


def write(whole: Plain, card: str, out: Path) -> None:
    """Raises RuntimeError, or a class of it, for a network whose course depends on the values in its tensors."""
    free = dict.fromkeys(whole.free, torch.export.Dim.DYNAMIC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # how weights are grouped in the file
        program = torch.export.export(whole.module, (whole.example,), dynamic_shapes=(free,), strict=False)
        for node in program.graph.nodes:
            node.meta.pop("stack_trace", None)  # it names folders of this machine
        torch.export.save(program, out, extra_files={CARD: card})


def read(path: Path) -> tuple[Run, str]:
    files = {CARD: ""}
    # guards would refuse pictures of a single row of cells, which the graph is right for too
    module = torch.export.load(path, extra_files=files).module(check_guards=False)

    def run(given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        try:
            return _as_tuple(module(given))
        except RuntimeError as error:  # a picture smaller than the graph was made for
            raise InputError(f"{path}: expected an input that the graph takes, found {str(error)[:200]}") from None

    return run, files[CARD]


def _as_tuple(found: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return (found,) if isinstance(found, torch.Tensor) else tuple(found)
