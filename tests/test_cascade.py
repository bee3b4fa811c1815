"""The cascade: a detector's boxes under the names that a classifier gives to what is in them."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from torch import nn

from pipeline import cascade
from pipeline.cascade import Namer, name_boxes
from pipeline.coco import Coco, categories_of, read_json, write_json
from pipeline.errors import InputError
from pipeline.merging import thin_out
from pipeline.metrics import detector_metrics, read_results, read_truth
from pipeline.models.checkpoint import Card, save_model
from pipeline.params import load_params
from pipeline.runs import EVALUATED, results_of

BLACK, WHITE = 1, 2  # category ids
Entry = dict[str, Any]


def detected(image_id: int, category_id: int, bbox: list[float], score: float) -> Entry:
    return {"image_id": image_id, "category_id": category_id, "bbox": bbox, "score": score}


# --- Thinning out


def test_of_two_boxes_on_one_object_the_better_stays_whatever_its_name() -> None:
    better, worse = detected(1, WHITE, [0, 1, 4, 4], 0.9), detected(1, BLACK, [0, 0, 4, 4], 0.8)  # IoU 12 / 20
    assert thin_out([worse, better]) == [better]


def test_boxes_that_share_less_stay() -> None:
    boxes = [detected(1, BLACK, [0, 0, 4, 4], 0.9), detected(1, BLACK, [0, 2, 4, 4], 0.8)]  # IoU 8 / 24
    assert thin_out(boxes) == boxes


def test_boxes_of_two_images_never_meet() -> None:
    boxes = [detected(2, BLACK, [0, 0, 4, 4], 0.5), detected(1, BLACK, [0, 0, 4, 4], 0.9)]
    assert thin_out(boxes) == boxes


def test_a_box_without_an_area_is_left_out() -> None:
    assert thin_out([detected(1, BLACK, [3, 3, 0.0, 2], 0.9), detected(1, BLACK, [3, 3, 2, 0.0], 0.9)]) == []
    assert thin_out([]) == []


# --- Names


@pytest.fixture
def namer(tmp_path: Path) -> Namer:
    """Black is the first category and white the second, with a probability of 0.9 each."""
    linear = nn.Linear(1, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[-1.0], [1.0]]) * math.log(9))
        linear.bias.copy_(torch.tensor([math.log(9), 0.0]))
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)
    return Namer(network, load_params(tiny.write_params(tmp_path / "params.yaml")).classifier, 3)


@pytest.fixture
def truth(tmp_path: Path) -> Coco:
    """7x11 px, black above row 6 and white below, with an object in each half that touches a border; an empty one."""
    pixels = np.zeros((11, 7, 3), np.uint8)
    pixels[6:] = 255
    for n in (1, 2):
        Image.fromarray(pixels).save(tmp_path / f"{n}.png")
    boxes = [(BLACK, [1, 0, 3, 4]), (WHITE, [4, 8, 3, 3])]
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 7, "height": 11} for n in (1, 2)],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": c, "bbox": b, "iscrowd": 0} for n, (c, b) in enumerate(boxes, 1)
        ],
        "categories": categories_of(["black", "white"]),
    }


def test_the_classifier_names_and_the_scores_are_products(namer: Namer, truth: Coco, tmp_path: Path) -> None:
    boxes = [detected(1, WHITE, [1, 0, 3, 4], 0.8), detected(1, BLACK, [4, 8, 3, 3], 0.6)]
    assert name_boxes(boxes, truth, tmp_path, namer) == [
        detected(1, BLACK, [1, 0, 3, 4], pytest.approx(0.72)),
        detected(1, WHITE, [1, 0, 3, 4], pytest.approx(0.08)),
        detected(1, BLACK, [4, 8, 3, 3], pytest.approx(0.06)),
        detected(1, WHITE, [4, 8, 3, 3], pytest.approx(0.54)),
    ]


def test_a_detector_that_finds_and_does_not_name_becomes_right(namer: Namer, truth: Coco, tmp_path: Path) -> None:
    boxes = [detected(1, 3 - a["category_id"], a["bbox"], 0.5) for a in truth["annotations"]]
    boxes.append(detected(2, BLACK, [1, 1, 4, 3], 0.2))  # a false one
    before, after = (detector_metrics(truth, r) for r in (boxes, name_boxes(thin_out(boxes), truth, tmp_path, namer)))
    assert (before["AP50"], after["AP50"]) == (0, pytest.approx(1))
    assert before["AP50_class_agnostic"] == after["AP50_class_agnostic"] == pytest.approx(1)


def test_an_unlikely_name_is_left_out(namer: Namer, truth: Coco, tmp_path: Path) -> None:
    (only,) = name_boxes([detected(1, BLACK, [1, 0, 3, 4], 0.005)], truth, tmp_path, namer)  # 0.0045 and 0.0005
    assert only["category_id"] == BLACK


def test_nothing_detected(namer: Namer, truth: Coco, tmp_path: Path) -> None:
    assert name_boxes([], truth, tmp_path, namer) == []


# --- The stage


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, a fresh classifier, and a detector's boxes: the true ones under the first name, and one too many."""
    root = tmp_path_factory.mktemp("cascade")
    data = tiny.write_data(root / "data")
    classifier = load_params(tiny.write_params(root / "params.yaml")).classifier
    torch.manual_seed(0)
    card = Card("classifier", "lenet5", tiny.NAMES, 1, classifier.model_dump(), {}, {}, 0.5, 1)
    save_model(root / "models" / "classifier" / "real", tiny.network("classifier", "lenet5", 3, 1), card)
    for split, (domain, part) in EVALUATED.items():
        objects = read_truth(data / domain / "detector" / f"{part}.json")["annotations"]
        boxes = [detected(a["image_id"], 1, a["bbox"], 0.5) for a in objects]
        predictions = results_of(root / "results", "detector", "real") / "predictions"
        write_json(predictions / f"{split}.json", [*boxes, detected(3, 2, [40, 30, 16, 10], 0.9)])
    return root


