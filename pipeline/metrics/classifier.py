"""Top-1 accuracy of a classifier: part of the objects whose category it names."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, category_names
from pipeline.metrics.inputs import Results, image_index, objects
from pipeline.metrics.resample import Scorer


def confusion(truth: Coco, results: Results) -> list[tuple[str, str]]:
    """(actual, predicted) category names, one row for each object, in the order of the annotations.

    `results` must hold one entry for each object, with its `annotation_id` (see `check_results`); else KeyError.
    """
    names = {c["id"]: c["name"] for c in truth["categories"]}
    predicted = {r["annotation_id"]: names[r["category_id"]] for r in results}
    return [(names[a["category_id"]], predicted[a["id"]]) for a in objects(truth)]


def wrong_names(truth: Coco, results: Results) -> Results:
    """The results that give an object another name than its own; what is said of a crowd is neither right nor wrong."""
    actual = {a["id"]: a["category_id"] for a in objects(truth)}
    return [r for r in results if r["category_id"] != actual.get(r["annotation_id"], r["category_id"])]


def classifier_metrics(truth: Coco, results: Results) -> dict[str, Any]:
    """`accuracy`, number of `images`, accuracy `per_class` by name; None where there is no object."""
    rows = confusion(truth, results)
    hits: dict[str, list[bool]] = {name: [] for name in category_names(truth)}
    for actual, predicted in rows:
        hits[actual].append(actual == predicted)
    return {
        "accuracy": _mean([actual == predicted for actual, predicted in rows]),
        "images": len(truth["images"]),
        "per_class": {name: _mean(of_class) for name, of_class in hits.items()},
    }


def _mean(hits: list[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def classifier_scorer(truth: Coco, results: Results) -> Scorer:
    """Accuracy over resamples of images: a ratio of sums, as an image may hold several objects or none."""
    index = image_index(truth)
    right, total = np.zeros((2, len(index)), dtype=np.int64)  # objects by image, [N] each
    for annotation, (actual, predicted) in zip(objects(truth), confusion(truth, results), strict=True):
        right[index[annotation["image_id"]]] += actual == predicted
        total[index[annotation["image_id"]]] += 1

    def score(counts: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        with np.errstate(invalid="ignore"):  # no object drawn: NaN
            return {"accuracy": (counts @ right) / (counts @ total)}

    return score
