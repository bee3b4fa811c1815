"""What is left out at random in training: features, weights, residual branches."""

import copy

import tiny
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock
from torchvision.ops import StochasticDepth

from pipeline.models.changes.depth import add_stochastic_depth, drop_probability
from pipeline.models.changes.dropout import DropConnect, add_drop_connect, set_dropout


def test_dropout_of_all_layers_or_one_before_the_last() -> None:
    with_some = nn.Sequential(nn.Dropout(0.1), nn.Conv2d(3, 3, 1), nn.Dropout2d(0.2), nn.Linear(3, 2))
    assert set_dropout(with_some, 0.4, "dropout") == 2
    assert [with_some[0].p, with_some[2].p] == [0.4, 0.4]
    with_none = nn.Sequential(nn.Identity(), nn.Linear(4000, 1, bias=False))
    nn.init.ones_(with_none[1].weight)
    assert set_dropout(with_none, 0.25, "dropout") == 1
    copied = copy.deepcopy(with_none)
    for network in (with_none, copied):  # what averages weights copies networks
        torch.manual_seed(0)
        kept = network.train()(torch.ones(1, 4000)).item() * 0.75 / 4000
        assert 0.7 < kept < 0.8
        assert network.eval()(torch.ones(1, 4000)).item() == 4000
    assert list(with_none.state_dict()) == ["1.weight"]


def test_drop_connect_forgets_weights_and_keeps_the_mean() -> None:
    """Each weight is 0 or w / (1 - p): the mean over masks is w, as outside training (Wan et al. 2013)."""
    network = nn.Sequential(nn.Linear(3, 2))
    nn.init.constant_(network[0].weight, 0.5)
    nn.init.constant_(network[0].bias, 0.5)
    assert add_drop_connect(network, 0.2, "drop_connect") == 1
    layer = network[0]
    assert isinstance(layer, DropConnect)
    torch.manual_seed(0)
    outputs = torch.cat([layer.train()(torch.eye(3)[:1]) for _ in range(2000)]).detach()  # one weight + one bias
    assert {round(v, 4) for v in outputs.flatten().tolist()} == {0.0, 0.625, 1.25}
    assert torch.allclose(outputs.mean(0), torch.tensor([1.0, 1.0]), atol=0.03)
    assert torch.equal(layer.eval()(torch.eye(3)[:1]), torch.ones(1, 2))


def test_survival_falls_linearly() -> None:
    """Huang et al. 2016, eq. 4, with p_L = 0.5 and L = 4: survival 7/8, 6/8, 5/8, 4/8."""
    assert [1 - drop_probability(block, 4, 0.5) for block in (1, 2, 3, 4)] == [0.875, 0.75, 0.625, 0.5]


def test_a_dropped_block_is_its_short_cut() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(BasicBlock(4, 4), BasicBlock(4, 4)).train()
    x = torch.rand(64, 4, 5, 3)
    whole = network[0](x).detach()
    assert add_stochastic_depth(network, 0.5, "stochastic_depth") == 2
    assert [m.p for m in network.modules() if isinstance(m, StochasticDepth)] == [0.25, 0.5]
    for block in (network[0], copy.deepcopy(network)[0]):
        out = block(x).detach()
        dropped = (out == x).flatten(1).all(1)  # x is positive: the ReLU leaves it
        assert 4 <= int(dropped.sum()) <= 28
        assert not torch.equal(out[~dropped], whole[~dropped])  # survivors grow by 1 / 0.75
    x = torch.rand(2, 4, 5, 3)
    before = network[0].eval()(x)
    assert torch.equal(before, network[0](x))
    assert [n for n in network.state_dict() if "stochastic" in n] == []


def test_survivors_grow() -> None:
    """Branch / survival, so that the mean over draws is the branch."""
    network = tiny.network("classifier", "resnet_tiny", 3, 3).train()
    add_stochastic_depth(network, 0.6, "stochastic_depth")
    drops = [m for m in network.modules() if isinstance(m, StochasticDepth)]
    assert [round(m.p, 3) for m in drops] == [0.2, 0.4, 0.6]
    torch.manual_seed(0)
    values = {round(v, 4) for v in drops[1](torch.ones(50, 1)).flatten().tolist()}
    assert values == {0.0, round(1 / 0.6, 4)}
