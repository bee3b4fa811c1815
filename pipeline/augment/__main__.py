"""A contact sheet of augmented examples, as training sees them: what a setting of params.yaml does.

    python -m pipeline.augment --data data/synthetic/classifier --images data --out sheet.png
    python -m pipeline.augment --data data/synthetic/detector --images data --out sheet.png --rows 4

The last part of --data is the task. A row is an object (classifier) or a picture (detector, segmenter), a column is a
batch: crops of one column may be mixed with each other.
"""

import argparse
from pathlib import Path

from pipeline.augment.sheet import rows_of
from pipeline.dataset import read_split
from pipeline.errors import InputError, lookup, run
from pipeline.params import Classifier, OnPictures, load_params
from pipeline.runs import TASKS
from pipeline.table import picture_table
from pipeline.work import read_matched


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, required=True, help="folder with train.json, named as its task")
    parser.add_argument("--images", type=Path, required=True, help="folder that its file names start from")
    parser.add_argument("--real", type=Path, help="train.json of the benchmark, for histogram_matching and fourier")
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if min(args.rows, args.columns) < 1:
        raise InputError(f"--rows, --columns: expected at least 1 of each, found {args.rows} and {args.columns}.")
    params = load_params(args.params)
    fits: dict[str, Classifier | OnPictures] = {task: getattr(params, task) for task in TASKS}
    fit = lookup(fits, args.data.resolve().name, "--data")
    real = read_matched(fit, args.real, args.images)
    coco = read_split(args.data / "train.json", args.images)
    rows = rows_of(coco, args.images, fit, real, (args.rows, args.columns))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    picture_table([str(n + 1) for n in range(args.columns)], rows).save(args.out)
    print(args.out)


if __name__ == "__main__":
    run(main)
