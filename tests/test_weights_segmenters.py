"""Segmenters that start from torchvision's weights of ImageNet and of COCO."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor
from torchvision import models

from pipeline.models import SEGMENTERS, build
from pipeline.models.segmenters.pretrained import BACKBONES, backbone_on_imagenet, segmenter_on_coco
from pipeline.models.weights import fill, read_start

CLASSES = 21  # of Pascal VOC, background included
MOBILENET = models.MobileNet_V3_Large_Weights.DEFAULT


def own_state(name: str) -> dict[str, Tensor]:
    with torch.device("meta"):
        return build("segmenter", tiny.fit_of("segmenter", name), 3, 3).state_dict()


def test_all_of_torchvisions_have_weights() -> None:
    assert BACKBONES.keys() == SEGMENTERS.keys() - {"fcn_tiny"}


@pytest.mark.parametrize("name", BACKBONES)
def test_every_tensor_of_the_backbone_has_a_place(name: str) -> None:
    found = backbone_on_imagenet(tiny.fit_of("segmenter", name))
    assert found and type(found[0]).__name__.lower() == f"{BACKBONES[name]}_weights"
    with torch.device("meta"):
        theirs = models.get_model(BACKBONES[name], weights=None).state_dict()
    own = own_state(name)
    places = {str(found[1](n)): t.shape for n, t in theirs.items() if found[1](n)}
    assert places == {n: t.shape for n, t in own.items() if n.startswith("network.backbone.")}


@pytest.mark.parametrize("name", BACKBONES)
def test_every_tensor_of_coco_has_a_place(name: str) -> None:
    """What has a place fits, and the rest counts categories."""
    found = segmenter_on_coco(tiny.fit_of("segmenter", name))
    assert found
    aux = {} if name.startswith("lraspp") else {"aux_loss": True}
    with torch.device("meta"):
        theirs = models.get_model(name, weights=None, weights_backbone=None, num_classes=CLASSES, **aux).state_dict()
    own = own_state(name)
    places = {str(found[1](n)): t.shape for n, t in theirs.items() if found[1](n)}
    assert {n: own[n].shape for n in places} == places
    fresh = own.keys() - places.keys() - {"normalise.mean", "normalise.std"}
    assert fresh and {own[n].shape[0] for n in fresh} == {1 + 3}


def test_a_start_from_imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file of the expected name, without a network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = tmp_path / "hub" / "checkpoints" / Path(MOBILENET.url).name
    file.parent.mkdir(parents=True)
    torch.manual_seed(7)
    theirs = models.mobilenet_v3_large().state_dict()
    torch.save(theirs, file)
    fit: Any = tiny.fit_of("segmenter", "lraspp_mobilenet_v3_large", weights="imagenet")
    network = build("segmenter", fit, 3, 3)
    fill(network, read_start("segmenter", fit, 3))
    own = network.state_dict()
    assert torch.equal(own["network.backbone.16.0.weight"], theirs["features.16.0.weight"])
