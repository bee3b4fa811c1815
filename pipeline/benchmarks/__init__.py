"""Real benchmarks: real images with COCO annotations, split into train, val (hold-out of train) and test.

An entry declares its parameters, the keys of `benchmark` in params.yaml besides `name`, and builds a folder:
`images/`, `classifier/`, `detector/` and `segmenter/` with `train.json`, `val.json` and `test.json`, and `note.txt`,
one paragraph that tells readers of the report what the images are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.benchmarks import coco_folder, coins, dice, digits
from pipeline.section import Section


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark accepts, and the function that writes it into an empty folder."""

    params: type[Section]
    build: Callable[[Any, Path], None]  # (an instance of `params`, the folder)


BENCHMARKS = {
    "digits": Benchmark(digits.Params, digits.build),
    "coco": Benchmark(coco_folder.Params, coco_folder.build),
    "dice": Benchmark(dice.Params, dice.build),
    "coins": Benchmark(coins.Params, coins.build),
}
