"""Labels: name -> function that turns an instance and its visible region into fields of a COCO annotation.

Each file holds one kind of label; every annotation carries the fields of all of them.
"""

from collections.abc import Callable
from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.labelers import box, mask, visibility
from pipeline.masks import Region

Labeler = Callable[[Frame, Instance, Region], dict[str, Any]]

LABELERS: dict[str, Labeler] = {
    "box": box.encode,
    "mask": mask.encode,
    "visibility": visibility.encode,
}
