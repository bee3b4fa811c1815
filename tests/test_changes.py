"""Changes to networks do what their formulas say, on networks made by hand, and apply to real ones."""

import math
from typing import Any

import pytest
import tiny
import torch
from torch import nn

from pipeline.errors import InputError
from pipeline.models import CLASSIFIERS, build
from pipeline.models.changes import CHANGES
from pipeline.models.changes.initialise import INITIALISATIONS
from pipeline.models.changes.norm import NORMS
from pipeline.models.changes.parts import last_layer

VALUES: list[tuple[str, Any]] = [
    *(("norm", name) for name in NORMS),
    *(("initialisation", name) for name in INITIALISATIONS),
    ("dropout", 0.3),
    ("drop_connect", 0.3),
    ("stochastic_depth", 0.3),
    ("blur_pool", True),
]


def built(model: str, task: Any = "classifier", **options: Any) -> nn.Module:
    """A network with changes, from the same random numbers each time."""
    torch.manual_seed(0)
    own = tiny.fit_of(task, model).model_dump()["network"]
    return build(task, tiny.fit_of(task, model, network={**own, **options}), 3, 3)


@pytest.mark.parametrize(
    ("model", "key", "value"),
    [("resnet_tiny", *v) for v in VALUES] + [("resnet18", *v) for v in VALUES if v[0] != "initialisation"],
)
def test_every_change_applies(model: str, key: str, value: Any) -> None:
    """The network has weights of the same names and shapes, learns, and starts at log C."""
    with torch.device("meta"):
        plain = built(model)
    network = built(model, **{key: value}).train()
    own = {n: p.shape for n, p in network.named_parameters()}
    assert own == {n: p.shape for n, p in plain.named_parameters()}
    torch.manual_seed(1)
    logits = network(torch.rand(2, 3, 40, 40))
    loss = nn.functional.cross_entropy(logits, torch.tensor([0, 2]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert all(p.grad is not None for p in network.parameters())
    last: Any = last_layer(network)
    assert last.weight.grad.any() or value == "zeros"


def test_own_leaves_weights_and_random_numbers_alone() -> None:
    """What `own` builds is what the registry's builder alone would build."""
    for model, builder in (("lenet5", CLASSIFIERS["lenet5"]), ("resnet18", CLASSIFIERS["resnet18"])):
        torch.manual_seed(0)
        plain, after = builder(3, 3, tiny.fit_of("classifier", model)).state_dict(), torch.rand(1)
        network = built(model).state_dict()
        assert torch.equal(torch.rand(1), after)
        assert plain.keys() == network.keys() and all(torch.equal(t, network[n]) for n, t in plain.items())


def test_a_change_that_finds_nothing() -> None:
    with pytest.raises(InputError, match=r"classifier\.network\.stochastic_depth: 0\.2: .* residual block, found none"):
        built("lenet5", stochastic_depth=0.2)
    with pytest.raises(InputError, match=r"detector\.network\.drop_connect: 0\.2: .* a dense layer, found none"):
        built("centernet_tiny", task="detector", drop_connect=0.2)
    with pytest.raises(InputError, match=r"classifier\.network\.norm: .*'btach'\. Did you mean 'batch'\?"):
        built("lenet5", norm="btach")


def test_every_key_of_the_section_has_a_change() -> None:
    assert set(tiny.fit_of("classifier", "lenet5").network.model_dump()) == set(CHANGES)
