"""How fast frames become COCO annotations, on one core, and whether they equal pycocotools' own.

    python -m bench.annotate

Frames of 640x480 px with 20 instances each, all labels, as PNG files like those of the renderer.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

from pipeline.annotate import annotate_frame, annotate_split
from pipeline.frame import IDENTITY, Camera, Frame, Instance, Keypoint
from pipeline.frame_files import write_frame
from pipeline.params import Labels

WIDTH_PX, HEIGHT_PX, INSTANCES = 640, 480, 20
LABELS = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=0.0)

NAMES = ("top", "bottom", "left", "right")
CAMERA = Camera("perspective", ((900, 0, 319.5), (0, 900, 239.5), (0, 0, 1)), (0.0,) * 5, IDENTITY)


def make_frame(index: int) -> Frame:
    """Twenty ellipses at random places, some hiding others, on a noisy picture."""
    rng = np.random.default_rng(index)
    y, x = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    ids = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint16)
    for number in range(1, INSTANCES + 1):
        cx, cy, rx, ry = rng.uniform((0, 0, 20, 20), (WIDTH_PX, HEIGHT_PX, 60, 60))
        ids[((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1] = number
    smooth = (x[..., None] // 3 + y[..., None] // 4 + np.array([0, 40, 80])) % 256
    rgb = (smooth + rng.integers(0, 12, (HEIGHT_PX, WIDTH_PX, 3))).clip(0, 255).astype(np.uint8)
    points = tuple(Keypoint(name, (1.234, 5.678), 1.5, 0.0) for name in NAMES)
    instances = tuple(
        Instance(n, "thing", (0, 0, 1, 1), 10_000, 0.0, box_3d_size_m=(0.1, 0.1, 0.1), keypoints=points)
        for n in range(1, INSTANCES + 1)
    )
    return Frame("train", index, rgb, ids, ("thing",), instances, camera=CAMERA, keypoint_names={"thing": NAMES})


def differences(frame: Frame) -> int:
    """Annotations whose run lengths, area or box differ from what pycocotools makes of the full-size mask."""
    wrong = 0
    present = [n for n in range(1, INSTANCES + 1) if (frame.ids == n).any()]
    for number, found in zip(present, annotate_frame(frame, LABELS), strict=True):
        rle = coco_mask.encode(np.asfortranarray(frame.ids == number, np.uint8))
        same = found["segmentation"]["counts"] == rle["counts"].decode()
        same &= found["area"] == int(coco_mask.area(rle)) and found["bbox"] == coco_mask.toBbox(rle).tolist()
        wrong += not same
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200)
    count = parser.parse_args().frames
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / f"{i:06d}" for i in range(count)]
        frames = [make_frame(i) for i in range(count)]
        for frame, to in zip(frames, folders, strict=True):
            to.mkdir()
            write_frame(frame, to)
        start = time.perf_counter()
        for frame in frames:
            annotate_frame(frame, LABELS)
        labelled = time.perf_counter()
        annotate_split(folders, Path(folder), LABELS)
        done = time.perf_counter()
    print(f"labels alone:               {count / (labelled - start):6.0f} images/s on one core")
    print(f"whole stage, files and all: {count / (done - labelled):6.0f} images/s on one core")
    print(f"annotations unlike pycocotools': {sum(differences(f) for f in frames)} of {count * INSTANCES}")


if __name__ == "__main__":
    main()
