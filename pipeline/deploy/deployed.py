"""A model folder, or a file that `python -m pipeline.deploy` wrote, as a network that predicts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from torch import Tensor, nn

from pipeline.deploy import FORMATS, Format
from pipeline.deploy.plain import FOUND, Run
from pipeline.errors import InputError
from pipeline.models.checkpoint import Card, card_from, load_model


class Deployed(nn.Module):
    """What runs a file, behind the interface of the networks here; its weights are the runtime's."""

    def __init__(self, run: Run, card: Card) -> None:
        super().__init__()
        self.run, self.task = run, card.task

    def forward(self, given: Tensor | Sequence[Tensor]) -> Any:
        if isinstance(given, Tensor):
            return self.run(given)[0]
        if self.task == "segmenter":
            return [{"class_map": self.run(picture)[0].argmax(0, keepdim=True).byte()} for picture in given]
        return [dict(zip(FOUND, self.run(picture), strict=True)) for picture in given]


def load(path: Path) -> tuple[nn.Module, Card]:
    """Raises InputError that names a missing or damaged file, or one of another kind."""
    return load_model(path) if path.is_dir() or not path.suffix else load_file(path)


def load_file(path: Path) -> tuple[nn.Module, Card]:
    if not path.is_file():
        raise InputError(f"{path}: expected a model, found no file.")
    try:
        run, text = format_of(path).read(path)
    except (RuntimeError, OSError, ValueError, KeyError, BadZipFile) as error:
        raise InputError(f"{path}: expected a network, found: {' '.join(str(error).split())[:200]}") from None
    try:
        values = json.loads(text)
    except ValueError:
        raise InputError(f"{path}: expected a file of `python -m pipeline.deploy`, found one without a card.") from None
    card = card_from(path, values)
    return Deployed(run, card), card


def format_of(path: Path) -> Format:
    """By the end of its name. Raises InputError for others than those of FORMATS."""
    for entry in FORMATS.values():
        if path.suffix == entry.suffix:
            return entry
    known = ", ".join(entry.suffix for entry in FORMATS.values())
    raise InputError(f"{path}: expected a model folder or a file that ends with one of {known}.")
