"""Augmentation of crops for classifiers: sizes, groups of equal draws, and turns of each crop alone."""

from typing import Any

import pytest
import torch
from rendering import REPOSITORY

from pipeline.augment.crops import CropAugment
from pipeline.dataset import CONTEXT
from pipeline.params import load_params

DIGITS = load_params(REPOSITORY / "presets" / "digits.yaml").classifier.augment
CROP_PX = 32
CALM = {
    "rotation_deg": 0.0,
    "translate": 0.0,
    "scale": [1.0, 1.0],
    "shear_deg": 0.0,
    "resolution_px": [64.0, 64.0],
    "flips": False,
    "quarter_turns": False,
    "brightness": 0.0,
    "contrast": 0.0,
    "saturation": 0.0,
    "hue": 0.0,
    "noise": 0.0,
}


def crop_augment(**changes: Any) -> CropAugment:
    return CropAugment(DIGITS.model_copy(update=changes), input_px=CROP_PX)


def calm(**changes: Any) -> CropAugment:
    return crop_augment(**{**CALM, **changes})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("number", [1, 5, 16])
def test_crops_keep_their_shape(number: int, channels: int) -> None:
    side_px = round(CROP_PX * CONTEXT)
    everything = crop_augment(flips=True, quarter_turns=True, brightness=0.3, contrast=0.3, saturation=0.3, hue=0.5)
    made = everything(torch.rand(number, channels, side_px, side_px))
    assert made.shape == (number, channels, CROP_PX, CROP_PX) and torch.isfinite(made).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_without_strength_it_is_the_middle(channels: int) -> None:
    crops = torch.rand(3, channels, 44, 44)
    assert torch.allclose(calm()(crops), crops[:, :, 6:38, 6:38], atol=1e-5)


def test_each_group_has_its_own_draw() -> None:
    """Eight equal crops in four groups of two: equal within a group, different between groups."""
    torch.manual_seed(0)
    equal = torch.rand(1, 1, 45, 45).expand(8, -1, -1, -1)
    made = calm(rotation_deg=30.0, groups=4)(equal)
    assert all(torch.equal(made[i], made[i + 1]) for i in (0, 2, 4, 6))
    assert all(not torch.allclose(made[i], made[i + 2]) for i in (0, 2, 4))


def test_each_crop_has_its_own_light() -> None:
    made = calm(brightness=0.5, groups=1)(torch.full((8, 3, 45, 45), 0.5))
    assert len({round(float(m.mean()), 4) for m in made}) == 8
    assert all(float(m.std()) < 1e-6 and 0.25 <= float(m.mean()) <= 0.75 for m in made)


@pytest.mark.parametrize(("flips", "quarter_turns", "ways"), [(True, False, 2), (False, True, 4), (True, True, 8)])
def test_flips_and_quarter_turns(flips: bool, quarter_turns: bool, ways: int) -> None:
    """A row of three values in the upper left corner, 1 2 3, lies in the corners in so many ways; all of them occur."""
    torch.manual_seed(0)
    crop = torch.zeros(1, 1, CROP_PX, CROP_PX)
    crop[0, 0, 0, :3] = torch.tensor([0.1, 0.2, 0.3])
    made = calm(flips=flips, quarter_turns=quarter_turns)(crop.expand(100, -1, -1, -1))
    marks = [(m[0] > 0.05).nonzero()[m[0][m[0] > 0.05].argsort()] for m in made]
    assert len({tuple(places.flatten().tolist()) for places in marks}) == ways
    for one, places in zip(made, marks, strict=True):
        assert one[0][tuple(places.T)].tolist() == pytest.approx([0.1, 0.2, 0.3], abs=1e-4)
        assert places[0].tolist() in [[0, 0], [0, 31], [31, 0], [31, 31]]


def test_few_pixels_are_few_values() -> None:
    """Shown at 4 px a side, noise of one pixel is gone: neighbours are nearly equal."""
    torch.manual_seed(0)
    crops = torch.rand(2, 1, 45, 45)
    sharp, dull = (calm(resolution_px=[n, n])(crops) for n in (64.0, 4.0))
    step_sharp, step_dull = (float(c.diff(dim=-1).abs().mean()) for c in (sharp, dull))
    assert step_dull < 0.1 * step_sharp


def test_the_seed_decides() -> None:
    def draw(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return crop_augment(flips=True, quarter_turns=True, hue=0.5)(
            torch.linspace(0, 1, 6 * 45 * 45).view(2, 3, 45, 45)
        )

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
