"""Weights as a state dict, with a small JSON beside them that says what they are."""

import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.coco import read_json, write_json
from pipeline.errors import InputError
from pipeline.models import build
from pipeline.params import Task


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
    values = read_json(folder / "model.json", "the description of a trained model")
    try:
        card = Card(**values)
    except TypeError as error:
        raise InputError(f"{folder / 'model.json'}: expected the description of a model, found: {error}") from None
    model = build(card.task, card.architecture, len(card.categories), card.channels)
    weights = folder / "weights.pt"
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        model.load_state_dict(state)
    except FileNotFoundError:
        raise InputError(f"{weights}: expected weights, found no file.") from None
    except (RuntimeError, TypeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise InputError(f"{weights}: expected weights of {card.architecture}, found: {str(error)[:200]}") from None
    return model.eval(), card
