"""What a network knows of a picture just before it answers: the features that sets are compared by.

Of a classifier the input of its last layer (its penultimate layer; of a network of one layer that is the pixels as the
layer sees them). Of a detector or segmenter the last map of its backbone, its mean over all places; where the backbone
looks at many parts of a picture, as R-CNN's, the mean over those too.
"""

from contextlib import suppress

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pipeline.infer import device_of
from pipeline.models.changes.parts import last_layer, named_backbones
from pipeline.models.detectors.rcnn import Described

BATCH = 256  # crops
Floats = npt.NDArray[np.float64]


class Enough(Exception):
    """The backbone has looked at the picture: what a detector would make of it takes far longer."""


class Features:
    """A network whose features are kept as it looks at pictures."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()
        self._seen: list[Tensor] = []
        self._in_parts = any(isinstance(m, Described) for m in network.modules())
        last = last_layer(network)
        if last is not None:
            last.register_forward_pre_hook(lambda module, inputs: self._keep(inputs[0]))
        else:
            [*named_backbones(network)[0].children()][-1].register_forward_hook(lambda m, i, maps: self._stop(maps))

    def _keep(self, features: Tensor) -> None:
        self._seen.append(pooled(features).float().cpu())

    def _stop(self, maps: Tensor) -> None:
        self._keep(maps)
        if not self._in_parts:
            raise Enough

    @torch.inference_mode()
    def of_crops(self, crops: Tensor) -> Floats:
        """Crops uint8 [N, C, S, S] of a classifier -> features [N, D]."""
        return np.concatenate([self._after(self._pixels(part)) for part in torch.split(crops, BATCH)])

    @torch.inference_mode()
    def of_picture(self, picture: Tensor) -> Floats:
        """Picture uint8 [3, H, W] -> features [D]. Alone: in a batch it would be padded."""
        found: Floats = self._after([self._pixels(picture)]).mean(axis=0)
        return found

    def _after(self, pixels: Tensor | list[Tensor]) -> Floats:
        self._seen.clear()
        with suppress(Enough):
            self.network(pixels)
        return np.asarray(torch.cat(self._seen).double().numpy())

    def _pixels(self, pictures: Tensor) -> Tensor:
        return pictures.to(device_of(self.network)).float() / 255


def pooled(features: Tensor) -> Tensor:
    """What a layer takes or puts out -> [N, D]: of maps the mean over their places."""
    return features.mean(dim=(2, 3)) if features.ndim == 4 else features.flatten(1)


def standardised(of: dict[str, Floats]) -> dict[str, Floats]:
    """Features [N, D] of all sets, each to mean 0 and deviation 1 over the sets together; constant ones to 0.

    So figures do not depend on the scale that a network happens to have, and those of two networks compare.
    """
    together = np.concatenate(list(of.values()))
    deviation = together.std(axis=0)
    deviation[deviation <= 1e-9 * np.abs(together).max(initial=1.0)] = np.inf
    return {name: (values - together.mean(axis=0)) / deviation for name, values in of.items()}
