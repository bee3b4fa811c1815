"""BOP (scene-wise): `<split>/<scene>/` with rgb, depth, masks of visible pixels, cameras and poses; lengths in mm.

Format: github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md. Its toolkit is on no package index, and
only reads. Models are not written: `obj_id` is the category's id, poses are those of the object's own axes.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.coco import write_json
from pipeline.export.bop_depth import depth_picture, depth_scale, read_depth
from pipeline.export.bop_facts import camera_facts, check, pose_facts, visibility_facts
from pipeline.export.source import Entry, Options, Split, mask_of, place_picture
from pipeline.frame_files import png_bytes

IMAGES_PER_SCENE = 1000  # of images that are no sequences, as in BOP's own rendered training sets
Member = tuple[int, Entry, list[Entry]]  # number in the scene, image, objects


def write(splits: Sequence[Split], out: Path, options: Options) -> None:
    """Write all splits.

    Raises:
        InputError: naming what an image or annotation lacks, before anything is written: depth, camera, pose, mask.
    """
    farthest_m = [check(split) for split in splits]
    for split, by_image in zip(splits, farthest_m, strict=True):
        scenes = groupby(numbered(split), key=lambda found: found[0])
        for scene, found in tqdm(scenes, unit="scene", desc=split.name, mininterval=2):
            members = [member for _, member in found]
            scale = depth_scale(by_image[image["id"]] for _, image, _ in members)
            _write_scene(split, members, scale, out / split.name / f"{scene:06d}", options)


def numbered(split: Split) -> Iterator[tuple[int, Member]]:
    """(scene, member) of every image, scene after scene: a sequence is a scene, else a thousand images are."""
    pairs = list(split.pairs())
    if any(image["frame_id"] > 0 for image, _ in pairs):
        for image, objects in sorted(pairs, key=lambda pair: (pair[0]["video_id"], pair[0]["frame_id"])):
            yield image["video_id"], (image["frame_id"], image, objects)
    else:
        for n, (image, objects) in enumerate(pairs):
            scene, number = divmod(n, IMAGES_PER_SCENE)
            yield scene, (number, image, objects)


def _write_scene(split: Split, members: Sequence[Member], scale: float, folder: Path, options: Options) -> None:
    facts: dict[str, dict[str, Any]] = {"scene_camera": {}, "scene_gt": {}, "scene_gt_info": {}}
    for number, image, objects in members:
        place_picture(split, image, folder / "rgb", f"{number:06d}", options.copy)
        _write_png(folder / "depth" / f"{number:06d}.png", depth_picture(read_depth(split, image), scale))
        masks = [mask_of(split, annotation, image) for annotation in objects]
        for n, mask in enumerate(masks):
            _write_png(folder / "mask_visib" / f"{number:06d}_{n:06d}.png", mask.astype("uint8") * 255)
        facts["scene_camera"][str(number)] = camera_facts(image, scale)
        facts["scene_gt"][str(number)] = [pose_facts(a) for a in objects]
        facts["scene_gt_info"][str(number)] = [visibility_facts(a, m) for a, m in zip(objects, masks, strict=True)]
    for name, values in facts.items():
        write_json(folder / f"{name}.json", values)


def _write_png(path: Path, pixels: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(pixels))
