"""Low frequencies swapped, against numpy's FFT of whole spectra and by hand."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from test_augment_histogram import drawn

from pipeline.augment.fourier import Amplitudes, highest, low, swapped
from pipeline.augment.real_look import RealLook
from pipeline.params import Augment

SIZE_HW = (7, 11)


def by_the_paper(picture: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], top: int) -> npt.NDArray[np.float64]:
    """FDA_source_to_target_np of the authors' code: [C, H, W], a square of 2 top + 1 in the middle of the spectrum."""
    of_picture, of_other = np.fft.fft2(picture), np.fft.fft2(other)
    amplitude, wanted = (np.fft.fftshift(np.abs(f), axes=(-2, -1)) for f in (of_picture, of_other))
    y, x = picture.shape[-2] // 2, picture.shape[-1] // 2
    square = np.s_[:, y - top : y + top + 1, x - top : x + top + 1]
    amplitude[square] = wanted[square]
    back = np.fft.ifftshift(amplitude, axes=(-2, -1)) * np.exp(1j * np.angle(of_picture))
    return np.real(np.fft.ifft2(back))


@pytest.mark.parametrize("size_hw", [SIZE_HW, (8, 12), (12, 8)])
@pytest.mark.parametrize("top", [0, 1, 3])
def test_it_is_the_paper_s(size_hw: tuple[int, int], top: int) -> None:
    """Odd and even sides, three channels."""
    picture, other = drawn(0, 110, 140, 3, *size_hw), drawn(1, 90, 130, 3, *size_hw)
    wanted = by_the_paper(picture.numpy(), other.numpy(), top)
    assert np.abs(like(picture, other, top) - wanted).max() < 1e-3
    assert np.abs(wanted - picture.numpy()).max() > 5


def like(picture: torch.Tensor, other: torch.Tensor, top: int) -> npt.NDArray[np.float32]:
    amplitudes = low(torch.fft.rfft2(other.float()), (picture.shape[-2], picture.shape[-1]), top).abs()
    return np.asarray(swapped(picture[None].float(), amplitudes[None], top)[0])


def test_amplitudes_are_exactly_those_of_the_other_picture_and_phases_stay() -> None:
    """Of frequencies up to 1, and of no others; before rounding to whole values."""
    picture, other = drawn(0, 110, 140, 1, *SIZE_HW), drawn(1, 90, 130, 1, *SIZE_HW)
    spectra = [np.fft.fft2(p[0].numpy()) for p in (picture, other)]
    made = np.fft.fft2(like(picture, other, 1)[0])
    for v in range(SIZE_HW[0]):
        for u in range(SIZE_HW[1]):
            near = min(v, SIZE_HW[0] - v) <= 1 and min(u, SIZE_HW[1] - u) <= 1
            assert abs(made[v, u]) == pytest.approx(abs(spectra[near][v, u]), abs=1e-2)
            assert np.angle(made[v, u] / spectra[0][v, u]) == pytest.approx(0, abs=1e-3)


def test_the_lowest_frequency_is_the_mean() -> None:
    """Two values by hand: 90 and 110 about 100, after a picture of 150: 140 and 160. Its own mean changes nothing."""
    picture = torch.tensor([[90, 110]], dtype=torch.uint8).repeat(7, 1).view(1, 1, 7, 2)
    bright = Amplitudes([torch.full((1, 5, 6), 150, dtype=torch.uint8)], beta=0.05)
    assert highest((7, 2), 0.05) == 0
    assert bright.swap(picture, 1.0)[0, 0].tolist() == [[140, 160]] * 7
    assert torch.equal(Amplitudes([picture[0]], beta=0.05).swap(picture, 1.0), picture)


@pytest.mark.parametrize(("size_hw", "beta", "top"), [((240, 320), 0.01, 2), ((45, 45), 0.05, 2), ((7, 11), 0.5, 3)])
def test_the_square_is_a_part_of_the_shorter_side(size_hw: tuple[int, int], beta: float, top: int) -> None:
    assert highest(size_hw, beta) == top


def test_its_own_amplitudes_change_nothing() -> None:
    pictures = drawn(0, 0, 256, 2, 3, *SIZE_HW)
    for picture in pictures:
        assert torch.equal(Amplitudes([picture], beta=0.5).swap(picture[None], 1.0)[0], picture)


def test_a_reference_of_another_size_is_scaled() -> None:
    """The same ramp at twice the size: its amplitudes per pixel are nearly those of the picture."""
    small, large = (torch.linspace(60, 180, n).expand(1, n, n).to(torch.uint8) for n in (12, 24))
    made = Amplitudes([large], beta=0.25).swap(small[None], 1.0)[0]
    assert float((made.float() - small.float()).abs().max()) <= 5


def test_a_part_is_swapped() -> None:
    """Dark pictures after bright ones: about half of 200 become bright, the rest stay as they are."""
    torch.manual_seed(0)
    pictures = drawn(0, 0, 20, 200, 1, *SIZE_HW)
    made = Amplitudes([drawn(1, 200, 205, 1, 4, 9), drawn(2, 240, 245, 1, 6, 2)], beta=0.1).swap(pictures, 0.5)
    bright = made.amin(dim=(1, 2, 3)) >= 150
    assert 70 < int(bright.sum()) < 130
    assert torch.equal(made[~bright], pictures[~bright])
    means = made[bright].float().mean(dim=(1, 2, 3))
    assert 20 < int((means < 220).sum()) < len(means) - 20


def test_off_draws_nothing() -> None:
    """Also with histogram matching alone: its draws are those of before."""
    reference, pictures = drawn(1, 0, 256, 3, 4, 9), drawn(0, 0, 256, 2, 3, *SIZE_HW)
    off = Augment.model_construct(histogram_matching=0.0, fourier=0.0, fourier_beta=0.05)
    torch.manual_seed(3)
    assert RealLook([reference], off).give(pictures) is pictures
    first = float(torch.rand(()))
    torch.manual_seed(3)
    assert float(torch.rand(())) == first
    both = off.model_copy(update={"fourier": 1.0, "histogram_matching": 1.0})
    made = RealLook([reference], both).give(pictures)
    matched = RealLook([reference], off.model_copy(update={"histogram_matching": 1.0})).give(pictures)
    assert torch.equal(made, Amplitudes([reference], 0.05).swap(matched, 1.0))
