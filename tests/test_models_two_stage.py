"""The two-stage detector: where the second stage looks, how boxes are shaken, its losses and its answers."""

import math

import pytest
import torch

from pipeline.models.centernet import under_all_names
from pipeline.models.layers import widened
from pipeline.models.two_stage import CONTEXT, GRID, SHAKE, TwoStage, shaken

HEIGHT, WIDTH = 48, 64
NAMES = 2
Target = dict[str, torch.Tensor]


def network(categories: int = NAMES) -> TwoStage:
    torch.manual_seed(0)
    return TwoStage(categories, 3, widths=(8, 16, 16), blocks=1)


def target(boxes: list[list[float]], labels: list[int]) -> Target:
    return {
        "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.tensor(labels, dtype=torch.long),
    }


def looked_at(batch: torch.Tensor, boxes: list[torch.Tensor]) -> torch.Tensor:
    """What the second stage is given: [n, C, GRID, GRID]."""
    seen: list[torch.Tensor] = []
    made = network().eval()
    made.second.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    made.named(batch, boxes)
    return seen[0]


def places_px() -> torch.Tensor:
    """A picture [3, H, W] that says where it is: x and y of the middles of its pixels, and nothing else."""
    y, x = (torch.arange(n) + 0.5 for n in (HEIGHT, WIDTH))
    flat = torch.zeros(HEIGHT, WIDTH)
    return torch.stack([flat + x, flat + y[:, None], flat])


def test_the_second_stage_sees_the_box() -> None:
    """(20, 10) to (40, 20) with context is (19, 9.5) to (41, 20.5): samples 0.55 and 0.275 px apart."""
    (seen,) = looked_at(places_px()[None], [torch.tensor([[20.0, 10, 40, 20]])])
    assert seen[0, 0].tolist() == pytest.approx([19 + 0.55 * (n + 0.5) for n in range(GRID)], abs=1e-3)
    assert seen[1, :, 0].tolist() == pytest.approx([9.5 + 0.275 * (n + 0.5) for n in range(GRID)], abs=1e-3)


def test_boxes_are_looked_at_in_their_own_pictures() -> None:
    """Two boxes on the first picture, none on the second, one on the third; pictures are told apart by a channel."""
    batch = torch.stack([places_px()] * 3)
    batch[:, 2] = torch.tensor([1.0, 2.0, 3.0])[:, None, None]
    boxes = [torch.tensor([[8.0, 8, 16, 16], [30, 20, 40, 40]]), torch.zeros(0, 4), torch.tensor([[20.0, 10, 40, 18]])]
    seen = looked_at(batch, boxes)
    assert seen[:, 2].mean(dim=(1, 2)).tolist() == pytest.approx([1, 1, 3])
    assert seen[:, 0].mean(dim=(1, 2)).tolist() == pytest.approx([12, 35, 30], abs=1e-3)


def test_widened() -> None:
    assert CONTEXT == 1.1
    assert widened(torch.tensor([[20.0, 10, 40, 20]]), CONTEXT)[0].tolist() == pytest.approx([19, 9.5, 41, 20.5])


def test_shaken_by_as_much_as_it_says() -> None:
    """Of 4,000 boxes of 40 x 10 px: middle and logarithm of size have no bias, and deviations of SHAKE, in sizes."""
    torch.manual_seed(0)
    made = shaken(torch.tensor([[10.0, 20, 50, 30]]).expand(4000, 4))
    size = made[:, 2:] - made[:, :2]
    middle = ((made[:, :2] + made[:, 2:]) / 2 - torch.tensor([30.0, 25])) / torch.tensor([40.0, 10])
    stretch = (size / torch.tensor([40.0, 10])).log()
    for found in (middle, stretch):
        assert found.mean(0).tolist() == pytest.approx([0, 0], abs=0.005)
        assert found.std(0).tolist() == pytest.approx([SHAKE, SHAKE], rel=0.05)
    assert abs(float(torch.corrcoef(torch.cat([middle, stretch], 1).T).triu(1).abs().max())) < 0.06


@pytest.mark.parametrize("categories", [1, 2, 7])
def test_it_starts_by_guessing(categories: int) -> None:
    boxes = target([[4, 6, 20, 18], [30, 10, 50, 34]], [1, categories])
    parts = network(categories).train()([torch.rand(3, HEIGHT, WIDTH)], [boxes])
    assert float(parts["what"].detach()) == pytest.approx(math.log(categories), abs=1e-5)


def test_every_weight_has_a_gradient() -> None:
    """Distributed training stops at weights without one."""
    made = network().train()
    parts = made([torch.rand(3, HEIGHT, WIDTH)], [target([[4, 6, 20, 18]], [2])])
    torch.stack(list(parts.values())).sum().backward()
    assert not [name for name, p in made.named_parameters() if p.grad is None]


