"""The sets of images that are held against each other, and the fixed number of samples that is looked at of each.

A sample is a crop around an object, or a whole picture. Crops of one image are no independent samples: everything in
this room groups them by their image.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, read_coco, subset
from pipeline.metrics.inputs import objects
from pipeline.runs import Task

SETS = {
    "synthetic_train": ("synthetic", "train"),
    "synthetic_val": ("synthetic", "val"),
    "real_train": ("real", "train"),
    "real_test": ("real", "test"),
}
# first/second: what is measured is always second against first. Those of one domain show what no difference looks like
PAIRS = (
    *("synthetic_train/real_train", "synthetic_train/real_test"),
    *("synthetic_val/real_train", "synthetic_val/real_test"),
    *("synthetic_train/synthetic_val", "real_train/real_test"),
)
LEAST_IMAGES = 4  # of a set: halves of fewer say nothing


@dataclass(frozen=True)
class Sampled:
    """One value or vector for each of N samples, and the images that they come from."""

    values: npt.NDArray[np.float64]  # [N, ...]
    groups: npt.NDArray[np.int64]  # [N], from 0 without gaps: the image

    @property
    def images(self) -> int:
        return int(self.groups.max()) + 1 if len(self.groups) else 0

    def sums(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Sums over the samples of each image: [N, ...] -> [images, ...]."""
        total = np.zeros((self.images, *values.shape[1:]))
        np.add.at(total, self.groups, values)
        return total


def draw(coco: Coco, crops: bool, count: int, rng: np.random.Generator) -> Coco:
    """At most `count` crops (annotations), or pictures, of a COCO file, in its order; without replacement."""
    if not crops:
        return subset(coco, [coco["images"][n] for n in _some(len(coco["images"]), count, rng)])
    there = objects(coco)
    return only(coco, [there[n] for n in _some(len(there), count, rng)])


def only(coco: Coco, annotations: list[dict[str, Any]]) -> Coco:
    """These annotations of a COCO file, with the images that they lie on."""
    there = {a["image_id"] for a in annotations}
    images = [i for i in coco["images"] if i["id"] in there]
    return {"images": images, "annotations": annotations, "categories": coco["categories"]}


def _some(there: int, count: int, rng: np.random.Generator) -> list[int]:
    return sorted(rng.choice(there, min(there, count), replace=False).tolist())


def groups_of(coco: Coco, crops: bool) -> npt.NDArray[np.int64]:
    """The image of each sample of a drawn COCO file, [N], from 0."""
    ids = [a["image_id"] for a in coco["annotations"]] if crops else [i["id"] for i in coco["images"]]
    return np.unique(np.array(ids, np.int64), return_inverse=True)[1].reshape(-1).astype(np.int64)


def read_sets(task: Task, data: Path) -> dict[str, Coco]:
    """Set -> COCO file. Raises InputError that names a missing or damaged file."""
    return {name: read_coco(data / domain / task / f"{part}.json", data) for name, (domain, part) in SETS.items()}


def pairs_of(images: dict[str, int]) -> list[tuple[str, str, str]]:
    """(pair, first, second) of those of PAIRS that have enough images in both; `images` by set."""
    enough = {name for name, count in images.items() if count >= LEAST_IMAGES}
    return [(pair, *of) for pair in PAIRS if enough.issuperset(of := (pair.split("/")[0], pair.split("/")[1]))]
