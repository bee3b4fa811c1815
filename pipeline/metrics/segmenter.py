"""How well class maps agree: mean IoU, Dice, pixel accuracy. Sums over the pixels of all images, then ratios.

For each class, of its true pixels T, its predicted pixels P and those in both I:

- IoU = I / (T + P - I) (Jaccard 1912). `mIoU` is its mean over classes, background included, as Pascal VOC (Everingham
  et al. 2010) and Long, Shelhamer and Darrell (2015) have it.
- Dice = 2 I / (T + P) (Dice 1945). `Dice` is its mean over categories, without background.
- `pixel_accuracy` = sum of I / sum of T over all classes.

A mean leaves out a class without true pixels, as COCO's AP does; what is wrongly called by its name lacks in another
class. Pixels of a crowd count nowhere.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.class_maps import IGNORED, ClassMap, class_map, size_of
from pipeline.coco import Coco, category_names
from pipeline.metrics.inputs import Results, image_ids
from pipeline.metrics.resample import Scorer

BACKGROUND = "background"
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def pixel_confusion(actual: ClassMap, predicted: ClassMap, classes: int) -> Ints:
    """Number of pixels [classes, classes] by actual (rows) and predicted (columns) class."""
    counted = actual != IGNORED
    pairs = actual[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def tallies(truth: Coco, results: Results) -> Ints:
    """Pixels in common, true and predicted, of each class of each image: [N, 3, 1 + categories], images by id."""
    classes = 1 + len(truth["categories"])
    sizes_hw = {image["id"]: size_of(image) for image in truth["images"]}
    actual, predicted = _by_image(truth["annotations"]), _by_image(results)
    found = np.zeros((len(sizes_hw), 3, classes), np.int64)
    for n, i in enumerate(image_ids(truth)):
        maps = [class_map(entries.get(i, []), sizes_hw[i]) for entries in (actual, predicted)]
        confusion = pixel_confusion(maps[0], maps[1], classes)
        found[n] = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return found


def _by_image(entries: Results) -> dict[int, Results]:
    found: dict[int, Results] = {}
    for entry in entries:
        found.setdefault(entry["image_id"], []).append(entry)
    return found


def by_class(sums: Ints) -> tuple[Floats, Floats]:
    """IoU and Dice [R, 1 + categories] of sums [R, 3, 1 + categories]; NaN of a class without true pixels."""
    common, true, predicted = np.moveaxis(sums, 1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        iou, dice = common / (true + predicted - common), 2 * common / (true + predicted)
    return np.where(true > 0, iou, np.nan), np.where(true > 0, dice, np.nan)


def scores(sums: Ints) -> dict[str, Floats]:
    """The three figures [R] of sums [R, 3, 1 + categories]; NaN where nothing is defined."""
    iou, dice = by_class(sums)
    with np.errstate(invalid="ignore"):
        accuracy = sums[:, 0].sum(axis=1) / sums[:, 1].sum(axis=1)
    return {"mIoU": _mean(iou), "Dice": _mean(dice[:, 1:]), "pixel_accuracy": accuracy}


def _mean(values: Floats) -> Floats:
    """Mean of what is defined in each row; NaN where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
    return mean


def segmenter_metrics(truth: Coco, results: Results) -> dict[str, Any]:
    """`mIoU`, `Dice`, `pixel_accuracy`, number of `images`, `per_class` IoU and Dice by name; None for undefined."""
    sums = tallies(truth, results).sum(axis=0)[None]
    (iou,), (dice,) = by_class(sums)
    names = [BACKGROUND, *category_names(truth)]
    return {
        **{name: _known(of[0]) for name, of in scores(sums).items()},
        "images": len(truth["images"]),
        "per_class": {n: {"IoU": _known(i), "Dice": _known(d)} for n, i, d in zip(names, iou, dice, strict=True)},
    }


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def segmenter_scorer(truth: Coco, results: Results) -> Scorer:
    """The three figures over resamples of images: an image drawn twice counts its pixels twice."""
    of_images = tallies(truth, results)
    return lambda counts: scores(np.tensordot(counts, of_images, axes=1))
