"""Weights as a state dict, with a small JSON beside them that says what they are."""

import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.coco import read_json, write_json
from pipeline.errors import InputError
from pipeline.models import build
from pipeline.params import FITS, Fit, Task
from pipeline.section import validate


@dataclass(frozen=True)
class Card:
    """What one must know to use the weights."""

    task: Task
    architecture: str
    categories: list[str]
    channels: int
    params: dict[str, Any]  # the task's section of params.yaml; input size and margin are in it
    train: dict[str, Any]  # the section `train`
    data_sha256: dict[str, str]  # of the COCO files trained and chosen on
    score: float  # on the validation split that chose these weights
    step: int  # at which they were reached


def save_model(folder: Path, model: nn.Module, card: Card) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "weights.pt")
    write_json(folder / "model.json", asdict(card))


def load_model(folder: Path) -> tuple[nn.Module, Card]:
    """The network, ready to predict, and its card. Raises InputError that names a missing or damaged file."""
    card = read_card(folder)
    model = build(card.task, fit_of(card), len(card.categories), card.channels)
    what = f"weights of {card.architecture}"
    state = read_state(folder / "weights.pt", what)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"{folder / 'weights.pt'}: expected {what}, found: {str(error)[:200]}") from None
    return model.eval(), card


def fit_of(card: Card) -> Fit:
    """The section of params.yaml that the model was made and trained with."""
    return validate(FITS[card.task], card.params, "model.json: params")


def read_card(folder: Path) -> Card:
    path = folder / "model.json"
    return card_from(path, read_json(path, "the description of a trained model"))


def card_from(path: Path, values: Any) -> Card:
    """Raises InputError for values, read from `path`, that are no card."""
    try:
        return Card(**values)
    except TypeError as error:
        raise InputError(f"{path}: expected the description of a model, found: {error}") from None


def read_state(file: Path, what: str) -> dict[str, Tensor]:
    """Tensors by name, on the CPU. Raises InputError that says `what` was expected where there is something else."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{file}: expected {what}, found no file.") from None
    except (RuntimeError, TypeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise InputError(f"{file}: expected {what}, found: {str(error)[:200]}") from None
    if not isinstance(state, dict) or not all(isinstance(t, Tensor) for t in state.values()):
        raise InputError(f"{file}: expected {what}, found no tensors by name.")
    return state
