"""Stage: the cascade, a detector's boxes with a classifier's names, for the two models of one regime.

After R-CNN (Girshick et al. 2014), whose second half names regions that its first half proposes. A name's score is
the detector's score x the classifier's probability. First the detector's boxes are thinned out as if they had one
category, since its own names, which may keep two boxes on one object apart, no longer count.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from pipeline.coco import Coco, write_json
from pipeline.dataset import load_crops
from pipeline.errors import run
from pipeline.folders import whole_folder
from pipeline.infer import SCORE_DIGITS, best_device, probabilities
from pipeline.measure import read_truths, write_measured
from pipeline.merging import thin_out
from pipeline.metrics import Results, read_results
from pipeline.models.checkpoint import fit_of, load_model
from pipeline.params import Classifier, load_params
from pipeline.runs import CASCADE, REGIMES, measured, results_of, write_none
from pipeline.test_time import context_of, with_views

LEAST_SCORE = 0.001  # of a name


@dataclass(frozen=True)
class Namer:
    """A classifier, and how it wants its crops."""

    model: nn.Module
    params: Classifier
    batch_size: int
    context: float = 1.0  # of its crops


def name_boxes(boxes: Results, truth: Coco, images: Path, namer: Namer) -> Results:
    """COCO results: every box under each name that the classifier finds likely enough."""
    if not boxes:
        return []
    as_objects = [{**b, "id": n} for n, b in enumerate(boxes, start=1)]
    crops = load_crops({**truth, "annotations": as_objects}, images, namer.params, namer.context)
    of_boxes = probabilities(namer.model, crops.crops, namer.batch_size).tolist()
    return [entry for box, of_box in zip(boxes, of_boxes, strict=True) for entry in _entries(box, of_box)]


def _entries(box: dict[str, Any], of_box: list[float]) -> Results:
    scores = [round(box["score"] * p, SCORE_DIGITS) for p in of_box]
    return [{**box, "category_id": n, "score": s} for n, s in enumerate(scores, start=1) if s >= LEAST_SCORE]


def cascade(boxes: Path, truths: Mapping[str, Coco], images: Path, namer: Namer) -> dict[str, Results]:
    """Split -> results; `boxes` is the folder of the detector's predictions."""
    results = {}
    for split, truth in truths.items():
        found = read_results(boxes / f"{split}.json", truth, per_object=False)
        results[split] = name_boxes(thin_out(found), truth, images, namer)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--models", type=Path, required=True, help="folder with classifier/REGIME")
    parser.add_argument("--results", type=Path, required=True, help="folder with the detector's predictions")
    parser.add_argument("--regime", choices=REGIMES, required=True, help="of both models")
    parser.add_argument("--data", type=Path, required=True, help="folder that file names start from")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = load_params(args.params)
    with whole_folder(args.out) as folder:
        if CASCADE not in measured(params.tasks):
            write_none(folder / "predictions", "tasks")
            write_json(folder / "metrics.json", {})
            return
        model, card = load_model(args.models / "classifier" / args.regime)
        classifier = fit_of(card)
        assert isinstance(classifier, Classifier)
        views = params.evaluate.test_time
        network = with_views(model.to(best_device()), classifier, views)
        namer = Namer(network, classifier, params.evaluate.batch_size, context_of(views))
        synthetic, real = (args.data / domain / "detector" for domain in ("synthetic", "real"))
        truths = read_truths(synthetic, real, args.data, card.categories)
        boxes = results_of(args.results, "detector", args.regime) / "predictions"
        write_measured(folder, CASCADE, truths, cascade(boxes, truths, args.data, namer))


if __name__ == "__main__":
    run(main)
