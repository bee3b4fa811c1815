"""`python -m pipeline.benchmarks import`: the story of an import, from an archive to a folder."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline.benchmarks.importing import READERS
from pipeline.benchmarks.importing.archive import unpacked
from pipeline.benchmarks.importing.duplicates import groups_of
from pipeline.benchmarks.importing.labels import Labels
from pipeline.benchmarks.importing.samples import Sample, samples_of, without_copies
from pipeline.benchmarks.importing.sheet import write_sheet
from pipeline.benchmarks.importing.split import as_found, by_chance, has_sides
from pipeline.benchmarks.importing.summary import next_steps, notes, table
from pipeline.benchmarks.importing.tree import Tree
from pipeline.benchmarks.importing.write import write_folder
from pipeline.errors import InputError, nearest
from pipeline.folders import whole_folder

PART = 0.7  # of the photos in train, where nothing else is said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="format", choices=sorted(READERS), required=True, help="format of the labels")
    parser.add_argument("source", type=Path, metavar="SRC", help="folder or archive (zip, tar) with photos and labels")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder")
    own = f"part of the photos in train; otherwise the source's own split, or {PART} where it has none"
    parser.add_argument("--split", type=float, help=own)
    parser.add_argument("--seed", type=int, default=0, help="of the split (default: 0)")
    parser.add_argument("--categories", nargs="+", metavar="NAME", help="names in the order of the scene")
    parser.add_argument("--max-px", type=int, help="longer side of the photos; larger ones are scaled down")
    pixel = "voc: 0 (default) for the edges that tools write, 1 for the pixels of the VOC devkit"
    parser.add_argument("--first-pixel", type=int, choices=[0, 1], default=0, help=pixel)


def import_photos(args: argparse.Namespace) -> None:
    """Read, check, split and write; prints what was found."""
    _check_arguments(args)
    with unpacked(args.source) as root:
        labels = READERS[args.format](_with_photos(Tree(root), args.source), args.first_pixel)
        names = chosen_names(labels, args.categories, str(args.source))
        samples, copies = without_copies(samples_of(labels, args.max_px))
        groups = groups_of([sample.look for sample in samples])
        sides = _sides(samples, groups, args)
        with whole_folder(args.to) as out:
            cocos = write_folder(sides, names, out)
            write_sheet(cocos, out)
    alike = [[samples[n] for n in group] for group in groups]
    print("\n".join([*table(cocos, names), *labels.notes, *notes(sides, copies, alike), next_steps(args.to)]))


def _with_photos(tree: Tree, source: Path) -> Tree:
    if not tree.photos:
        raise InputError(f"{source}: expected photos beside the labels, found none. Export the labels with images.")
    return tree


def _check_arguments(args: argparse.Namespace) -> None:
    if args.to.exists():
        raise InputError(f"--to: expected a new folder, found {args.to}, which exists.")
    if args.split is not None and not 0 < args.split < 1:
        raise InputError(f"--split: expected a part between 0 and 1, found {args.split}.")
    if args.max_px is not None and args.max_px < 1:
        raise InputError(f"--max-px: expected at least 1, found {args.max_px}.")
    if args.categories and len(set(args.categories)) < len(args.categories):
        raise InputError(f"--categories: expected every name once, found {' '.join(args.categories)}.")


def chosen_names(labels: Labels, wanted: Sequence[str] | None, source: str) -> list[str]:
    """Categories in the wanted order, or the source's. Raises InputError for boxes of others, or no box at all."""
    used = {o.category: o.where for photo in labels.photos for o in photo.objects}
    if not used:
        raise InputError(f"{source}: expected photos with at least one box, found none in {len(labels.photos)} photos.")
    names = list(wanted or labels.categories)
    unknown = sorted(set(used) - set(names))
    if unknown:
        end = nearest(unknown[0], names)
        raise InputError(f"{used[unknown[0]]}: expected one of --categories, found {', '.join(unknown)}.{end}")
    return names


def _sides(samples: list[Sample], groups: list[list[int]], args: argparse.Namespace) -> dict[str, list[Sample]]:
    hashes, splits = [s.look.pixels for s in samples], [s.photo.split for s in samples]
    if args.split is None and has_sides(splits):
        chosen = as_found(groups, splits, hashes)
    else:
        chosen = by_chance(groups, hashes, PART if args.split is None else args.split, args.seed)
    sides = {side: [samples[n] for n in places] for side, places in chosen.items()}
    for side, own in sides.items():
        if not any(sample.objects for sample in own):
            raise InputError(f"{side}: expected at least one box, found none in {len(own)} photos. Try another --seed.")
    return sides
