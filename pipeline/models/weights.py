"""What a network starts from: fresh weights, those of ImageNet or COCO, or those of a model trained here."""

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models

from pipeline.coco import sha256_of
from pipeline.errors import InputError
from pipeline.models.checkpoint import read_card, read_state
from pipeline.models.classifiers.pretrained import PRETRAINED
from pipeline.models.detectors.coco import KNOWN as WITH_COCO
from pipeline.models.detectors.coco import trained_on_coco
from pipeline.models.detectors.pretrained import WITH_IMAGENET, pretrained
from pipeline.models.segmenters.pretrained import BACKBONES, backbone_on_imagenet, segmenter_on_coco
from pipeline.params import Detector, Fit, Segmenter, Task

IMAGENET, COCO = "imagenet", "coco"
SHOWN = 3  # names in a message


@dataclass(frozen=True)
class Start:
    """Trained tensors, under the names that they have in the network that they are for."""

    source: str
    identity: str  # the URL or the file's SHA-256
    state: dict[str, Tensor]


def read_start(task: Task, fit: Fit, channels: int) -> Start | None:
    """What `weights` of the task names; None for fresh weights. Downloads published ones where they are not yet.

    Raises InputError for a network or channels that they are not for, a missing or damaged file, and without a network.
    """
    if fit.weights is None:
        return None
    key = f"params.yaml: {task}.weights"
    if fit.weights in (IMAGENET, COCO):
        return _published(key, fit, channels)
    return _file(key, task, fit, Path(fit.weights))


def fill(network: nn.Module, start: Start | None) -> list[str]:
    """Put in all tensors that fit by name and shape, and say which start fresh. Raises InputError if none fits.

    Returns the names of those that start fresh beside others that do not: none without `start`.
    """
    if start is None:
        return []
    own = network.state_dict()
    fits = {name: t for name, t in start.state.items() if name in own and own[name].shape == t.shape}
    weights = [name for name, t in own.items() if t.ndim]  # counters of batches fit everywhere
    fresh = [name for name in weights if name not in fits]
    if len(fresh) == len(weights):
        raise InputError(f"{start.source}: expected tensors of the network, such as {_some(weights)}, found none.")
    network.load_state_dict(fits, strict=False)
    rest = f"; fresh: {_some(fresh)}" if fresh else ""
    print(f"weights: {len(weights) - len(fresh)} of {len(weights)} tensors from {start.source}{rest}", flush=True)
    return fresh


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _published(key: str, fit: Fit, channels: int) -> Start:
    found = _weights_of(fit)
    if found is None:
        known = ", ".join(sorted(_known(fit)))
        expected = f"one of {known}" if known else "a detector or a segmenter"
        raise InputError(f"{key}: {fit.weights}: expected {expected}, found '{fit.model}'.")
    if channels != 3:
        raise InputError(f"{key}: {fit.weights}: expected 3 channels, found {channels}: set grayscale: false.")
    weights, name_of = found
    source = "ImageNet" if fit.weights == IMAGENET else "COCO"
    named = {name_of(name): t for name, t in _download(key, weights).items()}
    return Start(f"{source} ({Path(weights.url).name})", weights.url, {n: t for n, t in named.items() if n is not None})


def _weights_of(fit: Fit) -> tuple[models.WeightsEnum, Callable[[str], str | None]] | None:
    if isinstance(fit, Detector):
        return pretrained(fit) if fit.weights == IMAGENET else trained_on_coco(fit)
    if isinstance(fit, Segmenter):
        return backbone_on_imagenet(fit) if fit.weights == IMAGENET else segmenter_on_coco(fit)
    return PRETRAINED.get(fit.model) if fit.weights == IMAGENET else None


def _known(fit: Fit) -> Iterable[str]:
    """Names of the task's networks that there are such weights for."""
    if isinstance(fit, Detector):
        return WITH_IMAGENET if fit.weights == IMAGENET else WITH_COCO
    if isinstance(fit, Segmenter):
        return BACKBONES
    return PRETRAINED if fit.weights == IMAGENET else ()


def _download(key: str, weights: models.WeightsEnum) -> dict[str, Tensor]:
    """The state dict, kept in torch's folder for downloads, whose hash torch checks when they come."""
    file = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
    try:
        state: dict[str, Tensor] = weights.get_state_dict(check_hash=True, map_location="cpu", weights_only=True)
    except (OSError, HTTPException, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        found = " ".join(str(error).split())[:200]
        if file.exists():
            raise InputError(f"{file}: expected the weights of {weights.url}, found: {found}; remove it.") from None
        raise InputError(
            f"{key}: expected a download of {weights.url}, found: {found}. You may bring it by hand, as {file}"
        ) from None
    return state


def _file(key: str, task: Task, fit: Fit, path: Path) -> Start:
    """Weights of a model of ours: its folder, or the file in it."""
    file = path / "weights.pt" if path.is_dir() else path
    state = read_state(file, f"weights of {fit.model} ({key})")
    if (file.parent / "model.json").exists():
        card = read_card(file.parent)
        if (card.task, card.architecture) != (task, fit.model):
            found = f"a {card.task}, {card.architecture}"
            raise InputError(f"{key}: {path}: expected a {task}, {fit.model}, as model names it, found {found}.")
    return Start(str(path), sha256_of(file), state)
