"""Step 1: the loss at the start is that of guessing, -log(1/C) for C classes."""

import argparse
import math

import lightning.pytorch as pl

from pipeline.check import category_loss, guessed_among, prepare
from pipeline.coco import Coco
from pipeline.dataset import few_images
from pipeline.errors import InputError
from pipeline.models.weights import COCO, IMAGENET
from pipeline.tune import given
from pipeline.tune.given import Given

HIGHER = "The last layer is too sure of itself: start it with smaller weights, or look at how inputs are normalised."
LOWER = "The network knows too much: look for weights that were trained before, or a category that fills the data."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_arguments(parser)


def command(args: argparse.Namespace) -> None:
    run = given.given(args)
    pl.seed_everything(run.params.train.seed, verbose=False)
    train = run.train()
    classes = guessed_among(run.fit, len(train["categories"]))
    print(verdict(start_loss(run, train), classes, run.params.check.loss_tolerance))


def start_loss(run: Given, train: Coco) -> float | None:
    """Of naming categories, on `check.objects`; None where a network does not report it apart."""
    if run.fit.weights not in (None, IMAGENET, COCO):
        found = f"found {run.fit.weights}, which may name categories already"
        key = f"params.yaml: {run.task}.weights"
        raise InputError(f"{key}: expected null, imagenet or coco for a fresh start, {found}.")
    network, batch = prepare(run.fit, few_images(train, run.params.check.objects), run.data)
    return category_loss(network, run.fit, batch)


def verdict(loss: float | None, classes: int, tolerance: float) -> str:
    """`tolerance` is relative to the expected loss. Raises InputError, with a hint, for another one."""
    if loss is None:
        return "start: this network reports no loss of categories apart from that of boxes; nothing to compare."
    expected = math.log(classes)
    both = f"expected {expected:.3f} = -log(1/{classes}), found {loss:.3f}"
    if abs(loss - expected) <= tolerance * expected:
        return f"start: {both}: as it should be."
    raise InputError(f"start: {both}. {HIGHER if loss > expected else LOWER}")