def run_stage(tree: Path, out: Path, params: Path | None = None) -> Entry:
    folders = {"--models": tree / "models", "--results": tree / "results", "--data": tree / "data", "--out": out}
    arguments = {**folders, "--regime": "real", "--params": params or tree / "params.yaml"}
    tiny.call(cascade.main, *(part for item in arguments.items() for part in item))
    metrics: Entry = read_json(out / "metrics.json", "metrics")
    return metrics


def test_predictions_and_metrics_of_every_split(tree: Path, tmp_path: Path) -> None:
    metrics = run_stage(tree, tmp_path / "out")
    assert set(metrics) == {"synthetic_val", "real_val", "real_test"}
    truth = read_truth(tree / "data" / "real" / "detector" / "test.json")
    results = read_results(tmp_path / "out" / "predictions" / "real_test.json", truth, per_object=False)
    assert {r["category_id"] for r in results} == {1, 2, 3}
    assert len({(r["image_id"], *r["bbox"]) for r in results}) == len(truth["annotations"]) + 1
    assert metrics["real_test"] == detector_metrics(truth, results)
    lines = (tmp_path / "out" / "predictions" / "precision_recall.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 101


def test_the_same_bytes_again(tree: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        run_stage(tree, tmp_path / out)
    a, b = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in "ab")
    assert a == b and len(a) == 5


def test_without_one_of_its_halves_there_is_none(tree: Path, tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    text = (tree / "params.yaml").read_text(encoding="utf-8")
    assert "tasks:\n- classifier\n- detector\n" in text
    params.write_text(text.replace("- classifier\n- detector\n", "- detector\n"), encoding="utf-8")
    assert run_stage(tree, tmp_path / "out", params) == {}
    (told,) = (tmp_path / "out" / "predictions").iterdir()
    assert "tasks in params.yaml" in told.read_text(encoding="utf-8")


def test_missing_boxes_are_named_and_nothing_is_written(tree: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tree / "results", tmp_path / "results")
    (results_of(copy, "detector", "real") / "predictions" / "real_test.json").unlink()
    for name in ("models", "data", "params.yaml"):
        (tmp_path / name).symlink_to(tree / name)
    with pytest.raises(InputError, match=r"detector/real/predictions/real_test\.json: expected COCO results, found no"):
        run_stage(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
