"""Augmentation of single pictures by name: each does what its formula says."""

import math
from typing import Any

import pytest
import torch
from rendering import REPOSITORY
from torchvision.transforms.v2 import functional

from pipeline.augment.crops import CropAugment
from pipeline.augment.cutout import cut_out, draw_squares
from pipeline.augment.focus import blur_each, blur_some_
from pipeline.augment.jpeg import compress_each
from pipeline.augment.lighting import Lighting, principal_axes
from pipeline.params import ClassifierAugment, load_params
from pipeline.section import validate

PRESET = load_params(REPOSITORY / "presets" / "digits.yaml").classifier.augment.model_dump()
CALM = {"rotation_deg": 0.0, "translate": 0.0, "scale": [1.0, 1.0], "shear_deg": 0.0, "noise": 0.0}
SIDE_PX, CONTEXT_PX = 20, 28


def augment(**changes: Any) -> CropAugment:
    values = {**PRESET, **CALM, "resolution_px": [64.0, 64.0], **changes}
    return CropAugment(validate(ClassifierAugment, values, "augment"), SIDE_PX)


def test_principal_axes_by_hand() -> None:
    """Red and blue are 0 or 0.2 together, each with variance v: 2 v along (1, 0, 1) / sqrt 2. Green has 4 v alone."""
    crops = torch.zeros(4, 3, 1, 2, dtype=torch.uint8)
    crops[1::2, 0] = crops[1::2, 2] = 51
    crops[2:, 1] = 102
    variance = 0.1**2 * 8 / 7  # of 8 pixels, half of them 0.1 from the mean
    axes = principal_axes(crops)
    red_blue, green = 2 * variance / math.sqrt(2), 4 * variance
    assert axes.abs().amax(0).sort().values.tolist() == pytest.approx([0.0, red_blue, green], abs=1e-7)
    assert axes[:, axes[1].abs().argmax()].abs().tolist() == pytest.approx([0, green, 0], abs=1e-7)


@pytest.mark.parametrize("channels", [1, 3])
def test_lighting_is_one_colour_for_each_picture(channels: int) -> None:
    """Its deviation along an axis is that of the draw times the eigenvalue."""
    torch.manual_seed(0)
    lighting = Lighting(torch.randint(0, 256, (5, channels, 7, 11)).to(torch.uint8), 2.0)
    pictures = torch.full((4000, channels, 1, 2), 0.5)
    moved = lighting(pictures) - pictures
    assert torch.equal(moved[..., 0], moved[..., 1])
    along = moved[:, :, 0, 0] @ (lighting.axes / lighting.axes.norm(dim=0))
    assert along.std(0).tolist() == pytest.approx((2.0 * lighting.axes.norm(dim=0)).tolist(), rel=0.1)


def test_cutout_squares() -> None:
    """A half of the shorter side; around every pixel, those at the border too."""
    torch.manual_seed(0)
    squares = draw_squares(3000, (7, 11), 0.57)
    assert (squares[:, 2:] - squares[:, :2]).unique().tolist() == [4]
    middles = squares[:, :2] + 2
    assert middles.amin(0).tolist() == [0, 0] and middles.amax(0).tolist() == [10, 6]


def test_cutout_by_hand() -> None:
    """In 7 x 11 px a square from -1, 2 to 3, 6 covers 3 x 4 px, with the mean of each channel."""
    pictures = torch.rand(2, 3, 7, 11)
    made = cut_out(pictures, torch.tensor([[-1, 2, 3, 6], [20, 0, 24, 4]]))
    covered = torch.zeros(7, 11, dtype=torch.bool)
    covered[2:6, :3] = True
    for channel in range(3):
        assert torch.allclose(made[0, channel][covered], pictures[0, channel].mean())
        assert torch.equal(made[0, channel][~covered], pictures[0, channel][~covered])
    assert torch.equal(made[1], pictures[1])


@pytest.mark.parametrize("sigma_px", [0.5, 1.2])
def test_blur_is_torchvision_s(sigma_px: float) -> None:
    """Away from the border, where torchvision mirrors the picture and this one cuts the kernel."""
    pictures = torch.rand(2, 3, 23, 27)
    wanted = functional.gaussian_blur(pictures, [13, 13], [sigma_px, sigma_px])
    made = blur_each(pictures, [sigma_px, sigma_px])
    assert torch.allclose(made[..., 6:-6, 6:-6], wanted[..., 6:-6, 6:-6], atol=1e-4)
    assert torch.allclose(blur_each(torch.ones(1, 1, 7, 11), [sigma_px, sigma_px]), torch.ones(1, 1, 7, 11))


