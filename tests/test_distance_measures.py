"""Colour, sharpness and noise of pictures that are known."""

import numpy as np
import pytest
from test_dvc_graph import PARAMS

from pipeline.distance.measures import BINS, MEASURES, TURN, measure, noise, sharpness
from pipeline.statistics import luma


def of(rgb: tuple[int, int, int], size_hw: tuple[int, int] = (7, 11)) -> dict[str, float]:
    picture = np.full((*size_hw, 3), rgb, np.uint8)
    return dict(zip(MEASURES, measure(picture).values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.2, 80.1, 67.2)),  # of sRGB's red, by the standard's formula
        ((0, 0, 255), (32.3, 79.2, -107.9)),
    ],
)
def test_plain_colours(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    found = of(rgb)
    assert [found[n] for n in ("lightness", "green_red", "blue_yellow")] == pytest.approx(lab, abs=0.1)
    assert [found[n] for n in ("lightness_spread", "sharpness", "noise")] == pytest.approx([0, 0, 0], abs=1e-9)


def test_grey_has_no_colour() -> None:
    """Rounding of the formula would otherwise be all the difference between two sets of grey crops."""
    picture = np.arange(77, dtype=np.uint8).reshape(7, 11, 1).repeat(3, axis=2)
    found = dict(zip(MEASURES, measure(picture).values.tolist(), strict=True))
    assert found["green_red"] == found["green_red_spread"] == found["blue_yellow_spread"] == 0
    assert found["lightness_spread"] > 0


def test_half_black_half_white() -> None:
    """Lightness 50, 50 off it on average; the histogram has the ends alone."""
    picture = np.zeros((8, 11, 3), np.uint8)
    picture[4:] = 255
    found = measure(picture)
    assert found.values[:2] == pytest.approx([50, 50])
    assert found.histograms.shape == (3, BINS)
    assert found.histograms[0, [0, -1]] == pytest.approx([0.5, 0.5])
    assert found.histograms.sum(axis=1) == pytest.approx([1, 1, 1])


def test_large_pictures_are_looked_at_here_and_there() -> None:
    picture = np.zeros((700, 1200, 3), np.uint8)
    picture[::3, ::3] = 255  # 1200 px is thinned out by 3
    assert measure(picture).values[0] == pytest.approx(100)


def test_sharpness_by_hand() -> None:
    """A white dot: the Laplacian is -4 at it, 1 at its four neighbours, 0 at the other 20 inner pixels of 7x7."""
    grey = np.zeros((7, 7))
    grey[3, 3] = 1
    assert sharpness(grey) == pytest.approx((16 + 4) / 25)
    ramp = np.tile(np.linspace(0, 1, 11), (7, 1))
    assert sharpness(ramp) == pytest.approx(0)


@pytest.mark.parametrize(("place", "weight"), [((1, 1), 4), ((0, 1), -2), ((2, 0), 1)])
def test_noise_by_hand(place: tuple[int, int], weight: int) -> None:
    """A white dot somewhere in 3x3, and the weight that Immerkaer's mask has there."""
    grey = np.zeros((3, 3))
    grey[place] = 1
    assert noise(grey) == pytest.approx(np.sqrt(np.pi / 2) * abs(weight) / 6)


@pytest.mark.parametrize("sigma", [0.01, 0.05])
def test_noise_of_a_known_deviation(sigma: float) -> None:
    """On a slope, which it does not see."""
    slope = np.linspace(0.2, 0.8, 160) + np.linspace(0, 0.1, 120)[:, None]
    noisy = slope + np.random.default_rng(0).normal(0, sigma, slope.shape)
    assert noise(noisy) == pytest.approx(sigma, rel=0.03)


def test_luma() -> None:
    picture = np.array([[[255, 0, 0], [0, 255, 0], [255, 255, 255]]], np.uint8)
    assert luma(picture) == pytest.approx(np.array([[0.299, 0.587, 1.0]]))


@pytest.mark.parametrize("key", sorted({key for keys in TURN.values() for key in keys}))
def test_what_to_turn_is_a_key_of_params(key: str) -> None:
    value = PARAMS
    for part in key.split("."):
        value = value[part]
    assert value is not None
