"""A trained model on somebody's pictures: COCO results, pictures with boxes, one clear line for what is no picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from PIL import Image
from pycocotools.coco import COCO

from pipeline import predict, train
from pipeline.coco import read_json
from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that knows the shapes, and a detector that has seen them for a moment."""
    folder = tmp_path_factory.mktemp("models")
    data = tiny.write_data(folder / "data")
    detector = {"steps": 60, "val_every_steps": 60, "learning_rate": 0.01}
    classifier = {"steps": 200, "val_every_steps": 50, "batch_size": 16}
    params = tiny.write_params(folder / "params.yaml", detector=detector, classifier=classifier)
    tasks: list[Any] = ["classifier", "detector"]
    for task in tasks:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SYNTH2REAL_STORE", str(folder / "store"))
            job = Work(task, data / "synthetic" / task, data, load_params(params))
            train.train(job, folder / task)
    return folder


def write_pictures(folder: Path) -> list[Path]:
    """A sheet of shapes, a small grey one, a large JPEG; two with the same stem."""
    folder.mkdir()
    sheet, _ = tiny.draw(np.random.default_rng(5), 5)
    pictures = {"a.png": sheet, "small.png": np.full((11, 7), 128, np.uint8), "a.jpg": sheet.repeat(5, 0).repeat(6, 1)}
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / name)
    return [folder / name for name in pictures]


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_pictures_of_several_sizes(task: str, models: Path, tmp_path: Path) -> None:
    paths, out = write_pictures(tmp_path / "in"), tmp_path / "out"
    tiny.call(predict.main, "--model", models / task, "--out", out, "--min-score", "0.02", *paths)
    images = COCO(str(out / "images.json"))
    results = read_json(out / "predictions.json", "results")
    loaded = images.loadRes(str(out / "predictions.json"))
    assert [(i["file_name"], i["width"], i["height"]) for i in loaded.dataset["images"]] == [
        ("a.png", 56, 40),
        ("small.png", 7, 11),
        ("a.jpg", 336, 200),
    ]
    assert len(loaded.anns) == len(results) > 0
    assert {c["name"] for c in loaded.loadCats(loaded.getCatIds())} == set(tiny.NAMES)
    for result in results:
        image = loaded.imgs[result["image_id"]]
        x, y, w, h = result["bbox"]
        assert x >= 0 and y >= 0 and x + w <= image["width"] + 0.01 and y + h <= image["height"] + 0.01
    overlays = sorted(p.name for p in out.glob("*.png"))
    assert overlays == ["0001_a.png", "0002_small.png", "0003_a.png"]
    assert Image.open(out / "0001_a.png").size == (56 * 11, 40 * 11)  # at most 640 px, whole multiples
    assert "file_name" not in results[0] and str(tmp_path) not in (out / "images.json").read_text(encoding="utf-8")


def test_a_classifier_names_the_whole_picture(models: Path, tmp_path: Path) -> None:
    for kind, name in enumerate(tiny.NAMES):
        picture = np.full((13, 14, 3), 210, np.uint8)
        picture[:12, 1:13][tiny.shape(kind)] = 30
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    paths = [tmp_path / f"{name}.png" for name in tiny.NAMES]
    tiny.call(predict.main, "--model", models / "classifier", "--out", tmp_path / "out", *paths)
    results = read_json(tmp_path / "out" / "predictions.json", "results")
    assert [r["category_id"] for r in results] == [1, 2, 3]
    assert [r["bbox"] for r in results] == [[0, 0, 14, 13]] * 3
    assert all(1 / 3 < r["score"] <= 1 for r in results)


def test_no_picture_ends_in_one_line(models: Path, tmp_path: Path) -> None:
    """The second of two is a text: nothing is written for the first either."""
    good, bad = write_pictures(tmp_path / "in")[0], tmp_path / "notes.txt"
    bad.write_text("not a picture", encoding="utf-8")
    arguments = ["--model", models / "classifier", "--out", tmp_path / "out", good, bad]
    output = tiny.finish(tiny.start(tmp_path / "store", "pipeline.predict", *arguments), code=1)
    assert output.startswith(f"error: {bad}: expected a picture, found") and output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    """Neither the model nor the picture is there: the folder is what the message is about."""
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="out: expected a new folder, found one that exists"):
        tiny.call(predict.main, "--model", tmp_path / "none", "--out", tmp_path / "out", tmp_path / "none.png")
    assert not list((tmp_path / "out").iterdir())
