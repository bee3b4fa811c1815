"""Stage: a trained model on synthetic val, on real val, by which one may choose, and on real test, by which not."""

import argparse
import csv
import io
from pathlib import Path
from typing import Any

from torch import nn

from pipeline.coco import Coco, check_categories, write_json
from pipeline.dataset import load_crops, load_pictures, read_split
from pipeline.errors import run
from pipeline.folders import whole_folder
from pipeline.infer import best_device, classify_boxes, detect
from pipeline.metrics import Results, classifier_metrics, confusion, detector_metrics, precision_recall
from pipeline.models.checkpoint import Card, load_model
from pipeline.params import Classifier, load_params
from pipeline.section import validate


def predict(model: nn.Module, card: Card, truth: Coco, images: Path, batch_size: int) -> Results:
    """COCO results: detections, or for a classifier one entry for each true box."""
    if card.task == "detector":
        return detect(model, load_pictures(truth, images), batch_size)
    crops = load_crops(truth, images, validate(Classifier, card.params, "model.json: params"))
    return classify_boxes(model, crops, truth["annotations"], batch_size)


def measure(task: str, truth: Coco, results: Results) -> dict[str, Any]:
    return classifier_metrics(truth, results) if task == "classifier" else detector_metrics(truth, results)


def write_rows(path: Path, header: tuple[str, str], rows: list[tuple[Any, Any]]) -> None:
    """A table for DVC's plots."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_text(text.getvalue(), encoding="utf-8")


def write_plots(task: str, truth: Coco, results: Results, folder: Path) -> None:
    if task == "classifier":
        write_rows(folder / "confusion.csv", ("actual", "predicted"), confusion(truth, results))
    else:
        write_rows(folder / "precision_recall.csv", ("recall", "precision"), precision_recall(truth, results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, required=True, help="folder with val.json")
    parser.add_argument("--real", type=Path, required=True, help="folder with val.json and test.json")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    batch_size = load_params(args.params).evaluate.batch_size
    model, card = load_model(args.model)
    model.to(best_device())
    truths = {  # real test last: the plots are drawn from it
        "synthetic_val": args.synthetic / "val.json",
        "real_val": args.real / "val.json",
        "real_test": args.real / "test.json",
    }
    with whole_folder(args.out) as folder:
        metrics = {}
        for name, path in truths.items():
            truth = read_split(path, args.images)
            check_categories(path, truth, card.categories)
            results = predict(model, card, truth, args.images, batch_size)
            write_json(folder / "predictions" / f"{name}.json", results)
            metrics[name] = measure(card.task, truth, results)
        write_plots(card.task, truth, results, folder / "predictions")
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    run(main)
