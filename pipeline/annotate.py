"""Stage: frames -> COCO annotations of the synthetic train and val splits, for each task."""

import argparse
from pathlib import Path
from typing import Any, get_args

from tqdm import tqdm

from pipeline.coco import Coco, categories_of, write_json
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.frame import Frame
from pipeline.frame_files import read_frame
from pipeline.labelers import IMAGE_LABELERS, LABELERS
from pipeline.labelers.visibility import visible_fraction
from pipeline.masks import scan
from pipeline.params import Labels, Task, load_params


def annotate_frame(frame: Frame, labels: Labels) -> list[dict[str, Any]]:
    """Annotations (without ids) of the instances that can be seen well enough."""
    regions = scan(frame.ids)
    category_ids = {name: i for i, name in enumerate(frame.categories, start=1)}
    annotations = []
    for instance in frame.instances:
        region = regions.get(instance.id)
        if region is None or region.area_px < labels.min_visible_px:
            continue
        if visible_fraction(instance, region) < labels.min_visible_fraction:
            continue
        annotation: dict[str, Any] = {"category_id": category_ids[instance.category]}
        for encode in LABELERS.values():
            annotation |= encode(frame, instance, region, labels)
        annotations.append(annotation)
    return annotations


def annotate_split(folders: list[Path], root: Path, labels: Labels) -> Coco:
    """COCO of the frames in `folders`; `file_name` is relative to `root`. Images without objects are kept."""
    coco = Coco(images=[], annotations=[], categories=[])
    for image_id, folder in enumerate(tqdm(folders, unit="frame", desc="annotate", mininterval=2), start=1):
        frame = read_frame(folder, pixels=False)
        coco["categories"] = coco["categories"] or categories_of(frame.categories, frame.keypoint_names)
        coco["images"].append({"id": image_id, **_image(frame, folder, root)})
        for annotation in annotate_frame(frame, labels):
            coco["annotations"].append({"id": len(coco["annotations"]) + 1, "image_id": image_id, **annotation})
    return coco


def _image(frame: Frame, folder: Path, root: Path) -> dict[str, Any]:
    """Fields of an image; `frame` was read from `folder`, which has checked its checksums."""
    height_px, width_px = frame.ids.shape
    image = {
        "file_name": (folder / "rgb.png").relative_to(root).as_posix(),
        "width": width_px,
        "height": height_px,
        "sha256": frame.sha256["rgb.png"],
        "domain": "synthetic",
    }
    if "layers.npz" in frame.sha256:
        image["layers_file"] = (folder / "layers.npz").relative_to(root).as_posix()
    for encode in IMAGE_LABELERS.values():
        image |= encode(frame)
    return image


def frame_folders(split: Path) -> list[Path]:
    """Folders of a split's frames, in order. Raises InputError if there are none."""
    folders = sorted(p for p in split.glob("*") if p.is_dir())
    if not folders:
        raise InputError(f"{split}: expected folders of frames, found none. `dvc repro render` makes them.")
    return folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    labels = load_params(args.params).labels
    splits = {s: annotate_split(frame_folders(args.frames / s), args.frames.parent, labels) for s in ("train", "val")}
    with whole_folder(args.out) as unfinished:
        for task in get_args(Task):
            for split, coco in splits.items():
                write_json(unfinished / task / f"{split}.json", coco)


if __name__ == "__main__":
    run(main)
