"""The contact sheet of augmentation, and where histogram matching gets its pictures from."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from PIL import Image

from pipeline.augment.__main__ import main
from pipeline.augment.real_look import TAKEN
from pipeline.augment.sheet import in_turn, shares
from pipeline.coco import read_json, write_json
from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.work import Work


def params_with(path: Path, task: str, **augment: Any) -> Path:
    """The tiny params with these keys of augment."""
    values = tiny.fit_of(task, "lenet5").augment.model_dump()
    return tiny.write_params(path, **{task: {"augment": {**values, **augment}}})


def sheet(task: str, data: Path, folder: Path, *more: Any, **augment: Any) -> Image.Image:
    params = params_with(folder / "params.yaml", task, **augment)
    given = ["--params", params, "--data", data / "synthetic" / task, "--images", data, "--out", folder / "a.png"]
    tiny.call(main, *given, *more)
    return Image.open(folder / "a.png")


@pytest.mark.parametrize("task", ["classifier", "detector", "segmenter"])
def test_the_sheet(task: str, data: Path, tmp_path: Path) -> None:
    """Two rows and three columns, the same when made again."""
    mixed = {"mixup": 1.0} if task == "classifier" else {"mosaic": 1.0, "distortion": 0.1, "cutout": 0.3}
    made = sheet(task, data, tmp_path, "--rows", 2, "--columns", 3, **mixed)
    side_px = 96 if task == "classifier" else 32
    assert made.width > 3 * side_px and made.height > 2 * side_px
    assert made.tobytes() == sheet(task, data, tmp_path, "--rows", 2, "--columns", 3, **mixed).tobytes()
    assert made.tobytes() != sheet(task, data, tmp_path, "--rows", 2, "--columns", 3).tobytes()


def test_rows_show_every_category() -> None:
    assert in_turn([1, 1, 0, 1, 2, 0]) == [2, 0, 4, 5, 1, 3]


def test_shares_of_a_mixed_label() -> None:
    label = torch.tensor([0.3, 0.0, 0.7])
    assert shares(label, dict(enumerate(tiny.NAMES, start=1))) == "cross 0.70, disc 0.30"


@pytest.mark.parametrize(
    ("more", "folder", "message"),
    [
        (["--rows", 0], "classifier", "--rows, --columns: expected at least 1 of each, found 0 and 8."),
        ([], "images", "--data: expected a known name, found 'images'."),
    ],
)
def test_wrong_arguments(more: list[Any], folder: str, message: str, data: Path, tmp_path: Path) -> None:
    given = ["--params", tiny.write_params(tmp_path / "params.yaml"), "--images", data, "--out", tmp_path / "a.png"]
    with pytest.raises(InputError) as error:
        tiny.call(main, *given, "--data", data / "synthetic" / folder, *more)
    assert message in str(error.value)


def work(task: Any, data: Path, folder: Path, real: Path | None, part: float, key: str = "histogram_matching") -> Work:
    params = load_params(params_with(folder / "params.yaml", task, **{key: part}))
    return Work(task, data / "synthetic" / task, data, params, real)


@pytest.mark.parametrize("key", TAKEN)
@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_the_look_is_that_of_real_train(task: str, key: str, data: Path, tmp_path: Path) -> None:
    """Real pictures that are black alone make every rendered one black; the key of a run knows them."""
    both = tmp_path / "data"
    tiny.write_data(both)
    for path in (both / "real" / "images").glob("train_*.png"):
        Image.new("RGB", tiny.SIZE_WH).save(path)
    real = both / "real" / task / "train.json"
    dark = work(task, both, tmp_path, real, 1.0, key)
    batch = next(iter(dark.batches(0, 1)))[0]
    assert all(float(picture.mean()) < 0.3 for picture in batch)
    assert set(dark.files_sha256()) == {"train.json", "val.json", "matched.json"}
    off = work(task, both, tmp_path, real, 0.0, key)
    assert float(next(iter(off.batches(0, 1)))[0][0].mean()) > 0.4
    assert set(off.files_sha256()) == {"train.json", "val.json"}
    assert off.key() != dark.key()


@pytest.mark.parametrize("key", TAKEN)
@pytest.mark.parametrize("name", [None, "test.json", "val.json"])
def test_nothing_but_real_train_lends_its_look(name: str | None, key: str, data: Path, tmp_path: Path) -> None:
    real = name and data / "real" / "classifier" / name
    with pytest.raises(InputError) as error:
        work("classifier", data, tmp_path, real, 0.5, key)
    assert f"params.yaml: classifier.augment.{key}: expected train.json of the benchmark" in str(error.value)


def test_a_benchmark_without_real_train_images(data: Path, tmp_path: Path) -> None:
    real = tmp_path / "train.json"
    write_json(real, {**read_json(data / "real" / "detector" / "train.json", "it"), "images": [], "annotations": []})
    with pytest.raises(InputError, match=r"detector.augment.histogram_matching: expected images .* found none: switch"):
        work("detector", data, tmp_path, real, 0.5)
    assert work("detector", data, tmp_path, real, 0.0).matched is None
