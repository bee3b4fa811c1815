"""The rendered objects that come nearest to the worst mistakes: is there anything like them in what was trained on?"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from pipeline.coco import Coco, names_of
from pipeline.dataset import load_crops
from pipeline.distance.compare import Comparison
from pipeline.distance.sets import draw, only
from pipeline.metrics import Results, results_of_task
from pipeline.metrics.classifier import wrong_names
from pipeline.params import Classifier

NETWORK = "synthetic"  # the regime whose mistakes are looked at: rendered images are all that it knows


def wrong_of(truth: Coco, results: Results) -> Results:
    """A classifier's wrong names, the most confident first."""
    return sorted(wrong_names(truth, results), key=lambda r: (-float(r["score"]), r["annotation_id"]))


def neighbours(of: Comparison, predictions: Path) -> dict[str, Any]:
    """The part `neighbours` of distance.json; `predictions`: the names that NETWORK gives on real test.

    Nearest by the cosine of its features. `typical_distance` is the median over the real test crops that were drawn.
    """
    truth, own = of.cocos["real_test"], of.params.distance
    wrong = wrong_of(truth, results_of_task(of.task, predictions, truth))
    shown, by_id, names = wrong[: own.mistakes], {a["id"]: a for a in truth["annotations"]}, names_of(truth)
    mistaken = [by_id[r["annotation_id"]] for r in shown]
    among = draw(of.cocos["synthetic_train"], True, own.candidates, of.rng("candidates"))
    search = NearestNeighbors(n_neighbors=1, metric="cosine").fit(_features(of, among))
    typical = search.kneighbors(of.looked["real_test"].features[NETWORK])[0]
    count = min(own.neighbours, len(among["annotations"]))
    found = search.kneighbors(_features(of, only(truth, mistaken)), count) if mistaken else ([], [])
    mistakes = [
        {
            **_object(annotation, names),
            "predicted": names[result["category_id"]],
            "score": result["score"],
            "nearest": [
                {**_object(among["annotations"][n], names), "distance": float(d)}
                for d, n in zip(distances, numbers, strict=True)
            ],
        }
        for result, annotation, distances, numbers in zip(shown, mistaken, *found, strict=True)
    ]
    return {"wrong": len(wrong), "typical_distance": float(np.median(typical)), "mistakes": mistakes}


def _features(of: Comparison, coco: Coco) -> npt.NDArray[np.float64]:
    assert isinstance(of.fit, Classifier)
    return of.networks[NETWORK].of_crops(load_crops(coco, of.data, of.fit).crops)


def _object(annotation: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    keys = {"image_id": annotation["image_id"], "annotation_id": annotation["id"], "bbox": annotation["bbox"]}
    return {**keys, "category": names[annotation["category_id"]]}
