"""Stage: the usual sanity steps before hours are spent on training.

1. The benchmark has the categories of the scene, and real images where a regime trains on them.
2. The loss at the start is that of guessing: -log(1/C) for C categories, for a segmenter with background as one more.
3. A small part of the training set can be learned by heart.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn

from pipeline.adapt.unlabelled import read_unlabelled
from pipeline.class_maps import check_masks
from pipeline.coco import Coco, category_names, check_categories, read_coco, write_json
from pipeline.dataset import Crops, Pictures, few_images, load_crops, read_split
from pipeline.errors import InputError, run
from pipeline.infer import best_device
from pipeline.learner import loss_parts, penalised_parts
from pipeline.models.changes.groups import parameter_groups
from pipeline.models.weights import COCO, IMAGENET, read_start
from pipeline.params import Classifier, OnPictures, Segmenter, fit_channels, fit_task, load_params
from pipeline.recipes.check import check_recipe
from pipeline.recipes.optimizers import make_optimizer
from pipeline.runs import TASKS, Regime, check_real
from pipeline.test_time import check_views
from pipeline.work import check_targets, read_matched, scorer, start_network, training_pictures

Batch = Any
SCORE_EVERY_STEPS = 10


def as_batch(data: Crops | Pictures, device: torch.device) -> Batch:
    """All of a small data set at once, without augmentation."""
    if isinstance(data, Crops):
        return data.crops.to(device).float() / 255, data.labels.to(device)
    targets = [{k: v.to(device) for k, v in data.target(n).items()} for n in range(len(data.images))]
    return [i.to(device).float() / 255 for i in data.images], targets


def category_loss(network: nn.Module, fit: Classifier | OnPictures, batch: Batch) -> float | None:
    """The part of the loss that names categories; None where a network does not report it apart."""
    plain = fit.model_copy(update={"label_smoothing": 0.0}) if isinstance(fit, Classifier) else fit
    with torch.no_grad():
        parts = loss_parts(network.train(), plain, batch)
    found = parts.get("loss", parts.get("what"))
    return None if found is None else float(found)


def guessed_among(fit: Classifier | OnPictures, categories: int) -> int:
    """The classes that a network chooses from: for a segmenter background is one more."""
    return categories + isinstance(fit, Segmenter)


def learn_by_heart(
    network: nn.Module,
    fit: Classifier | OnPictures,
    batch: Batch,
    score: Callable[[], float],
    steps: int,
    enough: float,
) -> tuple[float, int]:
    """Train on one batch until it scores `enough`; returns the score and the steps that it took."""
    reached = 0.0
    for step, _ in enumerate(losses_on(network, fit, batch, steps), start=1):
        if step % SCORE_EVERY_STEPS == 0:
            reached = score()
            if reached >= enough:
                return reached, step
    return reached, steps


def losses_on(network: nn.Module, fit: Classifier | OnPictures, batch: Batch, steps: int) -> Iterator[float]:
    """Train on one batch over and over; yields the loss before each step, when the step is done."""
    optimizer = make_optimizer(fit.optimizer, parameter_groups(network, fit, fit.learning_rate))
    for _ in range(steps):
        network.train()
        loss: Tensor = torch.stack(list(penalised_parts(network, fit, batch).values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if fit.gradient_clip:
            nn.utils.clip_grad_norm_(network.parameters(), fit.gradient_clip)
        optimizer.step()
        yield float(loss.detach())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--synthetic", type=Path, required=True, help="folder with train.json")
    parser.add_argument("--real", type=Path, required=True, help="folder with train.json, val.json, test.json")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = load_params(args.params)
    synthetic = read_split(args.synthetic / "train.json", args.images)
    names = category_names(synthetic)
    fit: Classifier | OnPictures = getattr(params, args.task)
    check_recipe(args.task, fit)
    check_views(fit, params.evaluate.test_time, params.tasks)
    check_targets(args.synthetic / "train.json", synthetic, fit)
    check_benchmark(args.real, args.images, names, params.regimes)
    if {"real", "mixed"} & set(params.regimes):
        check_targets(args.real / "train.json", read_coco(args.real / "train.json", args.images), fit)
    if args.task == "segmenter":
        check_all_masks(args.synthetic, args.real, args.images)
    read_matched(fit, args.real / "train.json", args.images)
    if {"synthetic", "mixed"} & set(params.regimes):
        read_unlabelled(fit, synthetic, args.real / "train.json", args.images)
    pl.seed_everything(params.train.seed, verbose=False)
    result = check_network(fit, few_images(synthetic, params.check.objects), args.images, params.check.steps)
    enough = params.check.mean_iou if args.task == "segmenter" else params.check.score
    judge(result, enough, params.check.loss_tolerance)
    write_json(args.out / "check.json", result)
    (args.out / "passed").write_text("passed\n", encoding="utf-8")
    print(f"check: {result}")


def check_benchmark(real: Path, images: Path, names: list[str], regimes: list[Regime]) -> None:
    """Raises InputError for other categories, or a split without what is trained on or measured with it."""
    used_by = {"train": {"real", "mixed"}, "val": {"real"}}
    for split, users in used_by.items():
        path = real / f"{split}.json"
        coco = read_coco(path, images)
        check_categories(path, coco, names)
        if users & set(regimes):
            check_real(path, coco["annotations"])
    test = real / "test.json"
    check_categories(test, read_split(test, images), names)


def check_all_masks(synthetic: Path, real: Path, images: Path) -> None:
    """Raises InputError for an annotation without a mask in any split: dice, for one, have boxes alone."""
    for path in (*(synthetic / f"{s}.json" for s in ("train", "val")), *sorted(real.glob("*.json"))):
        check_masks(path, read_coco(path, images))


def prepare(fit: Classifier | OnPictures, few: Coco, images: Path) -> tuple[nn.Module, Batch]:
    """The network as training starts with it, and all of `few`."""
    task = fit_task(fit)
    channels = fit_channels(fit)
    start = read_start(task, fit, channels)
    data = load_crops(few, images, fit) if isinstance(fit, Classifier) else training_pictures(few, images, fit)
    crops = data.crops if isinstance(data, Crops) else torch.empty(0)
    network = start_network(task, fit, len(few["categories"]), channels, start, lambda: crops)
    return network.to(best_device()), as_batch(data, best_device())


def check_network(fit: Classifier | OnPictures, few: Coco, images: Path, steps: int) -> dict[str, Any]:
    """Start loss beside the expected one, and how well `few` images are learned by heart."""
    network, batch = prepare(fit, few, images)
    guesses = fit.weights in (None, IMAGENET, COCO)  # weights of a model of ours may name categories already
    start = category_loss(network, fit, batch) if guesses else None

    score = scorer(few, images, fit)
    reached, taken = learn_by_heart(network, fit, batch, lambda: score(network), steps, enough=0.99)
    return {
        "start_loss": start,
        "expected_start_loss": math.log(guessed_among(fit, len(few["categories"]))),
        "by_heart": reached,
        "steps": taken,
        "objects": len(few["annotations"]),
    }


def judge(result: dict[str, Any], enough: float, tolerance: float) -> None:
    """Raises InputError if training could only be a waste of time."""
    start, expected = result["start_loss"], result["expected_start_loss"]
    if start is not None and abs(start - expected) > tolerance * expected:
        raise InputError(f"check: start_loss: expected {expected:.2f} = -log(1/C), found {start:.2f}.")
    if result["by_heart"] < enough:
        found = f"{result['by_heart']:.2f} after {result['steps']} steps"
        raise InputError(
            f"check: by_heart: expected a score of {enough} on {result['objects']} objects, found {found}."
        )


if __name__ == "__main__":
    run(main)