@pytest.mark.parametrize("sigma_px", [0.001, 0.5, 2.0])
def test_blur_of_some_is_torchvision_s(sigma_px: float) -> None:
    """At the border too, up to rounding; the others stay."""
    pictures = torch.rand(3, 3, 7, 11)
    before = pictures.clone()
    wanted = functional.gaussian_blur(pictures, [7, 7], [sigma_px, sigma_px])
    blur_some_(pictures, [2, 0], sigma_px, 7)
    assert torch.allclose(pictures[[0, 2]], wanted[[0, 2]], atol=1e-6)
    assert torch.equal(pictures[1], before[1])


def test_each_crop_has_its_own_blur() -> None:
    """From sharp on; where both ends are 0 nothing is drawn."""
    torch.manual_seed(0)
    dot = torch.zeros(6, 1, 7, 11)
    dot[..., 3, 5] = 1.0
    peaks = blur_each(dot, [0.0, 2.0])[..., 3, 5]
    assert len({round(float(p), 4) for p in peaks}) == 6
    state = torch.get_rng_state()
    assert blur_each(dot, [0.0, 0.0]) is dot and torch.equal(torch.get_rng_state(), state)
    assert torch.equal(blur_each(dot, [0.0, 1e-9]), dot)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_torchvision_s(channels: int) -> None:
    torch.manual_seed(0)
    pictures = torch.rand(2, channels, 7, 11)
    stored = (pictures * 255).round().to(torch.uint8)
    assert torch.equal(compress_each(pictures, [30, 30]) * 255, functional.jpeg(stored, 30).float())


def test_jpeg_of_each_picture_and_none_at_100() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(1, 1, 16, 16).expand(40, -1, -1, -1)
    errors = (compress_each(pictures, [98, 100]) - pictures).abs().amax(dim=(1, 2, 3))
    stored = errors < 0.5 / 255 + 1e-6  # as uint8, not compressed
    assert 3 < int(stored.sum()) < 25
    assert compress_each(pictures, [100, 100]) is pictures


def test_random_resized_shows_a_part_of_this_area_and_aspect() -> None:
    """A ramp in x and one in y: their range says which part is seen. Area 1/4, twice as wide as high."""
    torch.manual_seed(0)
    line = torch.arange(float(SIDE_PX)) / SIDE_PX
    ramps = torch.stack([line.expand(SIDE_PX, -1), line[:, None].expand(-1, SIDE_PX)])
    crops = ramps[None].expand(8, -1, -1, -1)
    made = augment(groups=8, random_resized={"area": [0.25, 0.25], "aspect": [2.0, 2.0]}).part(crops)
    assert made.shape == crops.shape
    spans = (made.amax(dim=(2, 3)) - made.amin(dim=(2, 3))) * SIDE_PX  # middles of pixels: one less than the side
    assert spans[0].tolist() == pytest.approx([SIDE_PX / 2 * math.sqrt(2) - 1, SIDE_PX / 4 * math.sqrt(2) - 1], abs=1)


def test_random_resized_is_drawn_for_each_group() -> None:
    torch.manual_seed(0)
    ramp = (torch.arange(float(CONTEXT_PX)) / CONTEXT_PX).expand(8, 1, CONTEXT_PX, -1)
    made = augment(groups=4, random_resized={"area": [0.1, 0.4], "aspect": [1.0, 1.0]})(ramp)
    spans = (made.amax(dim=(1, 2, 3)) - made.amin(dim=(1, 2, 3))).tolist()
    assert all(spans[n] == spans[n + 1] for n in range(0, 8, 2)) and len(set(spans)) > 1


@pytest.mark.parametrize("channels", [1, 3])
def test_rand_augment_draws_for_each_group(channels: int) -> None:
    torch.manual_seed(0)
    crops = torch.rand(1, channels, CONTEXT_PX, CONTEXT_PX).expand(12, -1, -1, -1)
    made = augment(groups=6, rand_augment={"number": 2, "magnitude": 20})(crops)
    assert made.shape == (12, channels, SIDE_PX, SIDE_PX) and 0 <= float(made.min()) <= float(made.max()) <= 1
    assert all(torch.equal(made[i], made[i + 1]) for i in range(0, 12, 2))
    assert len({round(float(m.mean()), 4) for m in made}) > 3
