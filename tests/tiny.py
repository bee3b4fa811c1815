"""A data set of shapes that numpy draws: three categories that a small network learns in seconds, no Blender."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml
from PIL import Image
from torch import nn

from pipeline.coco import categories_of, sha256_of, write_json
from pipeline.masks import encode
from pipeline.models import build
from pipeline.models.detectors import ON_A_BACKBONE
from pipeline.params import FITS
from pipeline.runs import TASKS
from pipeline.section import validate

ROOT = Path(__file__).resolve().parents[1]
NAMES = ["disc", "bar", "cross"]
SIZE_WH = (56, 40)
SEEDS = {"synthetic": 1, "real": 2}
COUNTS = {"train": 6, "val": 3, "test": 3}  # images; the last of each has no object
SIDE_PX = 12
KEYPOINTS = 2  # of an object, for networks that look for some

# In this process as in those it starts: sums in one order, and no waiting for cores that are busy with something else.
torch.set_num_threads(1)


def shape(kind: int) -> npt.NDArray[np.bool_]:
    """Mask [12, 12] of category `kind` from 0; each touches all four sides, so that the box is the square."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] - (SIDE_PX - 1) / 2
    masks = [x**2 + y**2 <= 36, abs(x + y) <= 3, (abs(x) <= 2) | (abs(y) <= 2)]
    return np.asarray(masks[kind], bool)


def draw(rng: np.random.Generator, objects: int) -> tuple[npt.NDArray[np.uint8], list[tuple[int, list[int]]]]:
    """A light picture [40, 56, 3] with dark shapes in cells of 14 x 20 px; (category from 0, box_xywh) of each."""
    picture = rng.integers(190, 230, (SIZE_WH[1], SIZE_WH[0], 3), dtype=np.uint8)
    found = []
    for cell in rng.permutation(8)[:objects]:
        x, y = 14 * int(cell % 4) + int(rng.integers(0, 3)), 20 * int(cell // 4) + int(rng.integers(0, 9))
        kind = int(rng.integers(0, len(NAMES)))
        picture[y : y + SIDE_PX, x : x + SIDE_PX][shape(kind)] = rng.integers(10, 60)
        found.append((kind, [x, y, SIDE_PX, SIDE_PX]))
    return picture, found


def seen(kind: int, box_xywh: list[int]) -> dict[str, Any]:
    """The mask of a shape on its picture."""
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), bool)
    x, y = box_xywh[:2]
    mask[y : y + SIDE_PX, x : x + SIDE_PX] = shape(kind)
    return encode(mask)


def split(data: Path, regime: str, name: str) -> dict[str, Any]:
    """Draw the pictures of a split; its COCO file."""
    images, annotations = [], []
    for n in range(COUNTS[name]):
        rng = np.random.default_rng([SEEDS[regime], len(name), n])
        picture, found = draw(rng, 0 if n == COUNTS[name] - 1 else 4)
        path = data / regime / "images" / f"{name}_{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
        size = {"width": SIZE_WH[0], "height": SIZE_WH[1]}
        facts = {"file_name": path.relative_to(data).as_posix(), "sha256": sha256_of(path), "domain": regime}
        images.append({"id": n + 1, **size, **facts})
        for kind, box_xywh in found:
            box = {
                "bbox": box_xywh,
                "area": box_xywh[2] * box_xywh[3],
                "iscrowd": 0,
                "segmentation": seen(kind, box_xywh),
            }
            annotations.append({"id": len(annotations) + 1, "image_id": n + 1, "category_id": kind + 1, **box})
    return {"images": images, "annotations": annotations, "categories": categories_of(NAMES)}


def write_data(data: Path) -> Path:
    """data/{synthetic,real}/{classifier,detector,segmenter}/{train,val,test}.json and their pictures."""
    for regime in SEEDS:
        for name in COUNTS if regime == "real" else ("train", "val"):
            coco = split(data, regime, name)
            for task in TASKS:
                write_json(data / regime / task / f"{name}.json", coco)
    return data


def write_params(path: Path, **changes: dict[str, Any]) -> Path:
    """The preset digits with a few steps of small batches; `changes` by section, on top."""
    values = yaml.safe_load((ROOT / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    quick = {"batch_size": 4, "steps": 12, "finetune_steps": 4, "val_every_steps": 4, "patience": 10}
    values["classifier"].update(quick)
    for task in ("detector", "segmenter"):
        values[task].update({**quick, "crop_px": 32})
    for section, own in changes.items():
        values[section].update(own)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def fit_of(task: Any, model: str, **changes: Any) -> Any:
    """The task's section of the preset digits, with this network, on a light backbone where it wants one."""
    values = yaml.safe_load((ROOT / "presets" / "digits.yaml").read_text(encoding="utf-8"))[task]
    own: dict[str, Any] = {"backbone": "mobilenet_v3_small"} if model in ON_A_BACKBONE else {}
    own |= {"keypoints": KEYPOINTS} if model == "keypointrcnn" else {}
    return validate(FITS[task], {**values, **own, "model": model, **changes}, "params")


def uneven(network: nn.Module) -> nn.Module:
    """With last layers that are not zero: answers differ, and gradients get through to the first layer."""
    for weight in network.parameters():
        if weight.ndim > 1 and not weight.any():
            nn.init.normal_(weight, std=0.1)
    return network


def network(task: Any, model: str, categories: int, channels: int) -> nn.Module:
    return build(task, fit_of(task, model), categories, channels)


def call(main: Callable[[], None], *arguments: Any) -> None:
    """Run the main function of a stage in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["stage", *map(str, arguments)])
        main()


def start(store: Path, module: str, *arguments: Any) -> subprocess.Popen[str]:
    """Start a stage as a process of its own, its output in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "SYNTH2REAL_STORE": str(store), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # a shell's background jobs, and what they start, ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """What it printed; a test fails with that where the exit code is another."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == code, f"{process.args}: expected {code}, found {process.returncode}\n{output}"
    return output
