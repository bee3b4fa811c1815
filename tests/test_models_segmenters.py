"""Every segmenter keeps the contract that training and evaluation rely on; the light one and its loss by hand."""

import math
from pathlib import Path

import pytest
import tiny
import torch
from torch import nn

from pipeline.class_maps import IGNORED
from pipeline.errors import InputError
from pipeline.models import SEGMENTERS
from pipeline.models.checkpoint import Card, load_model, save_model
from pipeline.models.segmenters import AUXILIARY, pixel_loss, stacked

SIZES_HW = [(40, 56), (33, 47)]  # neither square nor a multiple of any stride
TORCHVISIONS = [name for name in SEGMENTERS if name != "fcn_tiny"]
QUICK = ["fcn_tiny", "lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large"]


def images() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(3, *size, generator=generator) for size in SIZES_HW]


def targets(value: int | None = None) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    maps = [torch.randint(4, (1, *size), generator=generator).byte() for size in SIZES_HW]
    return [{"class_map": m if value is None else torch.full_like(m, value)} for m in maps]


@pytest.mark.parametrize("name", QUICK)
def test_segmenter(name: str, tmp_path: Path) -> None:
    """It starts by guessing among background and three categories, a gradient reaches it, and it can be saved."""
    torch.manual_seed(0)
    network = tiny.network("segmenter", name, 3, 3).train()
    losses = network(images(), targets())
    assert float(losses["loss"].detach()) == pytest.approx(math.log(4), rel=1e-5)
    if "auxiliary" in losses:
        assert float(losses["auxiliary"].detach()) == pytest.approx(AUXILIARY * math.log(4), rel=1e-5)
    torch.stack(list(losses.values())).sum().backward()
    assert any(p.grad is not None and (p.grad != 0).any() for p in network.parameters())
    nn.init.normal_([p for p in network.parameters() if p.requires_grad][-1])
    with torch.no_grad():
        found = network.eval()(images())
    assert [f["class_map"].shape for f in found] == [(1, *size) for size in SIZES_HW]
    assert all(f["class_map"].dtype == torch.uint8 and f["class_map"].max() <= 3 for f in found)
    fit = tiny.fit_of("segmenter", name).model_dump()
    card = Card("segmenter", name, ["a", "b", "c"], 3, fit, {}, {}, 0.5, 1)
    save_model(tmp_path / "model", network, card)
    with torch.no_grad():
        again = load_model(tmp_path / "model")[0](images())
    assert all(torch.equal(a["class_map"], f["class_map"]) for a, f in zip(again, found, strict=True))


@pytest.mark.parametrize("name", [n for n in SEGMENTERS if n not in QUICK])
def test_large_segmenters_by_their_shapes(name: str) -> None:
    """Without memory for their weights: logits of each class for each pixel, and those of the auxiliary head."""
    with torch.device("meta"):
        network = tiny.network("segmenter", name, 3, 3).train()
        found = network.network(torch.rand(2, 3, 40, 56))  # type: ignore[operator]
    assert {k: v.shape for k, v in found.items()} == dict.fromkeys(("out", "aux"), (2, 4, 40, 56))


@pytest.mark.parametrize("name", ["fcn_tiny", "deeplabv3_mobilenet_v3_large"])
def test_one_picture_is_a_batch(name: str) -> None:
    """The batch norm behind DeepLab's pooling would refuse it."""
    network = tiny.network("segmenter", name, 3, 3).train()
    losses = network(images()[:1], targets()[:1])
    assert float(losses["loss"].detach()) == pytest.approx(math.log(4), rel=1e-5)


@pytest.mark.parametrize("categories", [7, 15, 23])
def test_only_the_last_layers_start_at_zero(categories: int) -> None:
    """MobileNet's gates have 8, 16, 24 channels too."""
    network = tiny.network("segmenter", "lraspp_mobilenet_v3_large", categories, 3)
    zero = [n for n, p in network.named_parameters() if p.ndim == 4 and not p.any()]
    assert zero == [f"network.classifier.{n}_classifier.weight" for n in ("low", "high")]


def test_loss_by_hand() -> None:
    """Of three pixels one is ignored: -log of the softmax of logits (0, log 3) is log 4 for class 0, log 4/3 for 1."""
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 1] = math.log(3)
    maps = torch.tensor([[[0, 1, IGNORED]]], dtype=torch.uint8)
    assert float(pixel_loss(logits, maps)) == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)
    assert float(pixel_loss(logits, torch.full_like(maps, IGNORED))) == 0


def test_what_lies_around_smaller_pictures_is_ignored() -> None:
    small, large = torch.ones(2, 3, dtype=torch.uint8), torch.ones(4, 2, dtype=torch.uint8)
    batch = stacked([small, large], IGNORED)
    assert batch.shape == (2, 4, 3)
    assert (batch[0, :2] == 1).all() and (batch[0, 2:] == IGNORED).all()
    assert (batch[1, :, :2] == 1).all() and (batch[1, :, 2] == IGNORED).all()


def test_a_picture_is_seen_alike_alone_and_among_others() -> None:
    torch.manual_seed(0)
    network = tiny.network("segmenter", "fcn_tiny", 3, 3)
    for score in network.network.scores:  # type: ignore[union-attr]
        nn.init.normal_(score.weight)  # type: ignore[operator,union-attr]
    with torch.no_grad():
        both, alone = network.eval()(images()), network(images()[1:])
    assert torch.equal(both[1]["class_map"], alone[0]["class_map"]) and len(both[1]["class_map"].unique()) > 1


@pytest.mark.parametrize("name", TORCHVISIONS)
def test_torchvisions_segmenters_want_rgb(name: str) -> None:
    with pytest.raises(InputError, match="3 channels, found 1"):
        tiny.network("segmenter", name, 3, 1)


def test_an_unknown_name_shows_the_nearest() -> None:
    with pytest.raises(InputError, match=r"segmenter\.model: .*Did you mean 'fcn_resnet50'\? Known: deeplabv3_"):
        tiny.network("segmenter", "fcn_resnet5", 3, 3)
