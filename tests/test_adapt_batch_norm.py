"""Statistics of batch normalisation anew: by hand, in each task, and only where they are wanted."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import nn

from pipeline import train
from pipeline.adapt.batch_norm import check_batch_norm, in_parts, layers_of, reestimate, show_crops
from pipeline.coco import read_json
from pipeline.dataset import load_crops, load_pictures
from pipeline.errors import InputError
from pipeline.models.changes.freeze import freeze
from pipeline.models.checkpoint import load_model
from pipeline.params import load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, as in test_train.py

NETWORKS = {"classifier": "lenet5", "detector": "centernet_tiny", "segmenter": "fcn_tiny"}


def test_the_statistics_by_hand() -> None:
    """Batches of 1, 3 and of 5, 5, 5: means 2 and 5, unbiased variances 2 and 0; then the mean of the batches."""
    network = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(0.5))
    network[0].running_mean.fill_(77)
    shown: list[torch.Tensor] = []
    batches = [torch.tensor([[1.0], [3.0]]), torch.full((3, 1), 5.0)]
    assert reestimate(network, lambda batch: shown.append(network(batch)), batches) == 1
    assert network[0].running_mean.tolist() == [3.5]
    assert network[0].running_var.tolist() == [1.0]
    assert torch.allclose(shown[0].flatten(), torch.tensor([-1.0, 1.0]), atol=1e-4)  # no dropout
    assert not network.training and not network[0].training and network[0].momentum == 0.1


def test_those_of_known_pictures() -> None:
    """7 x 11 px, a channel of zeros and one of which every second column is white, as parts of 255."""
    crops = torch.zeros(4, 2, 7, 11, dtype=torch.uint8)
    crops[:, 1, :, ::2] = 255
    network = nn.Sequential(nn.BatchNorm2d(2))
    reestimate(network, show_crops(network, torch.device("cpu")), in_parts(crops, 2))
    white, count = 6 / 11, 2 * 7 * 11
    assert network[0].running_mean.tolist() == pytest.approx([0, white])
    assert network[0].running_var.tolist() == pytest.approx([0, white * (1 - white) * count / (count - 1)])


@pytest.mark.parametrize(
    ("count", "size", "sizes"), [(7, 2, [3, 2, 2]), (3, 2, [3]), (1, 4, [1]), (5, 1, [3, 2]), (8, 4, [4, 4])]
)
def test_no_part_is_small(count: int, size: int, sizes: list[int]) -> None:
    """A last one of a single picture would have no variance."""
    parts = in_parts(torch.arange(count), size)
    assert [len(p) for p in parts] == sizes and torch.cat(parts).tolist() == list(range(count))


def test_frozen_layers_and_others_stay() -> None:
    network = tiny.network("classifier", "resnet_tiny", 3, 1)
    every = len(layers_of(network))
    freeze(network, 1, "key")
    free = layers_of(network)
    assert 0 < len(free) < every
    frozen = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d) and m not in free]
    before = [m.running_mean.clone() for m in (*frozen, *free) if m.running_mean is not None]
    crops = torch.randint(0, 256, (4, 1, 32, 32), dtype=torch.uint8)
    reestimate(network, show_crops(network, torch.device("cpu")), in_parts(crops, 2))
    after = [m.running_mean for m in (*frozen, *free) if m.running_mean is not None]
    same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same == [True] * len(frozen) + [False] * len(free)


@pytest.mark.parametrize("model", ["linear", "lenet300"])
def test_a_network_without_is_named(model: str) -> None:
    fit = tiny.fit_of("classifier", model, adapt=on("classifier"))
    with pytest.raises(InputError, match=r"^key: expected a network with batch normalisation .* none in l"):
        check_batch_norm(tiny.network("classifier", model, 3, 1), fit, "key")


def test_one_that_is_frozen_is_named_before_training(data: Path, store: Path, tmp_path: Path) -> None:
    frozen = {"freeze": "backbone", "adapt": on("classifier")}
    with pytest.raises(InputError, match=r"params.yaml: classifier.adapt.batch_norm: expected .* not frozen"):
        trained("classifier", data, tmp_path, "model", **frozen)
    assert not list((store / "runs").glob("*/phase0"))


def on(task: Any) -> dict[str, Any]:
    adapt: dict[str, Any] = tiny.fit_of(task, NETWORKS[task]).adapt.model_dump()
    return {**adapt, "batch_norm": True}


def trained(task: Any, data: Path, folder: Path, name: str, regime: str = "synthetic", **changes: Any) -> nn.Module:
    params = load_params(
        tiny.write_params(folder / "params.yaml", **{task: {"model": NETWORKS[task], "steps": 4, **changes}})
    )
    work = Work(task, data / regime / task, data, params, data / "real" / task / "train.json")
    train.train(work, folder / name)
    return load_model(folder / name)[0]


@pytest.mark.parametrize("task", NETWORKS)
def test_weights_stay_and_statistics_are_those_of_real_train(
    task: Any, data: Path, store: Path, tmp_path: Path
) -> None:
    """The first layer's are means and variances of its convolution of real pictures, as evaluation shows them."""
    plain, adapted = trained(task, data, tmp_path, "plain"), trained(task, data, tmp_path, "on", adapt=on(task))
    weights = dict(plain.named_parameters())
    assert all(torch.equal(weights[name], p) for name, p in adapted.named_parameters())
    before, after = (layers_of(network)[0].running_mean for network in (plain, adapted))
    assert not torch.allclose(before, after, atol=1e-3)
    assert torch.allclose(first_means(task, adapted, data), after, rtol=1e-3, atol=1e-4)


def first_means(task: Any, network: nn.Module, data: Path) -> torch.Tensor:
    """What the first batch normalisation gets of all real train pictures, over batches of four and more."""
    coco = read_json(data / "real" / task / "train.json", "it")
    found: list[torch.Tensor] = []
    layers_of(network)[0].register_forward_pre_hook(lambda _, given: found.append(given[0].mean((0, 2, 3))))
    with torch.no_grad():
        if task == "classifier":
            crops = load_crops(coco, data, tiny.fit_of(task, NETWORKS[task])).crops
            for part in in_parts(crops, 4):
                network(part.float() / 255)
        else:
            for picture in load_pictures(coco, data).images:  # all of one size: each alone counts as much
                network([picture.float() / 255])
    return torch.stack(found).mean(0)


def test_training_on_real_images_is_left_alone(data: Path, store: Path, tmp_path: Path) -> None:
    """They are where statistics come from: there is nothing to adapt to."""
    plain = trained("classifier", data, tmp_path, "plain", "real").state_dict()
    adapted = trained("classifier", data, tmp_path, "on", "real", adapt=on("classifier")).state_dict()
    assert all(torch.equal(plain[name], tensor) for name, tensor in adapted.items())


@pytest.mark.parametrize("name", [None, "test.json", "val.json"])
def test_nothing_but_real_train_is_looked_at(name: str | None, data: Path, tmp_path: Path) -> None:
    params = load_params(tiny.write_params(tmp_path / "params.yaml", detector={"adapt": on("detector")}))
    real = name and data / "real" / "detector" / name
    with pytest.raises(InputError, match=r"detector.adapt.batch_norm: expected train.json of the benchmark"):
        Work("detector", data / "synthetic" / "detector", data, params, real)
