"""A contact sheet of frames with their labels drawn, for whoever writes a scene or tunes params.yaml.

python -m blender.preview -n 9 --out sheet.png

It shows what `annotate` would keep: boxes and names after the filters of `labels`. The frame store is not used.
"""

import argparse
import math
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from blender.make import make_frame, make_recipe
from blender.passes import set_up
from blender.render import share_cores
from blender.worker import quiet
from pipeline.annotate import annotate_frame
from pipeline.draw import contact_sheet, draw_boxes, true_boxes
from pipeline.errors import InputError, run
from pipeline.frame import Frame
from pipeline.params import Labels, Params, load_params


def labelled_picture(frame: Frame, labels: Labels) -> Image.Image:
    """The frame with the boxes and names of its annotations."""
    names = dict(enumerate(frame.categories, start=1))
    return draw_boxes(frame.rgb, true_boxes(annotate_frame(frame, labels), names))


def preview(params: Params, split: str, count: int) -> Image.Image:
    """The first `count` frames of a split in rows of about as many."""
    recipe = make_recipe(params)
    workers, threads = share_cores(params)
    set_up(params.render, workers * threads)
    frames = (make_frame(recipe, split, index) for index in range(count))
    pictures = [labelled_picture(f, params.labels) for f in tqdm(frames, total=count, unit="frame", desc="preview")]
    return contact_sheet(pictures, columns=math.ceil(math.sqrt(count)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--split", choices=["train", "val"], default="train")
    parser.add_argument("-n", type=int, default=9, help="frames (default: 9)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if args.n < 1:
        raise InputError(f"-n: expected at least 1 frame, found {args.n}.")
    quiet()  # Blender prints a line for every sample
    sheet = preview(load_params(args.params), args.split, args.n)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(args.out)


if __name__ == "__main__":
    run(main)
