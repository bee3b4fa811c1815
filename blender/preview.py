"""A contact sheet of frames with their labels drawn, for whoever writes a scene or tunes params.yaml.

    python -m blender.preview -n 9                      the scene of params.yaml
    python -m blender.preview --scene shapes --box-3d   another one
    python -m blender.preview --ablate                  what each randomizer does
    python -m blender.preview --ablate light            what each distribution of one does

It shows what `annotate` would keep, after the filters of `labels`: masks, boxes, names and keypoints, hidden ones as
rings. The frame store is not used. `--scene NAME` takes the params of that scene from params.yaml if it is the one
there, else all params from presets/NAME.yaml if there is one, else the scene's own defaults.
"""

import argparse
import math
import os
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from blender.ablate import ablation_sheet
from blender.make import Recipe, make_frame
from blender.render import cores
from blender.scenes import SCENES
from blender.workers.worker import quiet, start
from pipeline.annotate import annotate_frame
from pipeline.draw import contact_sheet
from pipeline.errors import InputError, lookup, run
from pipeline.frame import Frame
from pipeline.labelers.camera import encode_image
from pipeline.overlay import draw_labels
from pipeline.params import Labels, Params, load_params
from pipeline.section import Named

PRESETS = Path("presets")
ALL = "all"  # randomizers
CELL_PX = 480  # pictures narrower than this are enlarged, so that names do not cover everything


def scene_params(path: Path, scene: str | None) -> Params:
    """The params of `path`, for another scene if one is named. Raises InputError for an unknown one."""
    if scene is not None:
        lookup(SCENES, scene, "--scene")
        preset = PRESETS / f"{scene}.yaml"
        if load_params(path).scene.name != scene and preset.is_file():
            return load_params(preset)
    params = load_params(path)
    if scene is None or scene == params.scene.name:
        return params
    return params.model_copy(update={"scene": Named(name=scene)})


def labelled_picture(frame: Frame, labels: Labels, box_3d: bool) -> Image.Image:
    """The frame, enlarged by a whole factor, with its annotations."""
    names = dict(enumerate(frame.categories, start=1))
    scale = math.ceil(CELL_PX / frame.rgb.shape[1])
    camera = encode_image(frame).get("camera") if box_3d else None
    return draw_labels(frame.rgb, annotate_frame(frame, labels), names, scale, camera)


def preview(recipe: Recipe, labels: Labels, split: str, count: int, box_3d: bool) -> Image.Image:
    """The first `count` frames of a split in rows of about as many."""
    frames = (make_frame(recipe, split, index) for index in range(count))
    pictures = [labelled_picture(f, labels, box_3d) for f in tqdm(frames, total=count, unit="frame", desc="preview")]
    return contact_sheet(pictures, columns=math.ceil(math.sqrt(count)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", help=f"one of {', '.join(SCENES)} (default: that of params.yaml)")
    parser.add_argument("-n", type=int, default=9, help="frames (default: 9)")
    parser.add_argument("--box-3d", action="store_true", help="draw 3D boxes too")
    ablate = "each randomizer alone, or each distribution of one, at its low, middle and high end"
    parser.add_argument("--ablate", nargs="?", const=ALL, metavar="RANDOMIZER", help=ablate)
    parser.add_argument("--split", choices=["train", "val"], default="train")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, help="(default: preview/SCENE.png, or preview/SCENE-ablate.png, …)")
    return parser.parse_args()


def default_out(scene: str, ablate: str | None) -> Path:
    parts = [scene, *(["ablate"] if ablate else []), *([ablate] if ablate not in (None, ALL) else [])]
    return Path("preview") / f"{'-'.join(parts)}.png"


def main() -> None:
    args = arguments()
    if args.n < 1:
        raise InputError(f"-n: expected at least 1 frame, found {args.n}.")
    params = scene_params(args.params, args.scene)
    out = args.out or default_out(params.scene.name, args.ablate)
    report = os.fdopen(os.dup(1), "w")  # Blender prints a line for every sample
    quiet()
    recipe, _ = start(params, cores(), turn=0)
    if args.ablate:
        sheet = ablation_sheet(recipe, args.split, None if args.ablate == ALL else args.ablate)
    else:
        sheet = preview(recipe, params.labels, args.split, args.n, args.box_3d)
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)
    print(out, file=report)


if __name__ == "__main__":
    run(main)
