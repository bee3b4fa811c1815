"""Mean and deviation of the training crops, by hand, and where a run takes them from and keeps them."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor, nn

from pipeline import train
from pipeline.dataset import load_crops
from pipeline.errors import InputError
from pipeline.models import build
from pipeline.models.changes.preprocessing import (
    PREPROCESSING,
    TrainingStatistics,
    change_preprocessing,
    mean_and_square,
    set_statistics,
)
from pipeline.models.checkpoint import load_model
from pipeline.models.classifiers import Standardise
from pipeline.params import load_params
from pipeline.work import Work

# two pictures of two channels, 1 x 2 px, in 255ths: means of the places 30, 60 and 10, 20; of the channels 45 and 15
CROPS = torch.tensor([[[[0, 51]], [[10, 20]]], [[[60, 69]], [[10, 20]]]], dtype=torch.uint8)


def seen(name: str) -> Tensor:
    """What comes out of the first picture, in 255ths."""
    front = PREPROCESSING[name](2, 2)
    if isinstance(front, TrainingStatistics) and name == "mean_image":
        front = TrainingStatistics((2, 1, 2), False)  # crops are squares; here they are not
    network = nn.Sequential(front)
    set_statistics(network, lambda: CROPS)
    return torch.as_tensor(network(CROPS[:1].float() / 255))[0, :, 0] * 255


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("none", [[0, 51], [10, 20]]),
        ("mean_image", [[-30, -9], [0, 0]]),
        ("channel_mean", [[-45, 6], [-5, 5]]),
        # deviations: of -45, 6, 15, 24 the root of 715.5, and 5; in units of 1 / 255
        ("channel_mean_std", [[-45 / 715.5**0.5 * 255, 6 / 715.5**0.5 * 255], [-255, 255]]),
    ],
)
def test_preprocessing_by_hand(name: str, wanted: list[list[float]]) -> None:
    assert torch.allclose(seen(name), torch.tensor(wanted).float(), rtol=1e-4, atol=1e-4)


def test_moments_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    mean, square = mean_and_square(CROPS)
    assert torch.allclose(mean * 255, torch.tensor([[[30.0, 60.0]], [[10.0, 20.0]]]).double())
    monkeypatch.setattr("pipeline.models.changes.preprocessing.PART", 1)
    parts = mean_and_square(CROPS)
    assert torch.allclose(parts[0], mean) and torch.allclose(parts[1], square)


def test_a_mean_image_fits_other_scales() -> None:
    front = TrainingStatistics((1, 2, 2), False)
    front.measure(torch.tensor([[[0.0, 1.0], [0.0, 1.0]]]), torch.zeros(1, 2, 2))
    assert front(torch.zeros(1, 1, 4, 4))[0, 0, 0].tolist() == [0.0, -0.25, -0.75, -1.0]


def test_crops_are_read_only_where_statistics_are_wanted() -> None:
    set_statistics(nn.Sequential(Standardise()), lambda: pytest.fail("read"))


@pytest.mark.parametrize("name", PREPROCESSING)
@pytest.mark.parametrize("model", ["lenet5", "resnet18"])
def test_the_front_of_a_network_is_exchanged(name: str, model: str) -> None:
    fit = tiny.fit_of("classifier", model, preprocessing=name)
    with torch.device("meta"):
        network: Any = build("classifier", fit, 3, 3)
        own = tiny.network("classifier", model, 3, 3).state_dict()
    assert type(network[0]) is type(PREPROCESSING[name](3, 32))
    assert set(network.state_dict()) - {"0.mean", "0.deviation"} == set(own)


def test_wrong_names_and_networks_without_a_front() -> None:
    with pytest.raises(InputError, match=r"classifier\.preprocessing: .*'mean'\. .*Known: .*, own"):
        build("classifier", tiny.fit_of("classifier", "lenet5", preprocessing="mean"), 3, 1)
    fit = tiny.fit_of("classifier", "lenet5", preprocessing="each")
    with pytest.raises(InputError, match="preprocessing: each: expected a network with a preprocessing"):
        change_preprocessing(nn.Sequential(nn.Linear(2, 2)), fit, 1)


@pytest.mark.filterwarnings("ignore")
def test_a_run_measures_its_own_training_crops(tmp_path: Path, store: Path) -> None:
    """Of its regime's train split; they are saved with the weights. The rest of the recipe goes along."""
    data = tiny.write_data(tmp_path / "data")
    own = {"preprocessing": "mean_image", "freeze": 2, "backbone_lr_factor": 0.1, "steps": 2, "val_every_steps": 1}
    params = load_params(tiny.write_params(tmp_path / "params.yaml", classifier=own))
    work = Work("classifier", data / "real" / "classifier", data, params)
    train.train(work, tmp_path / "model")
    network, _ = load_model(tmp_path / "model")
    crops = load_crops(work.train, data, params.classifier).crops
    assert torch.allclose(network.state_dict()["0.mean"], (crops.double() / 255).mean(0).float())
    other = Work("classifier", data / "synthetic" / "classifier", data, params)
    assert not torch.equal(other.training_crops(), crops)
