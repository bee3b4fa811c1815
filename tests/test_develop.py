"""From light to an 8 bit picture, by known values."""

from typing import Any

import numpy as np
import pytest

from blender.picture.develop import develop, line_kernel, srgb

IDENTITY: dict[str, Any] = {
    "exposure_stops": 0.0,
    "white_balance": 0.0,
    "vignette": 0.0,
    "blur_px": 0.0,
    "shake_px": 0.0,
    "shake_rad": 0.0,
    "downscale": 1.0,
    "shot_noise": 0.0,
    "read_noise": 0.0,
    "noise_seed": 0,
    "tone": 1.0,
    "jpeg_quality": 100,
}
JPEG = 2  # of 255: rounding in the change to YCbCr and back


def grey(linear: float) -> Any:
    return np.full((11, 7, 3), linear, np.float32)


def half_covered(size_wh: tuple[int, int] = (48, 32)) -> Any:
    """White paper with ink to the right of the middle."""
    light = np.ones((size_wh[1], size_wh[0], 3), np.float32)
    light[:, size_wh[0] // 2 :] = 0
    return light


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
    before = ramp.copy()
    np.testing.assert_allclose(develop(ramp, IDENTITY), srgb(ramp) * 255, atol=JPEG)
    assert np.array_equal(ramp, before)  # worked on in place, but not the given light


@pytest.mark.parametrize("size_hw", [(11, 7), (7, 11), (1, 1)])
def test_size_is_kept(size_hw: tuple[int, int]) -> None:
    effects = {"downscale": 3.3, "blur_px": 1.2, "shake_px": 5.0, "shot_noise": 0.1, "read_noise": 0.1, "vignette": 0.5}
    light = np.random.default_rng(0).random((*size_hw, 3), np.float32)
    assert develop(light, IDENTITY | effects | {"tone": 2.0, "jpeg_quality": 40}).shape == (*size_hw, 3)


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


@pytest.mark.parametrize(
    ("linear", "noise", "expected"),
    [
        # At 0.5 the deviation is 0.02 * sqrt(0.5) = 0.0141; sRGB rises there by 255 * 0.686 = 175 for 1.
        (0.5, {"shot_noise": 0.02}, 0.0141 * 175),
        # The read noise is the same at 0.5 and at 0.1, where sRGB rises by 255 * 1.68 = 428 for 1.
        (0.5, {"read_noise": 0.02}, 0.02 * 175),
        (0.1, {"read_noise": 0.005}, 0.005 * 428),
        (0.1, {"shot_noise": 0.02}, 0.02 * np.sqrt(0.1) * 428),
        (0.5, {"shot_noise": 0.02, "read_noise": 0.02}, np.hypot(0.0141, 0.02) * 175),
        (0.0, {"shot_noise": 0.5}, 0.0),  # no light, no shot noise
    ],
)
def test_noise(linear: float, noise: dict[str, float], expected: float) -> None:
    light = np.full((64, 64, 3), linear, np.float32)
    made = [develop(light, IDENTITY | noise | {"noise_seed": seed}) for seed in (1, 1, 2)]
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], made[2]) == (expected == 0)
    # JPEG keeps every pixel of the luminance, whose noise is sqrt(0.299² + 0.587² + 0.114²) = 0.669 of a channel's.
    assert (made[0] @ [0.299, 0.587, 0.114]).std() == pytest.approx(0.669 * expected, rel=0.1)


@pytest.mark.parametrize(
    ("length_px", "direction_rad", "expected"),
    [
        (0.0, 0.3, [[1]]),
        (2.0, 0.0, [[0, 0, 0], [0.25, 0.5, 0.25], [0, 0, 0]]),  # each point of the line shared by two pixels
        (2.0, np.pi / 2, [[0, 0.25, 0], [0, 0.5, 0], [0, 0.25, 0]]),
    ],
)
def test_kernel_of_a_line(length_px: float, direction_rad: float, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(line_kernel(length_px, direction_rad), expected, atol=1e-6)


@pytest.mark.parametrize("length_px", [0.4, 3.0, 8.5])
@pytest.mark.parametrize("direction_rad", [0.0, 0.5, 2.0])
def test_kernel_is_centred_and_as_long_as_the_line(length_px: float, direction_rad: float) -> None:
    """Its mean is the middle, its deviation along the line that of a uniform one, L / sqrt(12)."""
    kernel = line_kernel(length_px, direction_rad).astype(float)
    reach = len(kernel) // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    assert kernel.sum() == pytest.approx(1)
    assert [(kernel * x).sum(), (kernel * y).sum()] == pytest.approx([0, 0], abs=1e-6)
    along = x * np.cos(direction_rad) + y * np.sin(direction_rad)
    across = y * np.cos(direction_rad) - x * np.sin(direction_rad)
    shared = 1 / 4  # at most: the variance of a point shared by neighbouring pixels
    assert length_px**2 / 12 <= (kernel * along**2).sum() + 1e-3 <= length_px**2 / 12 + shared + 2e-3
    assert (kernel * across**2).sum() <= shared + 1e-3


def test_shake_draws_a_point_out_into_a_line_about_it() -> None:
    light = np.zeros((15, 21, 3), np.float32)
    light[4, 12] = 1
    seen = develop(light, IDENTITY | {"shake_px": 4.0, "shake_rad": np.pi / 4})[..., 1]
    y, x = np.nonzero(seen > 100)
    assert list(zip(y, x, strict=True)) == [(3, 11), (4, 12), (5, 13)]  # to the right and down
    assert seen[3, 13] < 3 and seen[5, 11] < 3


def test_shake_mixes_light_not_numbers() -> None:
    """Half covered by white and black: half of the light shows as 188. And a border stays where it is."""
    seen = develop(half_covered(), IDENTITY | {"shake_px": 8.0})[16, :, 1].astype(int)
    assert abs(seen[23:25].mean() - 188) < 12
    assert seen[18] > 253 and seen[29] < 6


@pytest.mark.parametrize(("tone", "expected"), [(1.0, 188), (2.0, 138), (2.2, 130), (0.5, 219)])
def test_tone_is_an_exponent_on_the_display_signal(tone: float, expected: int) -> None:
    """0.7354 of half of the light, to the power of `tone`."""
    np.testing.assert_allclose(develop(grey(0.5), IDENTITY | {"tone": tone}), expected, atol=JPEG)
    for end in (0.0, 1.0):  # black and white stay
        np.testing.assert_allclose(develop(grey(end), IDENTITY | {"tone": tone}), 255 * end, atol=1)


def edge_px(tone: float, blur_px: float) -> float:
    """How far outside of the ink a blurred edge is seen, where it is half dark."""
    seen = develop(half_covered(), IDENTITY | {"tone": tone, "blur_px": blur_px})[16, :, 1] / 255
    return 24 - float(np.interp(-0.5, -seen, np.arange(48) + 0.5))


def test_a_blurred_edge_is_seen_where_it_is_once_numbers_go_as_the_light() -> None:
    """With sRGB half darkness lies inside of the ink, since half of the light still shows as 0.74: at the 21 % of the
    light that show as 0.5, 0.79 deviations inside. With an exponent of 2.2 it lies at the border."""
    assert edge_px(1.0, blur_px=2.0) == pytest.approx(-0.79 * 2.0, abs=0.15)
    assert edge_px(2.2, blur_px=2.0) == pytest.approx(0.0, abs=0.1)
