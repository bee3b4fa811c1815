"""Samples as the networks see them: features and measures of the crops or pictures of a set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import Tensor
from tqdm import tqdm

from pipeline.coco import Coco
from pipeline.dataset import load_crops, to_tensor
from pipeline.distance.features import Features
from pipeline.distance.measures import Measured, measure
from pipeline.distance.sets import Sampled, groups_of
from pipeline.params import Classifier, Fit
from pipeline.photo import load_picture


@dataclass(frozen=True)
class Looked:
    """What is known of the N samples of a set."""

    groups: npt.NDArray[np.int64]  # [N]
    features: dict[str, npt.NDArray[np.float64]]  # network -> [N, D]
    measured: list[Measured]

    @property
    def images(self) -> int:
        return int(self.groups.max()) + 1

    def measure(self, number: int) -> Sampled:
        """One of MEASURES, values [N]."""
        return Sampled(np.array([m.values[number] for m in self.measured]), self.groups)

    def histogram(self, channel: int) -> Sampled:
        """Of L*, a* or b*, values [N, BINS]."""
        return Sampled(np.stack([m.histograms[channel] for m in self.measured]), self.groups)


def look(coco: Coco, images: Path, fit: Fit, networks: Mapping[str, Features], name: str) -> Looked:
    """All samples of a drawn COCO file: crops for a classifier, else whole pictures, one at a time."""
    if isinstance(fit, Classifier):
        crops = load_crops(coco, images, fit).crops
        features = {n: network.of_crops(crops) for n, network in networks.items()}
        return Looked(groups_of(coco, True), features, [measure(as_rgb(crop)) for crop in crops])
    found: dict[str, list[npt.NDArray[np.float64]]] = {n: [] for n in networks}
    measured = []
    for image in tqdm(coco["images"], unit="picture", desc=name, mininterval=2):
        picture = load_picture(images / image["file_name"])
        measured.append(measure(picture))
        for n, network in networks.items():
            found[n].append(network.of_picture(to_tensor(picture)))
    return Looked(groups_of(coco, False), {n: np.stack(f) for n, f in found.items()}, measured)


def as_rgb(crop: Tensor) -> npt.NDArray[np.uint8]:
    """Crop uint8 [C, S, S] in grey or colours -> [S, S, 3]."""
    return np.asarray(crop.expand(3, -1, -1).permute(1, 2, 0).numpy(), np.uint8)
