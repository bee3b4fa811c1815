"""One COCO result, written short."""

from typing import Any


def entry(category: int, *box_xywh: float, score: float = 0.9) -> dict[str, Any]:
    return {"image_id": 1, "category_id": category, "bbox": list(box_xywh), "score": score}
