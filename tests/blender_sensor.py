"""From light to an 8 bit picture, by known values. Run by test_blender.py: the randomizers import bpy."""

from typing import Any

import numpy as np
import pytest

from blender.randomizers.sensor import develop, srgb

IDENTITY: dict[str, Any] = {
    "exposure_stops": 0.0,
    "white_balance": 0.0,
    "downscale": 1.0,
    "blur_px": 0.0,
    "noise": 0.0,
    "noise_seed": 0,
    "vignette": 0.0,
    "jpeg_quality": 100,
}
JPEG = 2  # of 255: rounding in the change to YCbCr and back


def grey(linear: float) -> Any:
    return np.full((11, 7, 3), linear, np.float32)


@pytest.mark.parametrize(
    ("linear", "expected"),
    [(-1.0, 0), (0.0, 0), (0.0031308, 10), (0.0722, 76), (0.214, 127), (0.5, 188), (1.0, 255), (9.0, 255)],
)
def test_transfer_function(linear: float, expected: int) -> None:
    """IEC 61966-2-1; 0.5 linear is 188, mid grey 0.214 is 127."""
    picture = develop(grey(linear), IDENTITY)
    assert picture.shape == (11, 7, 3) and picture.dtype == np.uint8
    np.testing.assert_allclose(picture, expected, atol=1)


def test_without_effects_a_picture_stays_as_it_is() -> None:
    ramp = np.linspace(0, 1, 77, dtype=np.float32).reshape(11, 7, 1).repeat(3, axis=2)
    np.testing.assert_allclose(develop(ramp, IDENTITY), srgb(ramp) * 255, atol=JPEG)


@pytest.mark.parametrize("size_hw", [(11, 7), (7, 11), (1, 1)])
def test_size_is_kept(size_hw: tuple[int, int]) -> None:
    effects = {"downscale": 3.3, "blur_px": 1.2, "noise": 0.1, "vignette": 0.5, "jpeg_quality": 40}
    light = np.random.default_rng(0).random((*size_hw, 3), np.float32)
    assert develop(light, IDENTITY | effects).shape == (*size_hw, 3)


def test_exposure_and_white_balance_are_gains() -> None:
    np.testing.assert_allclose(develop(grey(0.25), IDENTITY | {"exposure_stops": 1.0}), 188, atol=1)
    warm = develop(grey(0.5), IDENTITY | {"white_balance": 0.5})[5, 3].astype(int)
    assert np.abs(warm - [225, 188, 137]).max() <= JPEG  # 0.75, 0.5 and 0.25 linear


def test_downscale_shows_one_pixel_for_four() -> None:
    """A board of single pixels becomes even grey: half of the light, 188, not half of the number, 128."""
    board = np.indices((8, 12)).sum(axis=0) % 2
    light = board[..., None].repeat(3, axis=2).astype(np.float32)
    np.testing.assert_allclose(develop(light, IDENTITY | {"downscale": 2.0}), 188, atol=JPEG)


def test_vignette_darkens_the_corners_alone() -> None:
    picture = develop(grey(1.0), IDENTITY | {"vignette": 0.5})
    assert picture[5, 3].min() >= 255 - JPEG
    for corner in (picture[0, 0], picture[0, -1], picture[-1, 0], picture[-1, -1]):
        np.testing.assert_allclose(corner, 188, atol=4)  # the JPEG blocks smooth it a little


def test_noise_is_that_of_its_seed_and_grows_with_the_light() -> None:
    def deviation(linear: float, seed: int) -> Any:
        light = np.full((64, 64, 3), linear, np.float32)
        return develop(light, IDENTITY | {"noise": 0.02, "noise_seed": seed}).astype(float)

    assert np.array_equal(deviation(0.5, 1), deviation(0.5, 1))
    assert not np.array_equal(deviation(0.5, 1), deviation(0.5, 2))
    # At 0.5 linear the deviation is 0.02 * sqrt(0.5) = 0.0141; sRGB rises there by 255 * 0.686 = 175 for 1.
    # Green alone: JPEG halves the resolution of colours and so takes noise out of red and blue.
    assert deviation(0.5, 1)[..., 1].std() == pytest.approx(0.0141 * 175, rel=0.25)
