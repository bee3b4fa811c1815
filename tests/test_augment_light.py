"""Brightness, contrast, saturation and hue against torchvision, or by hand."""

import pytest
import torch
from torchvision.transforms.v2 import functional

from pipeline.augment.light import LUMA, around, hue_turned, saturated, vary_light
from pipeline.params import Light

NONE = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}


def changed(pictures: torch.Tensor, **strengths: float) -> torch.Tensor:
    return vary_light(pictures, Light(**{**NONE, **strengths}))


def pictures(channels: int = 3, number: int = 5) -> torch.Tensor:
    """Of 9 x 7 px, between 0.3 and 0.7, so that a small change is not cut off."""
    torch.manual_seed(0)
    return 0.3 + 0.4 * torch.rand(number, channels, 7, 9)


def luma(shown: torch.Tensor) -> torch.Tensor:
    return torch.einsum("c,nchw->nhw", torch.tensor(LUMA), shown)


@pytest.mark.parametrize("channels", [1, 3])
def test_without_strength_nothing_changes(channels: int) -> None:
    assert torch.equal(changed(pictures(channels)), pictures(channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_torchvision_s(channels: int) -> None:
    made = changed(pictures(channels), brightness=0.3)
    factors = [float((m / p).mean()) for m, p in zip(made, pictures(channels), strict=True)]
    assert len({round(f, 4) for f in factors}) == 5 and all(0.7 <= f <= 1.3 for f in factors)
    for found, plain, factor in zip(made, pictures(channels), factors, strict=True):
        assert torch.allclose(found, functional.adjust_brightness(plain, factor), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_contrast_is_torchvision_s(channels: int) -> None:
    """About the mean luma; torchvision has four digits of its weights."""
    made = changed(pictures(channels), contrast=0.3)
    factors = [float(m.std() / p.std()) for m, p in zip(made, pictures(channels), strict=True)]
    assert len({round(f, 4) for f in factors}) == 5 and all(0.7 <= f <= 1.3 for f in factors)
    for found, plain, factor in zip(made, pictures(channels), factors, strict=True):
        assert torch.allclose(found, functional.adjust_contrast(plain, factor), atol=1e-3)


def test_brightness_comes_first() -> None:
    """Then contrast, about the mean of the brighter picture. The same draws, in this order, are made here."""
    made = changed(pictures(), brightness=0.2, contrast=0.3)  # `pictures` has seeded
    plain = pictures()
    gains, factors = around(1.0, 0.2, len(plain)), around(1.0, 0.3, len(plain))
    for found, one, gain, factor in zip(made, plain, gains, factors, strict=True):
        brighter = functional.adjust_brightness(one, float(gain))
        assert torch.allclose(found, functional.adjust_contrast(brighter, float(factor)), atol=1e-3)


@pytest.mark.parametrize("factor", [0.0, 0.6, 1.0, 1.4])
def test_saturation_is_torchvision_s(factor: float) -> None:
    made = torch.einsum("ij,njhw->nihw", saturated(torch.tensor([factor]))[0], pictures())
    assert torch.allclose(made, functional.adjust_saturation(pictures(), factor), atol=1e-3)
    assert torch.allclose(luma(made), luma(pictures()), atol=1e-5)
    assert factor or torch.allclose(made, luma(pictures())[:, None].expand_as(made), atol=1e-5)


def test_thirds_of_a_turn_swap_channels() -> None:
    """Forward red, green, blue become green, blue, red; backward the other way; a whole turn is none."""
    forward, backward, whole = hue_turned(torch.tensor([1 / 3, -1 / 3, 1.0]))
    colour = torch.tensor([0.9, 0.5, 0.1])
    assert (forward @ colour).tolist() == pytest.approx([0.1, 0.9, 0.5], abs=1e-6)
    assert (backward @ colour).tolist() == pytest.approx([0.5, 0.1, 0.9], abs=1e-6)
    assert torch.allclose(whole, torch.eye(3), atol=1e-6)


def test_grey_has_no_saturation_and_no_hue() -> None:
    grey = pictures(1).expand(-1, 3, -1, -1)
    assert torch.allclose(changed(grey, saturation=1.0, hue=0.5), grey, atol=1e-6)
    assert torch.equal(changed(pictures(1), saturation=1.0, hue=0.5), pictures(1))


def test_hue_keeps_the_sum_of_the_channels() -> None:
    pale = 0.5 + 0.2 * (pictures() - 0.5)
    made = changed(pale, hue=0.5)
    assert torch.allclose(made.sum(1), pale.sum(1), atol=1e-5)
    assert all(not torch.allclose(m, p, atol=0.01) for m, p in zip(made, pale, strict=True))


def test_values_stay_between_black_and_white() -> None:
    made = changed(pictures(), brightness=1.0, contrast=1.0, saturation=1.0, hue=0.5)
    assert made.min() >= 0 and made.max() <= 1
    assert (changed(torch.ones(9, 3, 7, 9), brightness=1.0) == 1).any()


def test_the_seed_decides() -> None:
    def draw(seed: int) -> torch.Tensor:
        plain = pictures()
        torch.manual_seed(seed)
        return changed(plain, brightness=0.2, contrast=0.2, saturation=0.2, hue=0.2)

    assert torch.equal(draw(1), draw(1))
    assert not torch.allclose(draw(1), draw(2), atol=1e-3)
