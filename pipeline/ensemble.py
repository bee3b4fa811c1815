"""Several models of one task as one, measured like a model of its own.

    python -m pipeline.ensemble --models models/classifier/synthetic/snapshots/* \\
        --synthetic data/synthetic/classifier --real data/real/classifier --images data --out ensemble

Of classifiers the mean of their probabilities; of detectors their boxes, merged as those of several views are. Of
independent runs (Hansen and Salamon 1990), or of the snapshots of one run with a cyclic rate (Huang et al. 2017).
Networks and sizes of their crops may differ.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.coco import Coco
from pipeline.dataset import load_crops, load_pictures
from pipeline.errors import InputError, run
from pipeline.infer import best_device, detect, named_boxes, probabilities
from pipeline.measure import measure, measuring
from pipeline.merging import Detections, merged
from pipeline.metrics import Results
from pipeline.models.checkpoint import Card, fit_of, load_model
from pipeline.params import Classifier, Evaluate, load_params
from pipeline.test_time import context_of, is_merged, with_views

Member = tuple[nn.Module, Card]


def load_members(folders: list[Path]) -> list[Member]:
    """Raises InputError for what finds more than boxes, and for another task or other categories than the first's."""
    members = [load_model(folder) for folder in folders]
    first = members[0][1]
    for folder, (_, card) in zip(folders, members, strict=True):
        check_member(folder, card)
        if (card.task, card.categories) != (first.task, first.categories):
            expected = f"expected a {first.task} of {first.categories}, as {folders[0]}"
            raise InputError(f"--models: {folder}: {expected}, found a {card.task} of {card.categories}.")
    return members


def check_member(folder: Path, card: Card) -> None:
    """Raises InputError for masks, keypoints and maps, which nothing merges."""
    if not is_merged(fit_of(card)):
        expected = "expected a classifier, or a detector of boxes alone"
        raise InputError(f"--models: {folder}: {expected}, found {card.architecture}.")


def mean_probabilities(members: list[Member], truth: Coco, images: Path, params: Evaluate) -> Tensor:
    """Of all objects, in the order of the annotations: [N, categories]."""
    return torch.stack([_of_one(*member, truth, images, params) for member in members]).mean(0)


def _of_one(network: nn.Module, card: Card, truth: Coco, images: Path, params: Evaluate) -> Tensor:
    fit = fit_of(card)
    assert isinstance(fit, Classifier)
    crops = load_crops(truth, images, fit, context_of(params.test_time))
    seen = with_views(network.to(best_device()), fit, params.test_time)
    return probabilities(seen, crops.crops, params.batch_size)


class Together(nn.Module):
    """Pictures, as detectors take them -> the detections of all of them, merged."""

    def __init__(self, members: list[Member], params: Evaluate) -> None:
        super().__init__()
        self.members = nn.ModuleList(with_views(net, fit_of(card), params.test_time) for net, card in members)

    def forward(self, images: list[Tensor]) -> list[Detections]:
        found = [member(images) for member in self.members]
        return [merged(list(of_image)) for of_image in zip(*found, strict=True)]


def predict(members: list[Member], truth: Coco, images: Path, params: Evaluate) -> Results:
    """COCO results: of classifiers one entry for each object, of detectors their boxes."""
    if members[0][1].task == "classifier":
        return named_boxes(truth["annotations"], mean_probabilities(members, truth, images, params))
    return detect(Together(members, params).to(best_device()), load_pictures(truth, images), params.batch_size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models")
    args = measuring(parser)
    params = load_params(args.params).evaluate
    members = load_members(args.models)
    measure(args, members[0][1], lambda truth: predict(members, truth, args.images, params))


if __name__ == "__main__":
    run(main)
