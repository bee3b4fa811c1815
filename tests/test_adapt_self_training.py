"""Self-training: which labels are taken, what a round learns from, that true labels are not read, and that it helps."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from PIL import Image
from test_train import contents, wait_for

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
from pipeline.coco import Coco, categories_of, read_coco, read_json, write_json
from pipeline.dataset import Pictures, load_crops
from pipeline.errors import InputError
from pipeline.infer import classify
from pipeline.models import build
from pipeline.models.checkpoint import fit_of, load_model
from pipeline.params import load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, as in test_train.py

SIZE_HW = (7, 11)


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
    params = load_params(
        tiny.write_params(
            folder / "params.yaml", train={"precision": "32-true"}, **{task: {**FEW, "adapt": adapt, **changes}}
        )
    )
    return Work(task, data / regime / task, data, params, data / "real" / task / "train.json")


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


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_model(folder)[0].state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], tensor) for name, tensor in other.items())


def copied(data: Path, folder: Path) -> Path:
    return Path(shutil.copytree(data, folder / "data"))


def rewritten(path: Path, change: Callable[[Any], None]) -> None:
    coco = read_json(path, "it")
    change(coco)
    write_json(path, coco)


def shuffle_names(coco: Any) -> None:
    for annotation in coco["annotations"]:
        annotation["category_id"] = annotation["category_id"] % len(tiny.NAMES) + 1


def only_one_box(coco: Any) -> None:
    del coco["annotations"][1:]
    coco["annotations"][0]["bbox"] = [1, 1, 3, 2]


@pytest.mark.parametrize(("task", "change"), [("classifier", shuffle_names), ("detector", only_one_box)])
def test_true_labels_are_not_read(task: Any, change: Any, data: Path, store: Path, tmp_path: Path) -> None:
    """Other names, of a detector also other boxes, in real train give the same weights; test is not opened at all."""
    other = copied(data, tmp_path)
    rewritten(other / "real" / task / "train.json", change)
    (other / "real" / task / "test.json").write_text("not to be read", encoding="utf-8")
    for picture in (other / "real" / "images").glob("test_*.png"):
        picture.unlink()
    options: dict[str, Any] = {"rounds": {"rounds": 1, "confidence": LEARNS[task][0]}, "batch_norm": True}
    for name, folder in (("a", data), ("b", other)):
        train.train(work_of(task, folder, tmp_path, **options), tmp_path / name)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    labels = [read_json(tmp_path / n / "pseudo_labels" / "phase1.json", "labels") for n in "ab"]
    assert labels[0] == labels[1] and labels[0]["annotations"]


def test_off_reads_nothing_and_changes_nothing(data: Path, store: Path, tmp_path: Path) -> None:
    """The bytes of a run that knows of no real images; a round without a label, too, leaves the weights."""
    work = work_of("classifier", data, tmp_path, rounds={"rounds": 0})
    assert work.unlabelled is None and work.rounds() == []
    train.train(work, tmp_path / "off")
    alone = Work("classifier", data / "synthetic" / "classifier", data, work.params)
    train.train(alone, tmp_path / "alone")
    assert contents(tmp_path / "off") == contents(tmp_path / "alone")
    train.train(work_of("classifier", data, tmp_path, rounds={"confidence": 1.0}), tmp_path / "unsure")
    assert read_json(tmp_path / "unsure" / "pseudo_labels" / "phase2.json", "labels")["annotations"] == []
    assert same(weights(tmp_path / "off"), weights(tmp_path / "unsure"))


def test_killed_in_a_round_it_goes_on(data: Path, store: Path, tmp_path: Path) -> None:
    """With the labels that it has given, and to an undisturbed run's bytes."""
    long: dict[str, Any] = {"rounds": {"steps": 80, "confidence": 0.34}, "val_every_steps": 4}
    work = work_of("classifier", data, tmp_path, **long)
    real = data / "real" / "classifier" / "train.json"
    given = ["--params", tmp_path / "params.yaml", "--task", "classifier", "--data", data / "synthetic" / "classifier"]
    more = ["--images", data, "--real", real, "--out", tmp_path / "a" / "model"]
    process = tiny.start(store, "pipeline.train", *given, *more)
    wait_for(store / "runs" / work.key() / "phase1" / "last.ckpt", process)
    process.kill()
    tiny.finish(process, code=-9)
    assert not (tmp_path / "a").exists()
    train.train(work, tmp_path / "a" / "model")
    train.train(work_of("classifier", data, tmp_path, **long), tmp_path / "b" / "model")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def darker(data: Path) -> None:
    """Each real picture by a constant, from 80 on, more in each: the first are seen rightly, the last are not."""
    for path in (data / "real" / "images").glob("*.png"):
        pixels = np.asarray(Image.open(path)).astype(int) - 80 - 8 * int(path.stem.split("_")[1])
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def accuracy(folder: Path, data: Path) -> float:
    """On real test."""
    network, card = load_model(folder)
    truth = read_json(data / "real" / "classifier" / "test.json", "truth")
    crops = load_crops(truth, data, fit_of(card))
    return float((classify(network, crops.crops, 16)[0] == crops.labels).float().mean())


def test_a_planted_gap_closes(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets of brightness, which a network without standardised inputs does not know: from picture to picture."""
    monkeypatch.setattr(tiny, "COUNTS", {"train": 13, "val": 6, "test": 13})
    data = tiny.write_data(tmp_path / "data")
    darker(data)
    long = {"steps": 60, "val_every_steps": 20, "batch_size": 16, "preprocessing": "none"}
    train.train(work_of("classifier", data, tmp_path, rounds={"rounds": 0}, **long), tmp_path / "off")
    rounds = {"rounds": 3, "confidence": 0.8, "steps": 40}
    train.train(work_of("classifier", data, tmp_path, rounds=rounds, **long), tmp_path / "self")
    train.train(work_of("classifier", data, tmp_path, rounds={"rounds": 0}, batch_norm=True, **long), tmp_path / "norm")
    off, trained, renewed = (accuracy(tmp_path / name, data) for name in ("off", "self", "norm"))
    assert trained >= off + 0.1 and renewed >= off + 0.1


def test_too_few_are_named(data: Path, tmp_path: Path) -> None:
    """Where there are no real train images, or one object alone."""
    other = copied(data, tmp_path)
    rewritten(other / "real" / "detector" / "train.json", lambda coco: coco.update(images=[], annotations=[]))
    with pytest.raises(InputError, match=r"detector.adapt.self_training.rounds: expected images .* found none"):
        work_of("detector", other, tmp_path)
    rewritten(other / "real" / "classifier" / "train.json", only_one_box)
    with pytest.raises(InputError, match=r"classifier.adapt.self_training.rounds: expected at least 2 .* found 1"):
        work_of("classifier", other, tmp_path)
