"""What is off changes nothing and draws nothing: the values of the code before there was any of it."""

from typing import Any

import pytest
import torch
from rendering import REPOSITORY

from pipeline.augment.crops import CropAugment
from pipeline.augment.pictures import PictureAugment
from pipeline.params import Params, load_params


@pytest.fixture(scope="module")
def dice() -> Params:
    """Flips, turns, light, noise, blur and scale are on, as they were when the values were taken."""
    params = load_params(REPOSITORY / "presets" / "dice.yaml")
    then = {"groups": 16, "rotation_deg": 20.0, "scale": [0.85, 1.2], "shear_deg": 5.0, "resolution_px": [28, 48]}
    augment = params.classifier.augment.model_copy(update=then)
    return params.model_copy(update={"classifier": params.classifier.model_copy(update={"augment": augment})})


def ramps(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel()).mul(37).remainder(251).reshape(shape)


def close(values: Any) -> Any:
    return pytest.approx(values, abs=1e-4)


def test_crops(dice: Params) -> None:
    torch.manual_seed(5)
    made = CropAugment(dice.classifier.augment, 12)(ramps(5, 3, 17, 17) / 255)
    assert float(made.mean()) == close(0.474099)
    assert made[1, 0, 3, :4].tolist() == close([0.338018, 0.455061, 0.497873, 0.497334])
    assert float(torch.rand(())) == close(0.126897)


def test_pictures(dice: Params) -> None:
    torch.manual_seed(5)
    boxes = torch.tensor([[10.0, 12, 24, 22], [30, 5, 50, 30]])
    targets = [{"boxes": boxes, "labels": torch.tensor([1, 2])}] * 3
    augment = PictureAugment(dice.detector.model_copy(update={"crop_px": 32}))
    crops, moved = augment(list(ramps(3, 3, 40, 56).to(torch.uint8)), targets)
    assert float(torch.stack(crops).mean()) == close(0.524511)
    assert crops[1][0, 3, :4].tolist() == close([0.029016, 0.740976, 0.821102, 0.519122])
    assert moved[0]["boxes"].tolist() == [close([1.185185, 2.370370, 24.888889, 32.0])]
    assert moved[1]["boxes"].tolist() == [close([8.296296, 11.851852, 20.148148, 28.444445])]
    assert float(torch.rand(())) == close(0.464087)
