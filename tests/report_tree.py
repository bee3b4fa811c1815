"""A tiny tree of what the other stages leave: two categories, pictures of 7x11 and 32x24."""

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from pipeline.class_maps import class_map, results_of, size_of
from pipeline.coco import Coco, categories_of, write_json
from pipeline.metrics import METRICS_OF, confusion, precision_recall
from pipeline.report.load import Inputs, load_inputs
from pipeline.runs import CASCADE, REGIMES, TASKS, Task, measured, task_of
from pipeline.runs import results_of as results_at

ROOT = Path(__file__).parent.parent
DEFAULT = ["classifier", "detector"]  # tasks of the preset
NAMES = ["<b>x</b>", "$1"]  # one that HTML would take for a tag, one that matplotlib would take for a formula
Entry = dict[str, Any]


def write_tree(root: Path, transfer_gap: tuple[float, float, float] = (0.02, 0.01, 0.03)) -> Path:
    """Write everything that the report reads under `root`; `transfer_gap` (value, low, high) is synthetic-only's."""
    shutil.copy(ROOT / "presets" / "digits.yaml", root / "params.yaml")
    cocos = {(d, s): _coco(root / "data", d, s) for d in ("synthetic", "real") for s in ("train", "val", "test")}
    (root / "data" / "real" / "note.txt").write_text("Sheets composed from real <i>scans</i>.\n", encoding="utf-8")
    for task in TASKS:
        _write_cocos(root / "data", task, cocos)
        write_json(root / "results" / "check" / task / "check.json", {"loss": {"first": 0.69, "expected": 0.693}})
        for regime in REGIMES:
            _write_model(root / "models" / task / regime, task)
    for name in measured(TASKS):
        for regime in REGIMES:
            _write_results(results_at(root / "results", name, regime), task_of(name), cocos)
    asked = {name: of for name, of in gaps(transfer_gap).items() if name in (*DEFAULT, CASCADE)}
    write_json(root / "results" / "gap.json", asked)
    return root


def inputs_at(root: Path) -> Inputs:
    """The tree as the report reads it."""
    return load_inputs(root / "results", root / "models", root / "data", root / "params.yaml")


def gaps(transfer_gap: tuple[float, float, float]) -> Entry:
    """gap.json with the same figures for all metrics; only the score of real training follows from `transfer_gap`."""

    def of(value: float, low: float, high: float) -> Entry:
        return {"value": value, "low": low, "high": high}

    metric = {
        "synthetic_val": dict.fromkeys(REGIMES, of(0.97, 0.96, 0.98)),
        "real_test": dict.fromkeys(REGIMES, of(0.95, 0.94, 0.96)) | {"real": of(*(0.95 + g for g in transfer_gap))},
        "domain_gap": dict.fromkeys(REGIMES, of(0.02, 0.005, 0.03)),
        "transfer_gap": {"synthetic": of(*transfer_gap), "mixed": of(0.001, -0.002, 0.004)},
        "gain_over_synthetic": {"mixed": of(0.0, -0.001, 0.002)},
    }
    boxes = dict.fromkeys(("AP50", "AP", "AP50_class_agnostic"), metric)
    masks = dict.fromkeys(("mIoU", "Dice"), metric)
    return {"classifier": {"accuracy": metric}, "detector": boxes, "segmenter": masks, CASCADE: boxes}


def ask_for(root: Path, tasks: list[str], regimes: list[str]) -> Path:
    """What the stages leave when params.yaml asks for less: what is not asked for is not there."""
    path = root / "params.yaml"
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(values | {"tasks": tasks, "regimes": regimes}), encoding="utf-8")
    names = [*tasks, CASCADE] if set(tasks) >= set(DEFAULT) else tasks
    written = {**gaps((0.02, 0.01, 0.03)), **json.loads((root / "results/gap.json").read_text())}
    document = {name: of for name, of in written.items() if name in names}
    for figures in (f for metrics in document.values() for f in metrics.values()):
        for key, by_regime in list(figures.items()):
            figures[key] = {r: i for r, i in by_regime.items() if r in regimes}
        if "real" not in regimes:
            figures.pop("transfer_gap", None)
        if not {"synthetic", "mixed"} <= set(regimes):
            figures.pop("gain_over_synthetic", None)
    write_json(root / "results" / "gap.json", document)
    for name in {*TASKS, CASCADE} - set(names):
        for folder in (
            "results/runs",
            "results",
            "results/check",
            "models",
            "data/real",
            "data/synthetic",
            "data/mixed",
        ):
            shutil.rmtree(root / folder / name, ignore_errors=True)
    for regime in set(REGIMES) - set(regimes):
        for folder in [*(root / "results").glob(f"**/{regime}"), *(root / "models").glob(f"*/{regime}")]:
            shutil.rmtree(folder)
    return root