def test_pictures_without_objects() -> None:
    """A batch without any teaches that nothing is there, and leaves the statistics of the second stage alone."""
    made = network().train()
    before = {k: v.clone() for k, v in made.second.state_dict().items() if "running" in k}
    parts = made([torch.rand(3, HEIGHT, WIDTH)] * 2, [target([], [])] * 2)
    torch.stack(list(parts.values())).sum().backward()
    assert parts["what"] == 0 and parts["box"] == 0 and 0 < parts["where"] < 100
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)
    assert all(torch.equal(before[k], made.second.state_dict()[k]) for k in before)


def test_a_picture_without_proposals_has_empty_results() -> None:
    made = network().eval()
    torch.nn.init.constant_(made.first.where[-1].bias, -20.0)
    with torch.no_grad():
        found = made([torch.rand(3, HEIGHT, WIDTH), torch.rand(3, 33, 47)])
    assert [{k: tuple(v.shape) for k, v in f.items()} for f in found] == [
        {"boxes": (0, 4), "labels": (0,), "scores": (0,)}
    ] * 2


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision(kind: torch.dtype) -> None:
    """Losses and answers as in 32 bit, but for rounding; boxes and scores stay 32 bit."""
    torch.manual_seed(0)
    images, targets = [torch.rand(3, HEIGHT, WIDTH)], [target([[4, 6, 20, 18]], [2])]
    plain = network().train()(images, targets)
    made = network().train()
    with torch.autocast("cpu", dtype=kind):
        parts = made(images, targets)
    assert {k: float(v.detach()) for k, v in parts.items()} == pytest.approx(
        {k: float(v.detach()) for k, v in plain.items()}, rel=0.03
    )
    torch.stack(list(parts.values())).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)
    torch.nn.init.constant_(made.first.where[-1].bias, 3.0)
    with torch.no_grad(), torch.autocast("cpu", dtype=kind):
        (found,) = made.eval()(images)
    assert len(found["scores"]) and {found["boxes"].dtype, found["scores"].dtype} == {torch.float32}


def picture(squares_xy: list[tuple[int, int]], labels: list[int]) -> tuple[torch.Tensor, Target]:
    """Grey with squares of 16 px: category 1 has stripes that lie, category 2 stripes that stand."""
    image = torch.full((3, HEIGHT, WIDTH), 0.5)
    stripes = torch.tensor([0.1, 0.1, 0.9, 0.9]).repeat(4).expand(16, 16)
    for (x, y), label in zip(squares_xy, labels, strict=True):
        image[:, y : y + 16, x : x + 16] = stripes if label == 2 else stripes.T
    return image, target([[x, y, x + 16, y + 16] for x, y in squares_xy], labels)


def learn(made: TwoStage, images: list[torch.Tensor], targets: list[Target], steps: int) -> None:
    optimizer = torch.optim.AdamW(made.parameters(), lr=0.005)
    for _ in range(steps):
        loss = torch.stack(list(made.train()(images, targets).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), 5.0)
        optimizer.step()


def test_it_learns_two_pictures_by_heart() -> None:
    """The best answers are the four squares under their names, with boxes near theirs."""
    images, targets = zip(picture([(4, 6), (40, 25)], [1, 2]), picture([(10, 28), (36, 3)], [2, 1]), strict=True)
    made = network()
    learn(made, list(images), list(targets), steps=120)
    with torch.no_grad():
        answers = made.eval()(list(images))
    for found, true in zip(answers, targets, strict=True):
        assert (found["scores"].diff() <= 0).all()
        order = found["boxes"][:2, 0].argsort()
        truth = true["boxes"][:, 0].argsort()
        assert found["labels"][:2][order].tolist() == true["labels"][truth].tolist()
        assert torch.allclose(found["boxes"][:2][order], true["boxes"][truth], atol=4)
        assert found["scores"][1] > 0.3


# --- How both light detectors answer


def test_boxes_under_all_likely_names() -> None:
    """Three boxes, two categories: products above 0.01, best first, equal ones in the order of the boxes."""
    boxes = torch.tensor([[0.0, 0, 8, 8], [4, 4, 9, 9], [1, 2, 3, 4]])
    probabilities = torch.tensor([[0.25, 0.75], [0.99, 0.01], [0.5, 0.5]])
    found = under_all_names(boxes, torch.tensor([0.5, 0.8, 0.015]), probabilities)
    assert found["scores"].tolist() == pytest.approx([0.792, 0.375, 0.125])
    assert found["labels"].tolist() == [1, 2, 1]
    assert found["boxes"].tolist() == [[4, 4, 9, 9], [0, 0, 8, 8], [0, 0, 8, 8]]
    equal = under_all_names(boxes, torch.full((3,), 0.6), torch.full((3, 2), 0.5))
    assert equal["boxes"].tolist() == boxes.repeat_interleave(2, 0).tolist() and equal["labels"].tolist() == [1, 2] * 3


def test_no_box_has_no_name() -> None:
    found = under_all_names(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5))
    assert [tuple(found[k].shape) for k in ("boxes", "labels", "scores")] == [(0, 4), (0,), (0,)]
