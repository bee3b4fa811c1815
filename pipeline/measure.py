"""What a model is measured on, and what is written of it: the same for a task and for the cascade."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.coco import Coco, check_categories, read_coco, write_json
from pipeline.dataset import read_split
from pipeline.folders import whole_folder
from pipeline.metrics import METRICS_OF, Results, confusion, detector_metrics, precision_recall, shape_metrics
from pipeline.models.checkpoint import Card
from pipeline.rows import write_rows
from pipeline.runs import EVALUATED, task_of


def read_truths(synthetic: Path, real: Path, images: Path, categories: list[str]) -> dict[str, Coco]:
    """Split -> COCO file, those of EVALUATED; without real val where a benchmark has no real images to train on.

    Raises:
        InputError: what read_coco finds, a split without objects, or other categories than the model's.
    """
    folders, truths = {"synthetic": synthetic, "real": real}, {}
    for name, (domain, split) in EVALUATED.items():
        path = folders[domain] / f"{split}.json"
        truth = read_coco(path, images) if name == "real_val" else read_split(path, images)
        check_categories(path, truth, categories)
        if truth["annotations"]:
            truths[name] = truth
    return truths


def measuring(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments of whoever measures a model, beside what names it."""
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--synthetic", type=Path, required=True, help="folder with val.json")
    parser.add_argument("--real", type=Path, required=True, help="folder with val.json and test.json")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def measure(args: argparse.Namespace, card: Card, predict: Callable[[Coco], Results]) -> None:
    """Predict and measure each split that `args` name; `card` says for which task and categories."""
    truths = read_truths(args.synthetic, args.real, args.images, card.categories)
    with whole_folder(args.out) as folder:
        results = {split: predict(truth) for split, truth in truths.items()}
        write_measured(folder, card.task, truths, results)


def write_measured(folder: Path, name: str, truths: Mapping[str, Coco], results: Mapping[str, Results]) -> None:
    """Predictions and metrics of each split, and plots of real test; `name` is that of a task or the cascade."""
    task = task_of(name)
    measure = _found if task == "detector" else METRICS_OF[task]
    for split, found in results.items():
        write_json(folder / "predictions" / f"{split}.json", found)
    write_json(folder / "metrics.json", {split: measure(truths[split], found) for split, found in results.items()})
    write_plots(folder / "predictions", name, truths["real_test"], results["real_test"])


def _found(truth: Coco, results: Results) -> dict[str, Any]:
    """A detector's boxes, and its masks and keypoints where it and the truth have some."""
    return {**detector_metrics(truth, results), **shape_metrics(truth, results)}


def write_plots(folder: Path, name: str, truth: Coco, results: Results) -> None:
    if task_of(name) == "classifier":
        write_rows(folder / "confusion.csv", ("actual", "predicted"), confusion(truth, results))
    elif task_of(name) == "detector":
        write_rows(folder / "precision_recall.csv", ("recall", "precision"), precision_recall(truth, results))
