"""Mixed crops and labels, and that the labels reach the loss."""

from typing import Any

import pytest
import tiny
import torch

from pipeline.augment.mixing import mixing
from pipeline.dataset import Crops
from pipeline.learner import crop_batches, loss_parts
from pipeline.params import ClassifierAugment
from pipeline.section import validate


def augment(**changes: Any) -> ClassifierAugment:
    values = tiny.fit_of("classifier", "lenet5").augment.model_dump()
    return validate(ClassifierAugment, {**values, **changes}, "augment")


def flat(number: int) -> torch.Tensor:
    """The n-th crop is n / number all over."""
    return (torch.arange(number) / number)[:, None, None, None].expand(-1, 1, 16, 16)


def test_mixup_mixes_pixels_and_labels_alike() -> None:
    """x' = l x + (1 - l) x_partner, and the same of labels, one l for the batch."""
    torch.manual_seed(0)
    mix = mixing(augment(mixup=0.5), categories=4)
    assert mix is not None
    made, labels = mix(flat(4), torch.arange(4))
    assert labels.shape == (4, 4) and torch.allclose(labels.sum(1), torch.ones(4))
    assert torch.allclose(made[:, 0, 0, 0], labels @ torch.arange(4.0) / 4)
    kept = labels.diagonal()
    assert torch.allclose(kept, kept[0]) and 0 < float(kept[0]) < 1


def test_cutmix_gives_labels_their_part_of_the_area() -> None:
    torch.manual_seed(1)
    mix = mixing(augment(cutmix=1.0), categories=4)
    assert mix is not None
    made, labels = mix(flat(4), torch.arange(4))
    for n in range(4):
        own = (made[n, 0] == n / 4).float().mean()
        assert float(labels[n, n]) == pytest.approx(float(own))
    assert 0 < float(labels[0, 0]) < 1


def test_both_take_turns() -> None:
    torch.manual_seed(0)
    mix = mixing(augment(mixup=1.0, cutmix=1.0), categories=4)
    assert mix is not None
    kinds = {len(mix(flat(4), torch.arange(4))[0][1].unique()) for _ in range(12)}
    assert kinds == {1, 2}  # one grey all over, or two


def test_off() -> None:
    assert mixing(augment(), categories=4) is None


def test_mixed_labels_reach_the_loss_with_smoothing() -> None:
    """-sum q log p with q = (1 - e) y + e / C, of logits that are given."""

    class Fixed(torch.nn.Module):
        def forward(self, crops: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[1.0, 2.0, 0.5]])

    fit = tiny.fit_of("classifier", "lenet5", label_smoothing=0.3)
    mixed = torch.tensor([[0.6, 0.4, 0.0]])
    wanted = -((0.7 * mixed + 0.3 / 3) * torch.tensor([[1.0, 2.0, 0.5]]).log_softmax(1)).sum()
    assert float(loss_parts(Fixed(), fit, (torch.zeros(1), mixed))["loss"]) == pytest.approx(float(wanted))


def test_a_batch_has_mixed_labels_of_all_categories() -> None:
    """Though the crops show only one of the three."""
    torch.manual_seed(0)
    crops = Crops(torch.zeros(5, 1, 45, 45, dtype=torch.uint8), torch.zeros(5, dtype=torch.long), [])
    fit = tiny.fit_of("classifier", "lenet5").model_copy(update={"augment": augment(mixup=0.2, lighting=0.1)})
    made, labels = crop_batches(crops, fit, 3)([0, 1, 4])
    assert made.shape == (3, 1, 32, 32) and labels.tolist() == [[1.0, 0.0, 0.0]] * 3
