"""Stage: a trained model on synthetic val, on real val, by which one may choose, and on real test, by which not."""

import argparse
from pathlib import Path

from torch import nn

from pipeline.coco import Coco
from pipeline.dataset import load_crops, load_pictures
from pipeline.errors import run
from pipeline.infer import best_device, classify_boxes, detect, segment
from pipeline.measure import measure, measuring
from pipeline.metrics import Results
from pipeline.models.checkpoint import Card, fit_of, load_model
from pipeline.params import Classifier, Evaluate, Segmenter, load_params
from pipeline.test_time import context_of, with_views


def predict(model: nn.Module, card: Card, truth: Coco, images: Path, params: Evaluate) -> Results:
    """COCO results: detections, masks of categories, or for a classifier one entry for each true box."""
    fit = fit_of(card)
    network = with_views(model, fit, params.test_time)
    if not isinstance(fit, Classifier):
        find = segment if isinstance(fit, Segmenter) else detect
        return find(network, load_pictures(truth, images), params.batch_size)
    crops = load_crops(truth, images, fit, context_of(params.test_time))
    return classify_boxes(network, crops, truth["annotations"], params.batch_size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    args = measuring(parser)
    params = load_params(args.params).evaluate
    model, card = load_model(args.model)
    model.to(best_device())
    measure(args, card, lambda truth: predict(model, card, truth, args.images, params))


if __name__ == "__main__":
    run(main)
