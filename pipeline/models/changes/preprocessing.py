"""What is done to pictures before a classifier sees them: mean and deviation of the training crops, or of each picture.

The statistics are buffers of the network: they are saved with its weights, and prediction uses those of training.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.errors import InputError, lookup
from pipeline.models.changes.parts import replace
from pipeline.models.classifiers.normalise import Normalise, Standardise
from pipeline.params import Classifier

FRONTS = (Standardise, Normalise)  # that a preprocessing takes the place of
PART = 1024  # pictures at a time
LEAST = 1e-3  # deviation


class TrainingStatistics(nn.Module):
    """Pictures [N, C, S, S] in 0 .. 1, less the mean over training, divided by the deviation where `scaled`."""

    def __init__(self, shape: tuple[int, ...], scaled: bool) -> None:
        super().__init__()
        self.scaled = scaled
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape[0], 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        mean = torch.as_tensor(self.mean)
        if mean.shape[-1] > 1 and mean.shape[-2:] != pictures.shape[-2:]:  # a mean picture, at another scale
            mean = F.interpolate(mean[None], pictures.shape[-2:], mode="bilinear")[0]
        return (pictures - mean) / torch.as_tensor(self.deviation)

    def measure(self, mean: Tensor, square: Tensor) -> None:
        """Take the mean picture [C, S, S] and the mean of the squares."""
        own = torch.as_tensor(self.mean)
        if own.shape[-1] == 1:  # one value for a channel
            mean, square = (v.mean(dim=(1, 2), keepdim=True) for v in (mean, square))
        own.copy_(mean)
        if self.scaled:
            torch.as_tensor(self.deviation).copy_((square - mean.square()).clamp(min=LEAST**2).sqrt())


# name -> module for (channels, side in px)
PREPROCESSING: dict[str, Callable[[int, int], nn.Module]] = {
    "none": lambda channels, side_px: nn.Identity(),
    "mean_image": lambda channels, side_px: TrainingStatistics((channels, side_px, side_px), False),  # AlexNet
    "channel_mean": lambda channels, side_px: TrainingStatistics((channels, 1, 1), False),  # VGG
    "channel_mean_std": lambda channels, side_px: TrainingStatistics((channels, 1, 1), True),  # ResNet
    "each": lambda channels, side_px: Standardise(),
}


def change_preprocessing(network: nn.Module, fit: Classifier, channels: int) -> None:
    """Put what `fit` names in front, instead of the network's own. Raises InputError for an unknown name."""
    if fit.preprocessing == "own":
        return
    key = "params.yaml: classifier.preprocessing"
    make = lookup({"own": nn.Identity, **PREPROCESSING}, fit.preprocessing, key)
    if not replace(network, lambda m: isinstance(m, FRONTS), lambda old: make(channels, fit.input_px)):
        raise InputError(f"{key}: {fit.preprocessing}: expected a network with a preprocessing, found {fit.model}.")


def set_statistics(network: nn.Module, crops: Callable[[], Tensor]) -> None:
    """Measure what the network wants to know on the training crops, uint8 [N, C, S, S], which are read if it does."""
    wanting = [m for m in network.modules() if isinstance(m, TrainingStatistics)]
    if wanting:
        moments = mean_and_square(crops())
        for module in wanting:
            module.measure(*moments)


def mean_and_square(crops: Tensor) -> tuple[Tensor, Tensor]:
    """Means [C, S, S] over pictures uint8 [N, C, S, S], of values in 0 .. 1 and of their squares, in float64."""
    total, square = (torch.zeros(crops.shape[1:], dtype=torch.float64) for _ in range(2))
    for part in torch.split(crops, PART):
        values = part.double() / 255
        total += values.sum(0)
        square += values.square().sum(0)
    return total / len(crops), square / len(crops)
