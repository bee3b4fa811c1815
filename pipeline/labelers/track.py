"""The same object in the frames of a sequence: `track_id`; of images `video_id`, `frame_id`; beyond COCO's own fields.

A function of the frame alone, so that rendering more frames changes no id. TAO (Dave et al. 2020) has `track_id` and
`video_id` too; `frame_id` counts from 0 within a sequence, as in MMTracking's CocoVID files.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.masks import Region
from pipeline.params import Labels

IDS = 2**16  # more than a frame has: they are 16 bit


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    return {"track_id": frame.sequence * IDS + instance.id}


def encode_image(frame: Frame) -> dict[str, Any]:
    return {"video_id": frame.sequence + 1, "frame_id": frame.step}
