"""What a step of training sees: a function of seed and step alone."""

from collections import Counter

import pytest
import tiny
import torch
from torch.utils.data import DataLoader

from pipeline.learner import Batches, Learner, seed_network

EXAMPLES, BATCH = 7, 3  # a round does not end with a batch


def batches(steps: int, seed: int = 0) -> Batches:
    fit = tiny.fit_of("detector", "centernet_tiny", batch_size=BATCH, steps=steps)
    return Batches(EXAMPLES, fit, steps, seed, lambda chosen: (chosen, torch.rand(2)))


def chosen(made: Batches) -> list[list[int]]:
    return [indices for indices, _ in made]


def test_every_example_comes_once_in_each_round() -> None:
    """Seven batches of three are three rounds of seven, in another order each."""
    row = [n for batch in chosen(batches(7)) for n in batch]
    rounds = [row[i : i + EXAMPLES] for i in range(0, len(row), EXAMPLES)]
    assert len(rounds) == 3
    assert all(sorted(r) == list(range(EXAMPLES)) for r in rounds)
    assert len({tuple(r) for r in rounds}) == 3


def test_a_batch_may_be_larger_than_the_data_set() -> None:
    made = batches(1)
    made.examples = 2
    assert Counter(made.choose(0)).most_common() in ([(0, 2), (1, 1)], [(1, 2), (0, 1)])


def test_a_resumed_run_sees_what_an_undisturbed_one_does() -> None:
    """The same examples, and the same draws of augmentation."""
    resumed = batches(6)
    resumed.first = 4
    torch.rand(5)  # whatever happened before
    for (ours, our_draw), (theirs, their_draw) in zip(resumed, list(batches(6))[4:], strict=True):
        assert ours == theirs
        assert torch.equal(our_draw, their_draw)


def test_seeds_differ() -> None:
    assert chosen(batches(4, seed=1)) != chosen(batches(4, seed=0))


def test_processes_share_each_batch() -> None:
    """Two processes: their parts together are the batch of one."""
    parts = []
    for rank in range(2):
        made = batches(5)
        made.rank, made.world = rank, 2
        parts.append(chosen(made))
    whole = chosen(batches(5))
    assert [sorted(a + b) for a, b in zip(*parts, strict=True)] == [sorted(b) for b in whole]


def test_shares_make_the_mean_over_processes_that_of_the_batch() -> None:
    """Three examples, two processes: means of two and of one example weigh 4/3 and 2/3, so that half of their sum is
    the mean of three. For a linear network the gradients agree as well."""
    network, inputs = torch.nn.Linear(4, 1), torch.arange(12.0).reshape(BATCH, 4)
    gradients = []
    for rank in range(2):
        made = batches(1)
        made.rank, made.world = rank, 2
        network.zero_grad()
        (made.share() * network(inputs[rank::2]).square().mean()).backward()
        gradients.append(torch.as_tensor(network.weight.grad).clone())
        assert made.share() == pytest.approx((4 / 3, 2 / 3)[rank])
    network.zero_grad()
    (batches(1).share() * network(inputs).square().mean()).backward()
    assert torch.allclose((gradients[0] + gradients[1]) / 2, torch.as_tensor(network.weight.grad), rtol=1e-5)
    assert batches(1).share() == 1.0


def test_processes_draw_apart() -> None:
    """The first as one process does, the second something else."""
    draws = []
    for rank in range(2):
        made = batches(2)
        made.rank, made.world = rank, 2
        draws.append([draw for _, draw in made])
    alone = [draw for _, draw in batches(2)]
    assert all(torch.equal(a, b) for a, b in zip(draws[0], alone, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(*draws, strict=True))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning", "ignore:This DataLoader will create 2 worker")
def test_loading_workers_change_nothing() -> None:
    """Two workers of the loader give each step once, in order, with the same draws."""
    alone = list(DataLoader(batches(5), batch_size=None))
    shared = list(DataLoader(batches(5), batch_size=None, num_workers=2))
    assert [indices for indices, _ in shared] == [indices for indices, _ in alone]
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(shared, alone, strict=True))


@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
def test_what_a_network_draws_depends_on_seed_and_step() -> None:
    """Dropout leaves out the same weights, whoever has drawn before: a worker of the loader draws somewhere else."""

    class Drops(torch.nn.Module):
        def forward(self, images: torch.Tensor, targets: None) -> dict[str, torch.Tensor]:
            return {"loss": torch.nn.functional.dropout(images).sum()}

    def loss(seed: int, drawn: int) -> float:
        torch.rand(drawn)
        learner = Learner(Drops(), batches(1, seed), 0.1, lambda _: 0.0)
        return float(learner.training_step((torch.arange(100.0), None), 0))

    assert loss(0, 1) == loss(0, 5) != loss(1, 1)


@pytest.mark.parametrize("seed", [0, (1 << 31) + 5])
def test_seeding_draws_what_torch_s_does(seed: int) -> None:
    """Without the notes that torch takes for a GPU which is not there."""
    torch.manual_seed(seed)
    wanted = torch.rand(7)
    seed_network(seed)
    assert torch.equal(torch.rand(7), wanted)
