"""Stage `mix`: synthetic training images and the first real ones, as one data set.

Images carry `phase`: training runs phase after phase. Joint training has one; fine-tuning has the synthetic
images in phase 0 and the real ones in phase 1. Only real train is read, never real test.
"""

import argparse
from pathlib import Path

from pipeline.coco import Coco, category_names, check_categories, joined, read_coco, subset, write_json
from pipeline.errors import run
from pipeline.folders import whole_folder
from pipeline.params import Mixed, load_params
from pipeline.runs import check_real, write_none


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synthetic", type=Path, required=True, help="folder of the rendered data set")
    parser.add_argument("--real", type=Path, required=True, help="folder of the benchmark, beside it")
    parser.add_argument("--out", type=Path, required=True, help="folder that will hold the mixed data set")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    params = load_params(args.params)
    with whole_folder(args.out) as folder:
        if "mixed" not in params.regimes:
            write_none(folder, "regimes")
            return
        for task in params.tasks:
            mix_task(args.synthetic / task, args.real / task, folder / task, params.mixed)


def mix_task(synthetic_folder: Path, real_folder: Path, out: Path, params: Mixed) -> None:
    """Write train.json and val.json of one task.

    Raises:
        InputError: what read_coco finds, categories of the benchmark that are not the scene's, or no real image.
    """
    images = synthetic_folder.parents[1]  # file names start there
    synthetic, val = (read_coco(synthetic_folder / f"{split}.json", images) for split in ("train", "val"))
    real_path = real_folder / "train.json"
    real = read_coco(real_path, images)
    check_categories(real_path, real, category_names(synthetic))
    check_real(real_path, real["annotations"])
    number = getattr(params.real_images, out.name)
    if len(real["images"]) < number:
        print(
            f"{real_path}: {len(real['images'])} images, fewer than mixed.real_images.{out.name}: {number}; using all."
        )
    write_json(out / "train.json", mixed(synthetic, subset(real, real["images"][:number]), params))
    write_json(out / "val.json", val)


def mixed(synthetic: Coco, real: Coco, params: Mixed) -> Coco:
    """One data set of both, ids counted anew from 1; each real image stands there as often as `params.repeats`."""
    later = in_phase(real, 1 if params.how == "finetune" else 0)
    return joined([in_phase(synthetic, 0), *[later] * params.repeats])


def in_phase(coco: Coco, phase: int) -> Coco:
    return {**coco, "images": [{**image, "phase": phase} for image in coco["images"]]}


if __name__ == "__main__":
    run(main)
