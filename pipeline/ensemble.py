"""Several classifiers as one: the mean of their probabilities, measured like a model of its own.

    python -m pipeline.ensemble --models models/classifier/synthetic/snapshots/* \\
        --synthetic data/synthetic/classifier --real data/real/classifier --images data --out ensemble

Of independent runs (Hansen and Salamon 1990), or of the snapshots of one run with a cyclic rate (Huang et al. 2017).
Networks and sizes of their crops may differ.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.coco import Coco
from pipeline.dataset import load_crops
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.infer import best_device, named_boxes, probabilities
from pipeline.measure import read_truths, write_measured
from pipeline.metrics import Results
from pipeline.models.checkpoint import Card, fit_of, load_model
from pipeline.params import Classifier, Evaluate, load_params
from pipeline.test_time import context_of, with_views

Member = tuple[nn.Module, Card]


def load_members(folders: list[Path]) -> list[Member]:
    """Raises InputError for a detector, and for other categories than the first one's."""
    members = [load_model(folder) for folder in folders]
    first = members[0][1]
    for folder, (_, card) in zip(folders, members, strict=True):
        if card.task != "classifier":
            raise InputError(f"--models: {folder}: expected a classifier, found a {card.task}.")
        if card.categories != first.categories:
            found = f"expected the categories of {folders[0]}, {first.categories}, found {card.categories}."
            raise InputError(f"--models: {folder}: {found}")
    return members


def mean_probabilities(members: list[Member], truth: Coco, images: Path, params: Evaluate) -> Tensor:
    """Of all objects, in the order of the annotations: [N, categories]."""
    return torch.stack([_of_one(*member, truth, images, params) for member in members]).mean(0)


def _of_one(network: nn.Module, card: Card, truth: Coco, images: Path, params: Evaluate) -> Tensor:
    fit = fit_of(card)
    assert isinstance(fit, Classifier)
    crops = load_crops(truth, images, fit, context_of(params.test_time))
    seen = with_views(network.to(best_device()), fit, params.test_time)
    return probabilities(seen, crops.crops, params.batch_size)


def predict(members: list[Member], truth: Coco, images: Path, params: Evaluate) -> Results:
    """COCO results with one entry for each object."""
    return named_boxes(truth["annotations"], mean_probabilities(members, truth, images, params))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of classifiers")
    parser.add_argument("--synthetic", type=Path, required=True, help="folder with val.json")
    parser.add_argument("--real", type=Path, required=True, help="folder with val.json and test.json")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = load_params(args.params).evaluate
    members = load_members(args.models)
    truths = read_truths(args.synthetic, args.real, args.images, members[0][1].categories)
    with whole_folder(args.out) as folder:
        results = {split: predict(members, truth, args.images, params) for split, truth in truths.items()}
        write_measured(folder, "classifier", truths, results)


if __name__ == "__main__":
    run(main)
