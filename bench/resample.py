"""Seconds for AP on many resamples of the images: boxes matched once, against pycocotools run anew on each resample.

    python -m bench.resample

Sixty images with eight objects each, of ten categories, by default; boxes near most objects under three names each.
Both sides compute AP and AP50 of the same resamples, and agree; pycocotools is run on a few and counted up.
"""

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bench.machine import describe
from bench.spread import table
from pipeline.coco import Coco, categories_of
from pipeline.metrics import Results
from pipeline.metrics.detector import by_iou, evaluate
from pipeline.metrics.resample import match, mean_over_classes

CELL_PX = 40
CATEGORIES = 10
NAMES = 3  # of each box
FOUND = 0.9  # of the objects
Ints = npt.NDArray[np.int64]
T = TypeVar("T")


def scene(rng: np.random.Generator, images: int, objects: int) -> tuple[Coco, Results]:
    """Objects in cells of a grid, and boxes that are a few px off, a tenth of them under a wrong first name."""
    annotations: Results = []
    results: Results = []
    for image in range(1, images + 1):
        for cell in range(objects):
            category = int(rng.integers(CATEGORIES))
            box = [CELL_PX * (cell % 4) + 5, CELL_PX * (cell // 4) + 5, 24, 30]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": category + 1, "bbox": box, "iscrowd": 0}
            )
            if rng.random() < FOUND:
                near = [float(v) for v in np.array(box) + rng.normal(0, 2, 4)]
                first = category if rng.random() < FOUND else int(rng.integers(CATEGORIES))
                for n in range(NAMES):
                    name = {"image_id": image, "category_id": 1 + (first + n) % CATEGORIES, "bbox": near}
                    results.append({**name, "score": float(rng.random() / (1 + n))})
    names = [str(n) for n in range(CATEGORIES)]
    pictures = [{"id": n, "width": 160, "height": 160} for n in range(1, images + 1)]
    return {"images": pictures, "annotations": annotations, "categories": categories_of(names)}, results


def drawn(truth: Coco, results: Results, counts: Ints) -> tuple[Coco, Results]:
    """The data set that holds image n `counts[n]` times, as pycocotools would have to read it."""
    copies = [(image, k) for image, n in zip(truth["images"], counts, strict=True) for k in range(n)]
    numbers: dict[int, list[int]] = {}
    for number, (image, _) in enumerate(copies, start=1):
        numbers.setdefault(image["id"], []).append(number)
    images = [{**image, "id": number} for number, (image, _) in enumerate(copies, start=1)]
    objects, boxes = (
        [{**entry, "image_id": n} for entry in of for n in numbers.get(entry["image_id"], [])]
        for of in (truth["annotations"], results)
    )
    return {**truth, "images": images, "annotations": objects}, boxes


def by_pycocotools(truth: Coco, results: Results, counts: Ints) -> list[tuple[float, float]]:
    """(AP, AP50) of each resample [R, N]."""
    found = []
    for one in counts:
        of = by_iou(evaluate(*drawn(truth, results, one)).eval["precision"][..., 0, 0])
        found.append((of["AP"] or 0.0, of["AP50"] or 0.0))
    return found


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """CPU seconds, which other work on the machine hardly changes."""
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def compare(images: int, objects: int, resamples: int, run: int) -> str:
    """A table; raises ValueError where the two sides do not agree on the resamples that both have seen."""
    rng = np.random.default_rng(0)
    truth, results = scene(rng, images, objects)
    counts = rng.multinomial(images, np.full(images, 1 / images), resamples)
    matches, matching = timed(lambda: match(truth, results))
    ours, counting = timed(lambda: mean_over_classes(matches, counts))
    theirs, running = timed(lambda: by_pycocotools(truth, results, counts[:run]))
    apart = float(np.abs(np.array(theirs).T - ours[:, :run]).max())
    if apart > 1e-9:
        raise ValueError(f"expected the same AP on both sides, found {apart} between them")
    whole = running / run * resamples
    rows = [
        ["pycocotools on each", f"{whole:.0f} ({run} run: {running:.1f})", ""],
        [
            "matched once",
            f"{matching + counting:.2f} ({matching:.2f} + {counting:.2f})",
            f"{whole / (matching + counting):.0f}",
        ],
    ]
    return table([f"{resamples:,} resamples of {images} images x {objects} objects", "CPU s", "times faster"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--objects", type=int, default=8)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--run", type=int, default=10, help="resamples that pycocotools is run on")
    args = parser.parse_args()
    print(describe(), flush=True)
    print(compare(args.images, args.objects, args.resamples, args.run))


if __name__ == "__main__":
    main()
