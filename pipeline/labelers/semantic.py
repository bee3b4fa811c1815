"""Instance ids -> category ids of every pixel, for semantic segmentation. A layer of pixels, not a field of COCO."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.frame import Frame

BACKGROUND = 0


def category_ids(frame: Frame) -> npt.NDArray[Any]:
    """COCO's category ids [H, W], 0 where there is no object; 8 bit for up to 255 categories, else 16.

    Every visible pixel counts, also of objects that the filters of `labels` leave out.
    """
    numbers = {name: number for number, name in enumerate(frame.categories, start=1)}
    highest = max([int(frame.ids.max(initial=0)), *(i.id for i in frame.instances)])
    table = np.full(highest + 1, BACKGROUND, np.uint8 if len(numbers) <= 255 else np.uint16)
    for instance in frame.instances:
        table[instance.id] = numbers[instance.category]
    return table[frame.ids]
