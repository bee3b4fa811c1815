"""Cameras, poses and visibility in BOP's words, and what COCO must have for them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.export.bop_depth import HOW_TO_RENDER_IT, farthest_of, read_depth
from pipeline.export.source import Entry, Split

ONLY_RENDERED = "Images that this project renders and annotates have it."
OF_IMAGES = {
    "camera": ONLY_RENDERED,
    "video_id": ONLY_RENDERED,
    "frame_id": ONLY_RENDERED,
    "layers_file": HOW_TO_RENDER_IT,
}
OF_OBJECTS = ("pose", "amodal_bbox", "amodal_area", "visible_fraction", "truncated_fraction", "segmentation")


def check(split: Split) -> dict[int, float]:
    """The farthest depth in each image, m, by its id.

    Raises:
        InputError: naming the first image or annotation without something that BOP needs.
    """
    farthest_m = {}
    for image, objects in split.pairs():
        where = f"{split.path}: image {image['id']}"
        for key, hint in OF_IMAGES.items():
            if image.get(key) is None:
                raise InputError(f"{where}: expected '{key}', found none. {hint}")
        _check_camera(where, image["camera"])
        for annotation in objects:
            for key in OF_OBJECTS:
                if annotation.get(key) is None:
                    raise InputError(f"{split.path}: annotation {annotation['id']}: expected '{key}', found none.")
        farthest_m[image["id"]] = farthest_of(read_depth(split, image))
    return farthest_m


def _check_camera(where: str, camera: dict[str, Any]) -> None:
    """BOP's cameras are pinholes: K and nothing else."""
    kind, distortion = camera["kind"], camera["distortion"]
    if kind != "perspective":
        hint = "BOP has no other. See `randomizers.camera.kind` in params.yaml."
        raise InputError(f"{where}: camera.kind: expected 'perspective', found '{kind}'; {hint}")
    if any(distortion):
        hint = "BOP has none. See `randomizers.sensor.distortion_k1` and the others in params.yaml."
        raise InputError(f"{where}: camera.distortion: expected zeros, found {distortion}; {hint}")


def camera_facts(image: Entry, depth_scale: float) -> dict[str, Any]:
    """An entry of scene_camera.json."""
    camera = image["camera"]
    world_to_camera = np.array(camera["world_to_camera"])
    return {
        "cam_K": _flat(camera["intrinsics"]),
        "cam_R_w2c": _flat(world_to_camera[:3, :3]),
        "cam_t_w2c": _mm(world_to_camera[:3, 3]),
        "depth_scale": depth_scale,
    }


def pose_facts(annotation: Entry) -> dict[str, Any]:
    """An entry of scene_gt.json: model to camera."""
    pose = annotation["pose"]
    return {
        "obj_id": annotation["category_id"],
        "cam_R_m2c": _flat(pose["rotation"]),
        "cam_t_m2c": _mm(pose["translation_m"]),
    }


def visibility_facts(annotation: Entry, mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """An entry of scene_gt_info.json; `mask` [H, W] are the visible pixels.

    Depth is known wherever the silhouette lies in the image. `bbox_visib` is that of the mask: BOP wants it tight, and
    `bbox` has the margin of `labels.box_margin`.
    """
    silhouette_px = annotation["amodal_area"]
    return {
        "bbox_obj": [round(v) for v in annotation["amodal_bbox"]],
        "bbox_visib": _tight_box_xywh(mask),
        "px_count_all": silhouette_px,
        "px_count_valid": round(silhouette_px * (1 - annotation["truncated_fraction"])),
        "px_count_visib": annotation["area"],
        "visib_fract": annotation["visible_fraction"],
    }


def _tight_box_xywh(mask: npt.NDArray[np.bool_]) -> list[int]:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]


def _flat(matrix: Any) -> list[float]:
    return [float(v) for v in np.array(matrix, float).ravel()]  # row after row


def _mm(lengths_m: Any) -> list[float]:
    return [round(1000 * float(v), 3) for v in lengths_m]
