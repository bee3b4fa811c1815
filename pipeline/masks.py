"""Instance ids -> tight boxes, areas and COCO run lengths, for every instance in one scan of the picture.

pycocotools encodes one full-size mask after the other; here the boundaries between runs of equal ids, in COCO's
column-major order, are found once and shared by all instances.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO


@dataclass(frozen=True)
class Region:
    """The visible pixels of one instance."""

    box_xywh: tuple[int, int, int, int]  # px, tight
    area_px: int
    runs: npt.NDArray[np.int64]  # [R, 2]: first pixel of each run in column-major order, and its length
    size_hw: tuple[int, int]

    def rle(self) -> dict[str, Any]:
        """COCO's compressed run-length encoding, `counts` as text."""
        height, width = self.size_hw
        starts, lengths = self.runs.T
        ends = starts + lengths
        counts = np.empty(2 * len(starts) + 1, np.int64)
        counts[0], counts[1::2] = starts[0], lengths
        counts[2:-1:2], counts[-1] = starts[1:] - ends[:-1], height * width - ends[-1]
        counts = counts[:-1] if counts[-1] == 0 else counts
        encoded = coco_mask.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)
        return {"size": [height, width], "counts": encoded["counts"].decode("ascii")}


def encode(mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """A mask [H, W] -> COCO's compressed run-length encoding, `counts` as text."""
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": list(mask.shape), "counts": rle["counts"].decode("ascii")}


def measure(rle: dict[str, Any]) -> dict[str, Any]:
    """COCO's `bbox`, tight, and `area` of a mask as compressed run lengths, px."""
    return {"bbox": [float(v) for v in coco_mask.toBbox(rle)], "area": int(coco_mask.area(rle))}


def decode(segmentation: Any, size_hw: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """COCO's polygons, or run lengths, compressed or not, of a picture of this size -> mask [H, W]."""
    api = COCO()
    api.imgs = {0: {"height": size_hw[0], "width": size_hw[1]}}
    mask: npt.NDArray[np.uint8] = api.annToMask({"image_id": 0, "segmentation": segmentation})
    return mask.astype(bool)


def scan(ids: npt.NDArray[np.uint16]) -> dict[int, Region]:
    """The regions of all instances in ids [H, W]; 0 is background. Instances without a visible pixel are left out."""
    height, width = ids.shape
    flat = ids.ravel(order="F")
    if not flat.size:
        return {}
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=flat.size)
    owners = flat[starts]
    starts, lengths, owners = (a[owners > 0] for a in (starts, lengths, owners))
    order = np.argsort(owners, kind="stable")
    runs = np.stack([starts, lengths], axis=1)[order]
    present, first = np.unique(owners[order], return_index=True)
    parts = np.split(runs, first[1:]) if len(present) else []
    return {int(i): _region(part, height, width) for i, part in zip(present, parts, strict=True)}


def _region(runs: npt.NDArray[np.int64], height: int, width: int) -> Region:
    starts, lengths = runs.T
    last = starts + lengths - 1
    x0, x1 = int(starts[0] // height), int(last[-1] // height)
    # A run that goes on into the next column covers both the lowest row of one and the uppermost of the other.
    wraps = starts // height != last // height
    y0 = 0 if wraps.any() else int((starts % height).min())
    y1 = height - 1 if wraps.any() else int((last % height).max())
    box_xywh = (x0, y0, x1 - x0 + 1, y1 - y0 + 1)
    return Region(box_xywh=box_xywh, area_px=int(lengths.sum()), runs=runs, size_hw=(height, width))
