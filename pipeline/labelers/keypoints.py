"""Named points: COCO's `keypoints` [x1, y1, v1, x2, ...] in the order of the category, and `num_keypoints`.

v is 2 for a point that can be seen, 1 for one inside of the picture that something hides (another object or its own
one), 0 for one that is not labelled, with x = y = 0 (https://cocodataset.org/#format-data). COCO has no place for
points outside of the picture or behind the camera: they count as not labelled.

COCO's keypoints are pixel indices: 0 is the middle of the first pixel, where in its boxes 0 is that pixel's outer edge
(the reading of detectron2, https://github.com/facebookresearch/detectron2/pull/175). So a point projected with the
camera's `intrinsics` is a keypoint as it is.
"""

import math
from itertools import chain
from typing import Any

from pipeline.frame import Frame, Instance, Keypoint
from pipeline.labelers.rounding import PX, rounded
from pipeline.masks import Region
from pipeline.params import Labels

NOT_LABELLED = (0.0, 0.0, 0)


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    names = frame.keypoint_names.get(instance.category)
    if not names:
        return {}
    tolerance_m = labels.keypoint_tolerance * math.hypot(*instance.box_3d_size_m)
    found = {point.name: point for point in instance.keypoints}
    triples = [_triple(found.get(name), tolerance_m) for name in names]
    return {"keypoints": list(chain.from_iterable(triples)), "num_keypoints": sum(v > 0 for _, _, v in triples)}


def _triple(point: Keypoint | None, tolerance_m: float) -> tuple[float, float, int]:
    """(x, y, v). A point of the surface may lie a little behind what the middle of its pixel shows."""
    if point is None or point.behind_m is None:
        return NOT_LABELLED
    x, y = point.xy_px
    x, y = rounded((x - 0.5, y - 0.5), PX)
    return x, y, 2 if point.behind_m <= tolerance_m else 1
