"""COCO -> YOLO, Pascal VOC, BOP or masks as pictures, for tools that do not read COCO."""

import argparse
from pathlib import Path

from pipeline.errors import InputError, run
from pipeline.export import EXPORTERS
from pipeline.export.source import Options, read_splits
from pipeline.folders import whole_folder


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipeline.export", description=__doc__)
    parser.add_argument("--to", choices=sorted(EXPORTERS), required=True)
    parser.add_argument("--coco", type=Path, nargs="+", required=True, help="COCO files, one for each split")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--out", type=Path, required=True, help="folder that will hold the data set; new or empty")
    parser.add_argument("--split", nargs="+", help="names of the splits; otherwise those of the COCO files")
    parser.add_argument("--pictures", choices=["link", "copy"], default="link", help="hard links cost no space")
    parser.add_argument("--masks", action="store_true", help="yolo: outlines instead of boxes")
    args = parser.parse_args()
    if args.masks and args.to != "yolo":
        parser.error("--masks goes with --to yolo; BOP and masks always have them, VOC here never")
    return args


def check_free(out: Path) -> None:
    """An export takes the place of its folder, which must not cost the user what is in it."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: expected a new or empty folder, found something in its place. Remove it first.")


def main() -> None:
    args = arguments()
    check_free(args.out)
    splits = read_splits(args.coco, args.split or [path.stem for path in args.coco], args.images)
    with whole_folder(args.out) as unfinished:
        EXPORTERS[args.to](splits, unfinished, Options(copy=args.pictures == "copy", masks=args.masks))
    for split in splits:
        objects = sum(len(own) for _, own in split.pairs())
        print(f"{args.out}: {split.name}: {len(split.coco['images'])} images, {objects} objects")


if __name__ == "__main__":
    run(main)
