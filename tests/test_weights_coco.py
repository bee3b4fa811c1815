"""Detectors that start from torchvision's detectors of COCO."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torchvision.models import detection

from pipeline.errors import InputError
from pipeline.models import build
from pipeline.models.detectors import ON_A_BACKBONE
from pipeline.models.detectors.coco import BACKBONE, KNOWN, WEIGHTS, trained_on_coco
from pipeline.models.weights import fill, read_start

SSDLITE = detection.SSDLite320_MobileNet_V3_Large_Weights.DEFAULT
CLASSES = 91  # of COCO, background included


def fit_of(name: str, backbone: str = BACKBONE) -> Any:
    keys = {"backbone": backbone if name in ON_A_BACKBONE else None, "keypoints": 5 if "keypoint" in name else None}
    return tiny.fit_of("detector", name, weights="coco", **keys)


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_tensor_of_coco_has_a_place(name: str) -> None:
    """The names alone: what has a place fits, and the rest counts categories, or points."""
    found = trained_on_coco(fit_of(name))
    assert found
    weights, name_of = found
    builder = getattr(detection, type(weights).__name__.removesuffix("_Weights").lower())
    with torch.device("meta"):
        own = build("detector", fit_of(name), 3, 3).state_dict()
        count = {"weights": None, "weights_backbone": None, "num_classes": CLASSES}
        theirs = builder(**count).state_dict()
    places = {n for n in map(name_of, theirs) if n is not None and theirs[n].ndim}
    assert places < own.keys()
    assert all(own[n].shape == theirs[n].shape for n in places)
    rest = {n for n in own.keys() - places if own[n].ndim}
    assert rest and all(n.startswith(WEIGHTS[name][1]) for n in rest)


def test_a_start_from_coco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """From a file of the expected name, without a network; the head for three categories starts fresh."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = tmp_path / "hub" / "checkpoints" / Path(SSDLITE.url).name
    file.parent.mkdir(parents=True)
    torch.manual_seed(7)
    theirs = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None).state_dict()
    torch.save(theirs, file)
    network = build("detector", fit_of("ssdlite"), 3, 3)
    fresh = fill(network, read_start("detector", fit_of("ssdlite"), 3))
    assert fresh and all(n.startswith("head.classification_head.") for n in fresh)
    assert all(torch.equal(t, theirs[n]) for n, t in network.state_dict().items() if n not in fresh and t.ndim)
    assert f"tensors from COCO ({file.name}); fresh: head.classification_head" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "backbone"), [("centernet_tiny", ""), ("fcos", BACKBONE), ("retinanet", "resnet18")])
def test_networks_without_a_twin_on_coco(name: str, backbone: str) -> None:
    with pytest.raises(InputError, match=rf"detector\.weights: coco: expected one of .*, found '{name}'\."):
        read_start("detector", fit_of(name, backbone), 3)
    assert "retinanet on resnet50" in KNOWN and "ssd" in KNOWN


def test_no_classifier_knows_coco() -> None:
    with pytest.raises(InputError, match=r"weights: coco: expected a detector or a segmenter, found 'lenet5'\."):
        read_start("classifier", tiny.fit_of("classifier", "lenet5", weights="coco"), 3)
