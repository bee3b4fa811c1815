"""Instance ids to COCO annotations, this project's way and BlenderProc's, for the same pictures."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from bench.side import Side
from bench.spread import ratios, spread, table

REPEATS = {"theirs": 1, "ours": 100}  # of all pictures, so that both take about a second


def conversion(python: Path, frames: Path, work: Path, rounds: int) -> str:
    """Compare on every `ids.png` under `frames`; each side times itself in its own process, in turn."""
    pictures = [np.asarray(Image.open(path)).astype(np.uint16) for path in sorted(frames.rglob("ids.png"))]
    np.save(work / "ids.npy", np.stack(pictures))
    with (
        closing(Side(python, "bench.blenderproc_side")) as theirs,
        closing(Side(sys.executable, "bench.our_side")) as ours,
    ):
        sides = {"theirs": theirs, "ours": ours}
        pairs = [[_ms(side, name, work) / len(pictures) for name, side in sides.items()] for _ in range(rounds + 1)]
    their_ms, our_ms = zip(*pairs[1:], strict=True)
    line = [spread(their_ms).text(1), spread(our_ms).text(), ratios(their_ms, our_ms).text(0)]
    height, width = pictures[0].shape
    instances = np.mean([len(np.unique(p)) - 1 for p in pictures])
    title = f"ids to COCO, {width}x{height}, {instances:g} instances"
    made = table([title, "BlenderProc, ms/image", "ours, ms/image", "ratio"], [["RLE, area, box", *line]])
    return f"{made}\n{_unlike(work / 'theirs.json', work / 'ours.json')} annotations differ"


def _ms(side: Side, name: str, work: Path) -> float:
    """Of wall time, for all pictures once."""
    repeats = REPEATS[name]
    wall, _ = side.ask("coco", ids=str(work / "ids.npy"), repeats=repeats, out=str(work / f"{name}.json"))
    return 1000 * float(wall) / repeats


def _unlike(theirs: Path, ours: Path) -> int:
    """How many annotations of an instance are not the same to the pixel."""
    a = [_facts(one) for one in json.loads(theirs.read_text(encoding="utf-8"))["annotations"]]
    b = [_facts(one) for image in json.loads(ours.read_text(encoding="utf-8")) for one in image]
    return sum(x != y for x, y in zip(a, b, strict=True))


def _facts(annotation: dict[str, Any]) -> Any:
    rle = annotation["segmentation"]
    if isinstance(rle["counts"], list):
        rle = coco_mask.frPyObjects(rle, *rle["size"])
    return coco_mask.decode(rle).tobytes(), int(annotation["area"]), [float(v) for v in annotation["bbox"]]