def for_testing_only(root: Path) -> Path:
    """A benchmark without real images to train on."""
    for path in (root / "data" / "real").glob("*/train.json"):
        write_json(path, {**json.loads(path.read_text(encoding="utf-8")), "images": [], "annotations": []})
    return root


def _coco(data: Path, domain: str, split: str) -> Coco:
    """A 7x11 image without objects and three of 32x24 with two objects each, all of the first category in `test`."""
    images: list[Entry] = []
    annotations: list[Entry] = []
    for n, size_wh in enumerate([(7, 11), (32, 24), (32, 24), (32, 24)]):
        name = f"{domain}/images/{split}_{n}.png"
        images.append(_image(data, name, n, size_wh) | {"domain": domain})
        for k in range(2 if n else 0):
            bbox = [2 + 14 * k, 3 + n, 9, 12]
            category = 1 if split == "test" else k + 1
            annotations.append(_annotation(len(annotations), n, category, bbox))
    return Coco(images=images, annotations=annotations, categories=categories_of(NAMES))


def _image(data: Path, name: str, n: int, size_wh: tuple[int, int]) -> Entry:
    pixels = np.random.default_rng(n).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"id": n, "file_name": name, "width": size_wh[0], "height": size_wh[1], "sha256": sha256}


def _annotation(number: int, image_id: int, category: int, bbox: list[int]) -> Entry:
    x, y, w, h = bbox
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category,
        "bbox": bbox,
        "area": bbox[2] * bbox[3],
        "iscrowd": 0,
        "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
    }


def _write_cocos(data: Path, task: str, cocos: dict[tuple[str, str], Coco]) -> None:
    for (domain, split), coco in cocos.items():
        if (domain, split) != ("synthetic", "test"):
            write_json(data / domain / task / f"{split}.json", coco)
    write_json(data / "mixed" / task / "train.json", cocos[("synthetic", "train")])
    write_json(data / "mixed" / task / "val.json", cocos[("synthetic", "val")])


def _write_model(folder: Path, task: str) -> None:
    card = {"task": task, "architecture": "lenet5", "categories": NAMES, "channels": 3, "score": 0.97, "step": 20}
    write_json(folder / "model.json", card)
    for phase in (0, 1):
        curve = folder / "curves" / f"phase{phase}" / "train" / "loss.tsv"
        curve.parent.mkdir(parents=True)
        curve.write_text("step\tloss\n10\t0.5\n20\t0.25\n", encoding="utf-8")


def _write_results(folder: Path, task: Task, cocos: dict[tuple[str, str], Coco]) -> None:
    truths = {"synthetic_val": cocos[("synthetic", "val")], "real_test": cocos[("real", "test")]}
    predict = {"classifier": classified, "detector": detected, "segmenter": segmented}[task]
    found = {split: predict(truth) for split, truth in truths.items()}
    measure = METRICS_OF[task]
    write_json(folder / "metrics.json", {split: measure(truths[split], found[split]) for split in truths})
    for split, results in found.items():
        write_json(folder / "predictions" / f"{split}.json", results)
    test, results = truths["real_test"], found["real_test"]
    if task == "classifier":
        _write_csv(folder / "predictions" / "confusion.csv", ("actual", "predicted"), confusion(test, results))
    elif task == "detector":
        rows = list(precision_recall(test, results))
        _write_csv(folder / "predictions" / "precision_recall.csv", ("recall", "precision"), rows)


def classified(truth: Coco) -> list[Entry]:
    """The first object gets the other name, with a score of 0.9; all others are right."""
    return [
        {
            "image_id": a["image_id"],
            "annotation_id": a["id"],
            "category_id": 3 - a["category_id"] if n == 0 else a["category_id"],
            "bbox": a["bbox"],
            "score": 0.9 if n == 0 else 0.8,
        }
        for n, a in enumerate(truth["annotations"])
    ]


def detected(truth: Coco) -> list[Entry]:
    """All objects but the last are found; one box lies on nothing, in the image without objects."""
    right = [{k: a[k] for k in ("image_id", "category_id", "bbox")} | {"score": 0.9} for a in truth["annotations"][:-1]]
    return [*right, {"image_id": 0, "category_id": 2, "bbox": [1, 2, 4, 5], "score": 0.95}]


def segmented(truth: Coco) -> list[Entry]:
    """All objects but those of the last image."""
    found = []
    for image in truth["images"][:-1]:
        own = [a for a in truth["annotations"] if a["image_id"] == image["id"]]
        found += results_of(image["id"], class_map(own, size_of(image)))
    return found


def _write_csv(path: Path, columns: tuple[str, str], rows: list[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])


def change_json(path: Path, keys: list[str], value: Any) -> None:
    """Set one value of a JSON file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    entry = document
    for key in keys[:-1]:
        entry = entry[key]
    entry[keys[-1]] = value
    write_json(path, document)
