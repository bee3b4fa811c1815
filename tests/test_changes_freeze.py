"""What is frozen stays, what learns slower learns slower, and stages are counted as torchvision counts them."""

from typing import Any

import pytest
import tiny
import torch
from torch import nn
from torchvision.ops import StochasticDepth

from pipeline.errors import InputError
from pipeline.models import build
from pipeline.models.changes.depth import add_stochastic_depth
from pipeline.models.changes.freeze import freeze
from pipeline.models.changes.groups import parameter_groups
from pipeline.models.changes.initialise import initialise
from pipeline.models.changes.parts import stages_of

KEY = "params.yaml: classifier.freeze"


def learned(network: nn.Module, **changes: Any) -> set[str]:
    """Names of the tensors, running statistics included, that three steps of training change."""
    before = {n: t.clone() for n, t in network.state_dict().items()}
    groups = parameter_groups(network, tiny.fit_of("classifier", "lenet5", **changes), 0.1)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    torch.manual_seed(1)
    for _ in range(3):
        network.train()  # as the trainer puts it, again and again
        loss = nn.functional.cross_entropy(network(torch.rand(4, 1, 32, 32)), torch.tensor([0, 1, 2, 0]))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return {n for n, t in network.state_dict().items() if not torch.equal(t, before[n])}


@pytest.mark.parametrize(("model", "last"), [("lenet5", "15."), ("resnet_tiny", "11.")])
def test_a_linear_probe_trains_the_last_layer_alone(model: str, last: str) -> None:
    torch.manual_seed(0)
    network = tiny.network("classifier", model, 3, 1)
    freeze(network, "backbone", KEY)
    assert learned(network) == {f"{last}weight", f"{last}bias"}


def test_auxiliary_classifiers_are_heads() -> None:
    """A frozen backbone leaves them to learn, with the last layer, and initialisation leaves them alone."""
    with torch.device("meta"):
        network = tiny.network("classifier", "googlenet", 3, 1)
    freeze(network, "backbone", KEY)
    free = {name.split(".")[1] for name, p in network.named_parameters() if p.requires_grad}
    assert free == {"aux1", "aux2", "fc"}
    torch.manual_seed(0)
    made = tiny.network("classifier", "googlenet", 3, 1)
    initialise(made, "kaiming_normal", KEY)
    assert all(float(made.get_parameter(f"1.aux{n}.fc2.weight").detach().abs().sum()) == 0 for n in (1, 2))


def test_the_first_stages() -> None:
    """Of LeNet-5 two: both convolutions, with the statistics of the normalisation that follows each."""
    torch.manual_seed(0)
    network = tiny.network("classifier", "lenet5", 3, 1)
    freeze(network, 2, KEY)
    assert learned(network) == {f"{layer}.{part}" for layer in (11, 13, 15) for part in ("weight", "bias")}


def test_what_starts_fresh_is_not_frozen() -> None:
    torch.manual_seed(0)
    network = tiny.network("classifier", "lenet5", 3, 1)
    freeze(network, "backbone", KEY, ["2.weight", "2.running_mean", "11.bias"])
    found = learned(network)
    assert {n for n in found if not n.startswith("2.")} == {"11.bias", "15.weight", "15.bias"}
    assert {"2.weight", "2.running_mean", "2.running_var"} <= found and "2.bias" not in found


def test_a_frozen_branch_is_still_dropped() -> None:
    """Stochastic depth hangs on the last batch norm of a branch, which alone uses the statistics it has."""
    torch.manual_seed(0)
    network = build("classifier", tiny.fit_of("classifier", "resnet18", grayscale=False), 3, 3)
    add_stochastic_depth(network, 0.5, KEY)
    freeze(network, "backbone", KEY)
    network.train()(torch.rand(4, 3, 32, 32))
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    drops = [m for m in network.modules() if isinstance(m, StochasticDepth)]
    assert len(drops) == 8 and all(m.training for m in drops) and not any(m.training for m in norms)


@pytest.mark.parametrize(
    ("layers", "what", "message"),
    [
        ([nn.Linear(2, 2)], "backbone", r"freeze: backbone: expected layers before the last one, found none\."),
        ([nn.Linear(2, 2)] * 2, 1, r"freeze: expected at most 0, .* found 1\."),
        ([nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2)], 2, r"freeze: expected at most 1, .* found 2\."),
    ],
)
def test_more_than_there_is(layers: list[nn.Module], what: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        freeze(nn.Sequential(nn.Flatten(), *layers), what, KEY)


def rates(network: nn.Module, groups: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Learning rate and weight decay of each trained weight, by its name."""
    names = {p: n for n, p in network.named_parameters()}
    found = [(names[p], (g["lr"], g["weight_decay"])) for g in groups for p in g["params"]]
    assert len(found) == len(dict(found))
    return dict(found)


def test_groups_of_the_optimizer() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3))
    fit = tiny.fit_of("classifier", "lenet5", weight_decay=0.5, backbone_lr_factor=0.125)
    wanted = {"0.weight": (0.5, 0.5), "0.bias": (0.5, 0.0), "1.weight": (0.5, 0.0), "1.bias": (0.5, 0.0)}
    head = {"3.weight": (4.0, 0.5), "3.bias": (4.0, 0.0)}
    assert rates(network, parameter_groups(network, fit, 4.0)) == {**wanted, **head}
    freeze(network, "backbone", KEY)
    assert rates(network, parameter_groups(network, fit, 4.0)) == head


def test_without_a_factor_there_are_two_groups() -> None:
    """In this order: what is stored of an optimizer in the middle of a run goes by the order of its groups."""
    network = tiny.network("classifier", "lenet5", 3, 1)
    decayed, others = parameter_groups(network, tiny.fit_of("classifier", "lenet5"), 0.25)
    assert decayed["params"] == [p for p in network.parameters() if p.ndim > 1]
    assert others["params"] == [p for p in network.parameters() if p.ndim <= 1]
    assert (decayed["lr"], others["lr"], others["weight_decay"]) == (0.25, 0.25, 0.0)


@pytest.mark.parametrize(
    ("task", "model", "count"),
    [("classifier", "lenet5", 4), ("classifier", "resnet_tiny", 7), ("classifier", "resnet18", 5),
     ("classifier", "mobilenet_v3_small", 14), ("detector", "centernet_tiny", 6), ("detector", "center_two_stage", 6),
     ("detector", "retinanet", 5), ("detector", "ssdlite", 18)],
)  # fmt: skip
def test_stages(task: Any, model: str, count: int) -> None:
    """torchvision counts five of a ResNet: its stem and four layers."""
    with torch.device("meta"):
        backbone = {"backbone": "resnet50"} if model == "retinanet" else {}
        network = build(task, tiny.fit_of(task, model, **backbone), 3, 3)
    stages = stages_of(network)
    assert len(stages) == count
    assert all(any(p.ndim > 1 for m in stage for p in m.parameters()) for stage in stages)
    listed = [p for stage in stages for m in stage for p in m.parameters()]
    assert len(listed) == len(set(listed))
