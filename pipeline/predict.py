"""A trained model on new pictures: COCO results, and the pictures with the boxes or classes drawn.

    python -m pipeline.predict --model models/detector/mixed --out predictions photo1.jpg photo2.jpg

A detector finds boxes, a segmenter the pixels of each category; a classifier names each picture as a whole.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.class_maps import class_map
from pipeline.class_overlay import draw_map
from pipeline.coco import write_json
from pipeline.dataset import Pictures, crop, to_tensor
from pipeline.deploy.deployed import load
from pipeline.errors import InputError, run
from pipeline.infer import SCORE_DIGITS, best_device, classify, detect, segment
from pipeline.models.checkpoint import Card, fit_of
from pipeline.overlay import draw_results
from pipeline.params import Classifier, Segmenter, Task, load_params
from pipeline.photo import load_picture
from pipeline.test_time import ONE_VIEW, check_views, context_of, with_views

SHOWN_PX = 640  # smaller pictures are enlarged by whole multiples, so that names can be read


def predict_picture(model: Any, card: Card, picture: Any, image_id: int, context: float = 1.0) -> list[dict[str, Any]]:
    """COCO results of one picture, uint8 [H, W, 3]; `context` widens the crop of a classifier for its views."""
    fit = fit_of(card)
    if not isinstance(fit, Classifier):
        import torch

        nothing = [torch.empty(0)]
        alone = Pictures([to_tensor(picture)], nothing, nothing, [image_id])
        return (segment if isinstance(fit, Segmenter) else detect)(model, alone, batch_size=1)
    height_px, width_px = picture.shape[:2]
    whole = [0, 0, width_px, height_px]
    side_px = round(fit.input_px * context)
    labels, scores = classify(model, crop(picture, [float(v) for v in whole], fit, side_px, context)[None], 1)
    score = round(float(scores[0]), SCORE_DIGITS)
    return [{"image_id": image_id, "category_id": int(labels[0]) + 1, "bbox": whole, "score": score}]


def write_overlay(path: Path, task: Task, picture: Any, results: list[dict[str, Any]], names: dict[int, str]) -> None:
    """The picture with its boxes, masks and keypoints, or with its classes, as a PNG."""
    scale = max(1, SHOWN_PX // max(picture.shape[:2]))
    if task == "segmenter":
        draw_map(picture, class_map(results, picture.shape[:2]), names, scale).save(path)
    else:
        draw_results(picture, results, names, scale).save(path)


def overlay_name(image_id: int, path: Path) -> str:
    return f"{image_id:04d}_{path.stem}.png"  # numbered, since two folders may hold one name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", type=Path, required=True, help="folder with model.json and weights.pt, or a file of pipeline.deploy"
    )
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--min-score", type=float, default=0.3, help="of boxes that are drawn; the JSON has all")
    parser.add_argument("--params", type=Path, help="parameters whose evaluate.test_time says what is looked at")
    parser.add_argument("images", type=Path, nargs="+")
    args = parser.parse_args()
    if args.out.exists():
        raise InputError(f"{args.out}: expected a new folder, found one that exists.")
    model, card = load(args.model)
    views = load_params(args.params).evaluate.test_time if args.params else ONE_VIEW
    check_views(fit_of(card), views, [card.task])
    model = with_views(model.to(best_device()), fit_of(card), views)
    names = dict(enumerate(card.categories, start=1))
    pictures = [load_picture(path) for path in args.images]  # all are checked before any work
    images, results = [], []
    args.out.mkdir(parents=True)
    for image_id, (path, picture) in enumerate(tqdm(list(zip(args.images, pictures, strict=True)), unit="picture"), 1):
        found = predict_picture(model, card, picture, image_id, context_of(views))
        shown = [r for r in found if r["score"] >= args.min_score]
        write_overlay(args.out / overlay_name(image_id, path), card.task, picture, shown, names)
        size = {"width": picture.shape[1], "height": picture.shape[0]}
        images.append({"id": image_id, "file_name": path.name, **size})
        results += found
    categories = [{"id": i, "name": name} for i, name in names.items()]
    write_json(args.out / "images.json", {"images": images, "annotations": [], "categories": categories})
    write_json(args.out / "predictions.json", results)
    print(f"{len(results)} results for {len(images)} pictures in {args.out}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
