"""Self-training: which labels are taken, what a round learns from, that true labels are not read, and that it helps."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from pipeline import train
from pipeline.adapt.pseudo_labels import (
    class_probabilities,
    inside,
    pseudo_labels,
    sure_boxes,
    sure_names,
    sure_pixels,
)
from pipeline.adapt.rounds import counts, with_labels
from pipeline.adapt.unlabelled import unknown_to, without_labels
from pipeline.class_maps import IGNORED, class_map
from pipeline.coco import Coco, categories_of, read_coco
from pipeline.dataset import Pictures
from pipeline.models import build
from pipeline.models.checkpoint import load_model
from pipeline.params import load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, as in test_train.py

SIZE_HW = (7, 11)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_data(tmp_path_factory.mktemp("tiny") / "data")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNTH2REAL_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def coco(images: int, *boxes: tuple[int, list[float]], name: str = "real") -> Coco:
    """Pictures of 7 x 11 px; boxes (image, xywh) of the second category."""
    annotations = [
        {"id": n, "image_id": image, "category_id": 2, "bbox": box, "iscrowd": 0}
        for n, (image, box) in enumerate(boxes, start=1)
    ]
    sizes = {"height": SIZE_HW[0], "width": SIZE_HW[1]}
    return {
        "images": [{"id": n, "file_name": f"{name}/{n}.png", **sizes} for n in range(1, images + 1)],
        "annotations": annotations,
        "categories": categories_of(("one", "two")),
    }


def test_names_that_are_sure() -> None:
    """Three boxes of 0.9, 0.5 and 0.2 for the second category; 0.8 is asked for, so the first and the third count."""
    boxes = [[1.0, 1, 4, 3], [2.0, 2, 2, 2], [0.0, 0, 5, 5]]
    unlabelled = without_labels(coco(1, *((1, box) for box in boxes)), boxes=True)
    found = list(sure_names(unlabelled, torch.tensor([[0.1, 0.9], [0.5, 0.5], [0.8, 0.2]]), 0.8))
    assert [(a["category_id"], a["bbox"], a["area"], a["iscrowd"]) for a in found] == [
        (2, [1.0, 1, 4, 3], 12, 0),
        (1, [0.0, 0, 5, 5], 25, 0),
    ]


def box(image: int, score: float, *xywh: float, category: int = 1) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": list(xywh), "score": score}


def test_boxes_that_are_sure() -> None:
    """One for each place, the surest; cut at the border; none that is hardly there, and none below the confidence."""
    found = [
        box(1, 0.9, 1, 1, 4, 3),
        box(1, 0.8, 1, 1, 4, 3, category=2),  # a second name
        box(1, 0.7, 9, 5, 4, 4),  # beyond the border at the right and below
        box(1, 0.9, 10.5, 1, 4, 3),  # half a pixel of it
        box(2, 0.6, 1, 1, 4, 3),
        box(2, 0.4, 6, 1, 4, 3),
    ]
    sure = list(sure_boxes(coco(2), found, 0.5))
    assert [(a["image_id"], a["bbox"], a["category_id"]) for a in sure] == [
        (1, [1, 1, 4, 3], 1),
        (1, [9, 5, 2, 2], 1),
        (2, [1, 1, 4, 3], 1),
    ]
    assert inside([-2.0, 3, 4, 9], SIZE_HW) == [0, 3, 2.0, 4]


def test_pixels_that_are_sure() -> None:
    """Classes by column: background, unsure, the second category; unsure pixels are ignored."""
    logits = torch.zeros(3, *SIZE_HW)
    logits[0, :, :4], logits[2, :, 7:] = 9, 9

    class Network(torch.nn.Module):
        def logits(self, picture: torch.Tensor) -> torch.Tensor:
            return logits

    picture = Pictures([torch.zeros(3, *SIZE_HW, dtype=torch.uint8)], [torch.empty(0)], [torch.empty(0)], [5])
    assert float(class_probabilities(Network(), picture.images[0])[2, 0, 8]) > 0.99
    found = list(sure_pixels(Network(), picture, 0.9))
    assert [(a["image_id"], a["category_id"], a["bbox"], a["area"], a["iscrowd"]) for a in found] == [
        (5, 2, [7, 0, 4, 7], 28, 0),
        (5, 1, [4, 0, 3, 7], 21, 1),
    ]
    assert class_map(found, SIZE_HW)[3].tolist() == [0] * 4 + [IGNORED] * 3 + [2] * 4


def test_halves_by_hand() -> None:
    """Five objects and two labels: labels twice, or 5 + 4; of images with two and one: 2 + 2."""
    known, labels = coco(2, *[(1, [0.0, 0, 2, 2])] * 5, name="rendered"), coco(1, *[(1, [0.0, 0, 2, 2])] * 2)
    both = with_labels(known, labels, by_object=True)
    assert [i["file_name"] for i in both["images"]] == ["rendered/1.png", "rendered/2.png", "real/1.png", "real/1.png"]
    assert [a["image_id"] for a in both["annotations"]] == [1] * 5 + [3] * 2 + [4] * 2
    assert [a["id"] for a in both["annotations"]] == list(range(1, 10))
    assert len(with_labels(known, labels, by_object=False)["images"]) == 4
    assert counts(labels) == {"labels": 2, "images": 1, "by_category": {"one": 0, "two": 2}}


def test_what_is_labelled_already_is_left_out() -> None:
    """Mixed training has some of real train with its true labels."""
    unlabelled = without_labels(coco(3, (1, [0.0, 0, 2, 2]), (2, [0.0, 0, 2, 2])), boxes=True)
    left = unknown_to(coco(1), unlabelled)
    assert [i["id"] for i in left["images"]] == [2, 3]
    assert [(a["image_id"], a["category_id"]) for a in left["annotations"]] == [(2, 1)]
    assert without_labels(coco(1, (1, [0.0, 0, 2, 2])), boxes=False)["annotations"] == []


# --- Training


ROUNDS = {"rounds": 2, "confidence": 0.4, "steps": 4}
FEW = {"steps": 8, "val_every_steps": 4}


def work_of(task: Any, data: Path, folder: Path, regime: str = "synthetic", **changes: Any) -> Work:
    rounds = {**ROUNDS, **changes.pop("rounds", {})}
    adapt = {"batch_norm": changes.pop("batch_norm", False), "self_training": rounds}
    params = load_params(tiny.write_params(folder / "params.yaml", **{task: {**FEW, "adapt": adapt, **changes}}))
    return Work(task, data / regime / task, data, params, data / "real" / task / "train.json")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


LEARNS = {"classifier": (0.34, 8), "detector": (0.01, 8), "segmenter": (0.34, 60)}  # what a network is sure of, steps


@pytest.mark.parametrize("task", LEARNS)
def test_rounds_of_each_task(task: Any, data: Path, store: Path, tmp_path: Path) -> None:
    """Two more phases, to their last step; their labels, in the form of COCO files, are kept beside the model."""
    confidence, steps = LEARNS[task]
    work = work_of(task, data, tmp_path, rounds={"confidence": confidence}, steps=steps, val_every_steps=steps // 2)
    train.train(work, tmp_path / "model")
    found = contents(tmp_path / "model")
    for phase in (1, 2):
        labels = read_coco(tmp_path / "model" / "pseudo_labels" / f"phase{phase}.json", data)
        assert counts(labels)["labels"] > 0
        assert all(i["domain"] == "real" for i in labels["images"])
        assert found[f"curves/phase{phase}/val/score.tsv"].decode().splitlines()[-1].startswith("3\t")
    card = load_model(tmp_path / "model")[1]
    assert card.step == 4 and set(card.data_sha256) == {"train.json", "val.json", "unlabelled.json"}
    assert not list((store / "runs").glob("*/"))


@pytest.mark.parametrize("task", ["classifier", "detector", "segmenter"])
def test_nothing_to_label(task: Any, data: Path, tmp_path: Path) -> None:
    """Mixed training may know all real images by their labels."""
    work = work_of(task, data, tmp_path)
    assert work.unlabelled
    network = build(task, work.fit, len(work.categories), work.channels)
    known = unknown_to(work.unlabelled, work.unlabelled)
    labels = pseudo_labels(network, work.fit, known, data)
    assert not known["images"] and counts(labels) == {
        "labels": 0,
        "images": 0,
        "by_category": dict.fromkeys(work.categories, 0),
    }
