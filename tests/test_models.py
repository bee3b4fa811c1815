"""Every network of the registries keeps the contract that training and evaluation rely on."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import nn

from pipeline.errors import InputError
from pipeline.models import CLASSIFIERS
from pipeline.models.auxiliary import losses
from pipeline.models.checkpoint import Card, load_model, save_model

NAMES = ["disc", "bar", "cross"]
GREY, RGB = 1, 3
QUICKLY_SAVED = 15e6  # weights
# deeper or wider forms of others: their shapes alone are tested
LARGER = re.compile(r"resnet(101|152)|resnext101.*|wide.*|densenet(161|169|201)|efficientnet_b[1-4]|vgg(13|16|19).*")


def card(task: Any, architecture: str, channels: int) -> Card:
    return Card(task, architecture, NAMES, channels, tiny.fit_of(task, architecture).model_dump(), {}, {}, 0.5, 1)


def assert_learns(network: nn.Module, loss: torch.Tensor) -> None:
    """The loss is a number, and its gradient reaches the network's first and last weights."""
    assert torch.isfinite(loss)
    loss.backward()
    weights = [p for p in network.parameters() if p.requires_grad]
    assert all(w.grad is not None and torch.isfinite(w.grad).all() for w in (weights[0], weights[-1]))
    assert any((w.grad != 0).any() for w in weights if w.grad is not None)


@pytest.mark.parametrize("name", [n for n in CLASSIFIERS if not LARGER.fullmatch(n)])
def test_classifier(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = tiny.network("classifier", name, len(NAMES), GREY)
    crops, labels = torch.rand(4, GREY, 32, 32), torch.tensor([0, 1, 2, 0])
    parts = losses(network.train()(crops), lambda logits: nn.functional.cross_entropy(logits, labels))
    near = 0.25 if name == "lenet5" else 1e-6  # its last layer alone does not start at zero
    assert float(parts["loss"].detach()) == pytest.approx(math.log(len(NAMES)), rel=near)
    parts = losses(tiny.uneven(network)(crops), lambda logits: nn.functional.cross_entropy(logits, labels))
    assert_learns(network, torch.stack(list(parts.values())).sum())
    weights = list(network.parameters())
    assert all(w.grad is not None and w.grad.any() for w in (weights[0], weights[-1]))  # behind a zero layer it is 0
    with torch.no_grad():
        logits = network.eval()(crops)
    assert logits.shape == (4, len(NAMES))
    if sum(p.numel() for p in network.parameters()) < QUICKLY_SAVED:
        assert_comes_back(tmp_path / "model", network, card("classifier", name, GREY), crops, logits)


def assert_comes_back(folder: Path, network: nn.Module, known: Card, crops: torch.Tensor, logits: torch.Tensor) -> None:
    save_model(folder, network, known)
    loaded, found = load_model(folder)
    assert found == known
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(crops), logits)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_shapes_of_classifiers(name: str) -> None:
    """In colour, in training and after it; nothing is computed."""
    with torch.device("meta"):
        network = tiny.network("classifier", name, len(NAMES), RGB)
        crops, labels = torch.rand(2, RGB, 32, 32), torch.zeros(2, dtype=torch.long)
        assert network.eval()(crops).shape == (2, len(NAMES))
        parts = losses(network.train()(crops), lambda logits: nn.functional.cross_entropy(logits, labels))
    assert all(part.shape == () for part in parts.values())


@pytest.mark.parametrize("channels", [GREY, RGB])
@pytest.mark.parametrize("input_px", [32, 40, 64])
@pytest.mark.parametrize("name", ["lenet5", "resnet_tiny", "lenet300_100"])
def test_small_classifiers_take_other_sizes(name: str, input_px: int, channels: int) -> None:
    crops = torch.rand(2, channels, input_px, input_px)
    assert tiny.network("classifier", name, 3, channels).eval()(crops).shape == (2, 3)


def test_lenet5_starts_near_guessing() -> None:
    """Its last layer does not start at zero; on more crops than above."""
    torch.manual_seed(0)
    crops, labels = torch.rand(60, GREY, 32, 32), torch.arange(60) % 10
    with torch.no_grad():
        loss = nn.functional.cross_entropy(tiny.network("classifier", "lenet5", 10, GREY).train()(crops), labels)
    assert float(loss) == pytest.approx(math.log(10), rel=0.25)


def test_unknown_names_show_the_nearest() -> None:
    with pytest.raises(InputError, match=r"classifier\.model: .*'lenet'\. Did you mean 'lenet5'\? Known: alexnet, "):
        tiny.network("classifier", "lenet", 3, GREY)
    with pytest.raises(InputError, match=r"detector\.model: .*'lenet5'\. Known: center_two_stage, centernet_tiny, "):
        tiny.network("detector", "lenet5", 3, GREY)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", tiny.network("classifier", "lenet5", 3, GREY), card("classifier", "lenet5", GREY))
    return tmp_path / "model"


@pytest.mark.parametrize("kept", [0, 10, 5000])
def test_weights_that_were_cut_off(saved: Path, kept: int) -> None:
    weights = saved / "weights.pt"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"weights\.pt: expected weights of lenet5, found"):
        load_model(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"task": "classifier"', "found damaged JSON"),
        ('{"task": "classifier"}', "missing"),
        ("[1]", "expected the description"),
        ("null", "expected the description"),
    ],
)
def test_a_damaged_card(saved: Path, text: str, message: str) -> None:
    (saved / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"model\.json: .*{message}"):
        load_model(saved)


def test_weights_of_another_network(saved: Path) -> None:
    torch.save(tiny.network("classifier", "lenet5", 4, GREY).state_dict(), saved / "weights.pt")
    with pytest.raises(InputError, match=r"weights\.pt: expected weights of lenet5"):
        load_model(saved)
    torch.save([1, 2], saved / "weights.pt")
    with pytest.raises(InputError, match=r"weights\.pt: expected weights of lenet5"):
        load_model(saved)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.json: expected the description of a trained model, found no file"):
        load_model(tmp_path)
