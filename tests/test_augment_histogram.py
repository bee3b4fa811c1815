"""Histograms matched, against scikit-image and by hand."""

import numpy as np
import pytest
import torch
from skimage.exposure import match_histograms

from pipeline.augment.histogram import Histograms, cumulative, lookup_table, matched


def drawn(seed: int, low: int, high: int, *shape: int) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return torch.randint(low, high, shape, generator=made).to(torch.uint8)


def test_cumulative_by_hand() -> None:
    """Six pixels of values 0, 0, 1, 3, 3, 3."""
    found = cumulative(torch.tensor([0, 0, 1, 3, 3, 3], dtype=torch.uint8).view(1, 1, 2, 3))
    assert found[0, 0, :5].tolist() == pytest.approx([2 / 6, 3 / 6, 3 / 6, 1, 1])
    assert found.shape == (1, 1, 256) and float(found[0, 0, -1]) == 1


@pytest.mark.parametrize(("low", "high"), [(0, 256), (100, 140), (250, 256), (7, 8)])
def test_the_table_is_scikit_image_s(low: int, high: int) -> None:
    """Pictures of 7 x 11 px after one of 5 x 6: values between those that occur there, before rounding."""
    picture, reference = drawn(0, 30, 90, 7, 11), drawn(1, low, high, 5, 6)
    table = lookup_table(cumulative(picture[None, None]), cumulative(reference[None, None]))[0, 0]
    wanted = match_histograms(picture.numpy(), reference.numpy())
    assert np.allclose(table[picture.long()].numpy(), wanted, atol=1e-3)


def test_each_picture_and_channel_has_its_own() -> None:
    pictures, references = drawn(0, 0, 256, 2, 3, 7, 11), drawn(1, 50, 100, 2, 3, 5, 6)
    made = matched(pictures, cumulative(references))
    for n in range(2):
        for c in range(3):
            wanted = match_histograms(pictures[n, c].numpy(), references[n, c].numpy())
            assert np.abs(made[n, c].numpy() - wanted).max() <= 0.501


def test_a_part_is_matched() -> None:
    """Dark pictures after bright ones of other sizes: most of 0.5 x 200 become bright, the rest stay as they are."""
    torch.manual_seed(0)
    histograms = Histograms([drawn(1, 200, 205, 1, 4, 9), drawn(2, 210, 215, 1, 6, 2)])
    pictures = drawn(0, 0, 20, 200, 1, 7, 11)
    made = histograms.match(pictures, 0.5)
    bright = made.amin(dim=(1, 2, 3)) >= 200
    assert 70 < int(bright.sum()) < 130
    assert torch.equal(made[~bright], pictures[~bright])
    tops = made.amax(dim=(1, 2, 3))[bright]
    assert 20 < int((tops < 205).sum()) < int(bright.sum()) - 20


def test_off_and_empty() -> None:
    histograms = Histograms([drawn(1, 0, 256, 3, 4, 9)])
    pictures = drawn(0, 0, 256, 2, 3, 7, 11)
    assert torch.equal(histograms.match(pictures, 0.0), pictures)
    assert histograms.match(pictures[:0], 1.0).shape == (0, 3, 7, 11)
