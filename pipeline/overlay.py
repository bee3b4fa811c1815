"""Everything that a COCO annotation says, drawn on its picture: mask, box, name, keypoints, 3D box."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw
from pycocotools import mask as coco_mask
from scipy.ndimage import binary_erosion

from pipeline.coco import likeliest
from pipeline.draw import EDGE_COLOUR, FONT_PX, Box, Picture, draw_boxes, predicted_boxes, scaled
from pipeline.project import box_edges, project

Annotation = Mapping[str, Any]

# The rest of Okabe and Ito's palette: boxes are sky blue
COLOURS = ("#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2")
FILL = 0.4  # how much of the picture a mask covers
DOT_PX = 3  # radius
STEPS = 12  # pieces of a 3D box's edge, which a lens bends


def draw_labels(
    picture: Picture,
    annotations: Sequence[Annotation],
    names: Mapping[int, str],
    scale: int = 1,
    camera: Mapping[str, Any] | None = None,
) -> Image.Image:
    """An RGB copy, `scale` times as large, with the labels on it; `names` by category id.

    3D boxes are drawn where the image's `camera` is given. Labels that the annotations lack are left out.
    """
    drawn = tint_masks(scaled(picture, scale), [a.get("segmentation") for a in annotations])
    boxes = [_box(a, names[a["category_id"]], scale) for a in annotations]
    drawn = draw_boxes(drawn, boxes, font_px=FONT_PX)
    draw = ImageDraw.Draw(drawn)
    for number, annotation in enumerate(annotations):
        if camera is not None and "bbox_3d" in annotation:
            _draw_box_3d(draw, annotation, camera, scale, colour_of(number))
        _draw_keypoints(draw, annotation.get("keypoints", []), scale, colour_of(number))
    return drawn


def draw_results(
    picture: Picture, results: Sequence[Annotation], names: Mapping[int, str], scale: int = 1
) -> Image.Image:
    """An RGB copy, `scale` times as large, with what a network found: boxes with names and scores, masks, keypoints."""
    best = likeliest([{"image_id": 0, **r} for r in results])
    tinted = tint_masks(scaled(picture, 1), [r.get("segmentation") for r in best])
    drawn = draw_boxes(tinted, predicted_boxes(best, names), scale)
    draw = ImageDraw.Draw(drawn)
    for number, result in enumerate(best):
        _draw_keypoints(draw, result.get("keypoints", []), scale, colour_of(number))
    return drawn


def colour_of(number: int) -> str:
    """The colour of the n-th annotation of a picture."""
    return COLOURS[number % len(COLOURS)]


def _box(annotation: Annotation, name: str, scale: int) -> Box:
    x, y, w, h = (float(v) * scale for v in annotation["bbox"])
    return Box((x, y, w, h), name)


def tint_masks(picture: Image.Image, segmentations: Sequence[Any]) -> Image.Image:
    """Cover each mask (COCO's run lengths, of this picture or one smaller by a whole factor) with a thin colour, and
    its border with a full one."""
    pixels = np.asarray(picture.convert("RGB")).astype(np.float32)
    for number, segmentation in enumerate(segmentations):
        if segmentation is not None:
            mask = _enlarged(coco_mask.decode(segmentation).astype(bool), picture.size)
            colour = np.array(ImageColor.getrgb(colour_of(number)), np.float32)
            pixels[mask] = (1 - FILL) * pixels[mask] + FILL * colour
            pixels[mask & ~binary_erosion(mask, border_value=1)] = colour
    return Image.fromarray((pixels + 0.5).astype(np.uint8))


def _enlarged(mask: npt.NDArray[np.bool_], size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    scale = size_wh[1] // mask.shape[0]
    return mask.repeat(scale, axis=0).repeat(scale, axis=1)


def _draw_keypoints(draw: ImageDraw.ImageDraw, keypoints: Sequence[float], scale: int, colour: str) -> None:
    """Those that can be seen as full dots, hidden ones as rings. COCO counts from the middle of the first pixel."""
    for x, y, visibility in zip(keypoints[::3], keypoints[1::3], keypoints[2::3], strict=True):
        if visibility:
            at = ((x + 0.5) * scale, (y + 0.5) * scale)
            draw.circle(at, DOT_PX + 1, fill=EDGE_COLOUR if visibility == 2 else None, outline=EDGE_COLOUR, width=3)
            draw.circle(at, DOT_PX, fill=colour if visibility == 2 else None, outline=colour)


def _draw_box_3d(
    draw: ImageDraw.ImageDraw, annotation: Annotation, camera: Mapping[str, Any], scale: int, colour: str
) -> None:
    """Of the twelve edges those that lie before the camera, where its lens can show them."""
    rotation, translation_m = (np.array(annotation["pose"][key]) for key in ("rotation", "translation_m"))
    edges_m = box_edges(annotation["bbox_3d"]["centre_m"], annotation["bbox_3d"]["size_m"], STEPS)
    for line_m in edges_m @ rotation.T + translation_m:
        line_px = project(line_m, camera) * scale
        if np.isfinite(line_px).all():
            points = [(float(x), float(y)) for x, y in line_px]
            draw.line(points, fill=EDGE_COLOUR, width=3)
            draw.line(points, fill=colour, width=1)
