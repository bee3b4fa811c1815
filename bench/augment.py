"""What each augmentation costs: milliseconds of a batch with it, less those without, on pictures of noise.

    python -m bench.augment --rounds 15

128 crops of 40 px in colour, and 16 crops of 160 px out of pictures of 320 x 240 px. CPU time of one thread, so that
other programs count less; each round measures every setting once, after a batch without any.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bench.machine import describe
from bench.spread import spread, table
from pipeline.augment.real_look import RealLook
from pipeline.dataset import CONTEXT, Crops, Pictures
from pipeline.errors import run
from pipeline.learner import crop_batches, picture_batches
from pipeline.params import Classifier, Detector, Params, load_params
from pipeline.section import validate

OFF_BOTH = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0, "noise": 0.0}
OFF_BOTH |= {"flips": False, "quarter_turns": False}
OFF_CROPS = {**OFF_BOTH, "rotation_deg": 0.0, "translate": 0.0, "scale": [1.0, 1.0], "shear_deg": 0.0}
OFF_CROPS |= {"groups": 8, "resolution_px": [999.0, 999.0]}
OFF_PICTURES = {**OFF_BOTH, "blur_sigma_px": [0.001, 0.001], "scale": [1.0, 1.0], "on_object": 0.0}
BOTH: dict[str, Any] = {
    "brightness": 0.3,
    "hue": 0.1,
    "flips": True,
    "quarter_turns": True,
    "noise": 0.03,
    "jpeg_quality": [40, 95],
    "distortion": 0.1,
    "cutout": 0.3,
    "histogram_matching": 0.5,
    "fourier": 0.5,
}
CROPS: dict[str, Any] = {
    **BOTH,
    "random_resized": {"area": [0.08, 1.0], "aspect": [0.75, 1.33]},
    "elastic": {"alpha_px": 34.0, "sigma_px": 4.0},
    "rand_augment": {"number": 2, "magnitude": 9},
    "lighting": 0.1,
    "blur_sigma_px": [0.0, 1.5],
    "resolution_px": [12.0, 30.0],
    "mixup": 0.2,
    "cutmix": 1.0,
}
PICTURES: dict[str, Any] = {**BOTH, "scale": [0.8, 0.9], "mosaic": 0.5, "blur_sigma_px": [0.1, 2.0]}
Batch = Callable[[list[int]], Any]


def crop_batch(params: Params, **changes: Any) -> Batch:
    values = {**params.classifier.model_dump(), "input_px": 40, "grayscale": False}
    values["augment"] = {**values["augment"], **OFF_CROPS, **changes}
    fit = validate(Classifier, values, "classifier")
    side_px = round(fit.input_px * CONTEXT)
    crops = torch.randint(0, 256, (256, 3, side_px, side_px), dtype=torch.uint8)
    data = Crops(crops, torch.arange(256) % 6, [])
    return crop_batches(data, fit, 6, RealLook(list(crops[:50]), fit.augment))


def picture_batch(params: Params, **changes: Any) -> Batch:
    values = {**params.detector.model_dump(), "crop_px": 160}
    values["augment"] = {**values["augment"], **OFF_PICTURES, **changes}
    images = list(torch.randint(0, 256, (32, 3, 240, 320), dtype=torch.uint8))
    corners = torch.rand(12, 2) * torch.tensor([280.0, 200.0])
    boxes = torch.cat([corners, corners + 40], dim=1)
    labels = [torch.ones(12, dtype=torch.long)] * 32
    data = Pictures(images, [boxes] * 32, labels, list(range(32)))
    fit = validate(Detector, values, "detector")
    return picture_batches(data, fit, RealLook(images[:20], fit.augment))


def milliseconds(batch: Batch, number: int) -> float:
    start = time.process_time()
    batch(list(range(number)))
    return (time.process_time() - start) * 1000


def rows(make: Callable[..., Batch], settings: dict[str, Any], number: int, rounds: int) -> list[list[str]]:
    """Name and setting, and what it adds to a batch of so many; the first row is the batch without any."""
    plain = make()
    batches = {name: make(**{name: value}) for name, value in settings.items()}
    for batch in (plain, *batches.values()):
        batch(list(range(number)))
    alone: list[float] = []
    added: dict[str, list[float]] = {name: [] for name in batches}
    for _ in range(rounds):
        for name, batch in batches.items():
            alone.append(milliseconds(plain, number))
            added[name].append(milliseconds(batch, number) - alone[-1])
    costs = [[f"`{name}: {settings[name]}`", spread(times).text(1)] for name, times in added.items()]
    return [["none of them", spread(alone).text(1)], *costs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("presets/digits.yaml"))
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    torch.set_num_threads(1)
    params = load_params(args.params)
    print(describe(), flush=True)
    print(table(["128 crops of 40 px", "ms"], rows(partial(crop_batch, params), CROPS, 128, args.rounds)), flush=True)
    print(table(["16 crops of 160 px", "ms"], rows(partial(picture_batch, params), PICTURES, 16, args.rounds)))


if __name__ == "__main__":
    run(main)
