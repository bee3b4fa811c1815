"""What training pictures take from real train pictures, without their labels: colours, and how light runs over them."""

from collections.abc import Sequence

from torch import Tensor

from pipeline.augment.fourier import Amplitudes
from pipeline.augment.histogram import Histograms
from pipeline.params import Augment

TAKEN = ("histogram_matching", "fourier")  # keys of a section `augment` that want real train pictures


def taken(params: Augment) -> list[str]:
    """Those of TAKEN that are on."""
    return [key for key in TAKEN if getattr(params, key)]


class RealLook:
    """Histograms, then low frequencies, of reference pictures uint8 [C, H, W]; each with a draw of its own."""

    def __init__(self, references: Sequence[Tensor], params: Augment) -> None:
        self.params = params
        self.histograms = Histograms(references) if params.histogram_matching else None
        self.amplitudes = Amplitudes(references, params.fourier_beta) if params.fourier else None

    def give(self, pictures: Tensor) -> Tensor:
        """uint8 [N, C, H, W], of which so many as `augment` says look like references; what is off draws nothing."""
        if self.histograms:
            pictures = self.histograms.match(pictures, self.params.histogram_matching)
        return self.amplitudes.swap(pictures, self.params.fourier) if self.amplitudes else pictures
