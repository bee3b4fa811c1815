"""Fourier domain adaptation: low frequencies get the amplitudes of another picture (FDA, Yang and Soatto 2020).

Phases, which hold edges and places, stay; amplitudes of low frequencies hold how light, colour and contrast run over
the whole picture. Those of the frequencies (u, v) with |u| and |v| of at most floor(beta x the shorter side) cycles are
swapped, as in the authors' code (FDA_source_to_target): at 0 that is the mean of each channel.
"""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

Size = tuple[int, int]


class Amplitudes:
    """Amplitudes of reference pictures, uint8 [C, H, W] of any size."""

    def __init__(self, references: Iterable[Tensor], beta: float) -> None:
        self.references, self.beta = list(references), beta
        self.known: dict[tuple[int, Size], Tensor] = {}

    def swap(self, pictures: Tensor, part: float) -> Tensor:
        """This part of pictures uint8 [N, C, H, W], each after a reference of its own draw; the others as they are."""
        chosen = (torch.rand(len(pictures)) < part).nonzero().flatten()
        drawn = torch.randint(len(self.references), (len(chosen),))
        if not len(chosen):
            return pictures
        size_hw = (pictures.shape[-2], pictures.shape[-1])
        wanted = torch.stack([self.at_size(int(n), size_hw) for n in drawn])
        result = pictures.clone()
        made = swapped(pictures[chosen].float(), wanted, highest(size_hw, self.beta))
        result[chosen] = made.clamp(0, 255).round().to(torch.uint8)
        return result

    def at_size(self, number: int, size_hw: Size) -> Tensor:
        """Of one reference as if it had this size, as in the paper; kept, as most pictures have one size."""
        if (number, size_hw) not in self.known:
            reference = self.references[number][None].float()
            if reference.shape[-2:] != size_hw:
                reference = F.interpolate(reference, size_hw, mode="bilinear", antialias=True)
            self.known[number, size_hw] = low(torch.fft.rfft2(reference), size_hw, highest(size_hw, self.beta))[0].abs()
        return self.known[number, size_hw]


def highest(size_hw: Size, beta: float) -> int:
    """The highest frequency that is swapped, in cycles of the whole picture."""
    return math.floor(beta * min(size_hw))


def rows_of(size_hw: Size, top: int) -> Tensor:
    """Rows of a spectrum that hold the frequencies -top .. top."""
    return torch.arange(-top, top + 1) % size_hw[0]


def low(spectrum: Tensor, size_hw: Size, top: int) -> Tensor:
    """The low frequencies [..., 2 top + 1, top + 1] of rfft2's half of a spectrum; the other half mirrors it."""
    return spectrum[..., rows_of(size_hw, top), : top + 1]


def swapped(pictures: Tensor, amplitudes: Tensor, top: int) -> Tensor:
    """Pictures [N, C, H, W] with the amplitudes [N, C, 2 top + 1, top + 1] at their low frequencies."""
    size_hw = (pictures.shape[-2], pictures.shape[-1])
    spectrum = torch.fft.rfft2(pictures)
    phases = low(spectrum, size_hw, top).angle()
    spectrum[..., rows_of(size_hw, top), : top + 1] = torch.polar(amplitudes, phases)
    back: Tensor = torch.fft.irfft2(spectrum, s=size_hw)
    return back
