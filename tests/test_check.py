"""The sanity steps before training: they pass on good data, and name what is wrong with bad data."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
import yaml
from torch import nn

from pipeline import check
from pipeline.coco import categories_of, read_json, write_json
from pipeline.errors import InputError
from pipeline.models import build
from pipeline.runs import REGIMES

ONE = {"flips": False, "ten_crop": False, "scales": [1.0]}
OPTIONS = {"momentum": 0.9, "betas": [0.9, 0.999], "smoothing": 0.99}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tiny.write_data(tmp_path / "data")


def run_check(data: Path, task: str, regimes: tuple[str, ...] = REGIMES, **changes: Any) -> Path:
    params = tiny.write_params(data.parent / "params.yaml", check={"objects": 8, **changes})
    values = yaml.safe_load(params.read_text(encoding="utf-8"))
    params.write_text(yaml.safe_dump(values | {"regimes": list(regimes)}), encoding="utf-8")
    out = data.parent / "out"
    folders = {"--synthetic": data / "synthetic" / task, "--real": data / "real" / task, "--images": data}
    named = [part for item in folders.items() for part in item]
    tiny.call(check.main, "--params", params, "--task", task, *named, "--out", out)
    return out


def edit(path: Path, change: Callable[[Any], None]) -> Path:
    coco = read_json(path, "COCO")
    change(coco)
    write_json(path, coco)
    return path


@pytest.mark.parametrize("task", ["classifier", "detector", "segmenter"])
def test_good_data_pass(task: str, data: Path) -> None:
    out = run_check(data, task)
    result = read_json(out / "check.json", "")
    assert (out / "passed").exists()
    guesses = 4 if task == "segmenter" else 3  # background is one more
    assert result["expected_start_loss"] == pytest.approx(math.log(guesses))
    assert result["start_loss"] == pytest.approx(math.log(guesses), rel=0.25)
    assert result["by_heart"] >= (0.6 if task == "segmenter" else 0.9)
    assert result["objects"] == 8


def test_the_recipe_s_clip_holds_when_learning_by_heart() -> None:
    """Plain gradient descent at a rate of 1 moves the weights by the norm of the gradients: the clip's, or more."""
    batch = torch.rand(4, 1, 32, 32), torch.tensor([0, 1, 2, 0])
    own = {"weight_decay": 0.0, "learning_rate": 1.0, "optimizer": {**OPTIONS, "name": "sgd"}}
    moved = []
    for clip in (1e-3, None):
        torch.manual_seed(0)
        fit = tiny.fit_of("classifier", "lenet5", **own, gradient_clip=clip)
        network = build("classifier", fit, 3, 1)
        before = nn.utils.parameters_to_vector(network.parameters()).detach()
        next(check.losses_on(network, fit, batch, 1))
        moved.append(float((nn.utils.parameters_to_vector(network.parameters()).detach() - before).norm()))
    assert moved[0] == pytest.approx(1e-3, rel=0.01) and moved[1] > 0.01


def without_masks(coco: Any) -> None:
    for annotation in coco["annotations"]:
        del annotation["segmentation"]


@pytest.mark.parametrize("place", ["synthetic/segmenter/val.json", "real/segmenter/test.json"])
def test_boxes_alone_are_nothing_for_a_segmenter(place: str, data: Path) -> None:
    path = edit(data / place, without_masks)
    with pytest.raises(InputError) as error:
        run_check(data, "segmenter", ("synthetic",), steps=10, score=0.0)
    expected = "expected masks for the segmenter, found boxes alone: leave segmenter out of tasks."
    assert str(error.value) == f"{path}: {expected}"
    assert not (data.parent / "out").exists()


def test_pixels_of_the_test_split_are_not_read(data: Path) -> None:
    """Its pictures are cut off behind their headers, which only say how large they are."""
    for picture in (data / "real" / "images").glob("test_*.png"):
        picture.write_bytes(picture.read_bytes()[:60])
    assert (run_check(data, "classifier", steps=10, score=0.0) / "passed").exists()


def empty(coco: Any) -> None:
    coco.update(images=[], annotations=[])


@pytest.mark.parametrize(
    ("split", "regimes"), [("train", ("real",)), ("train", ("synthetic", "mixed")), ("val", ("synthetic", "real"))]
)
def test_no_real_images_for_a_regime_that_trains_on_them(split: str, regimes: tuple[str, ...], data: Path) -> None:
    path = edit(data / "real" / "detector" / f"{split}.json", empty)
    message = f"params.yaml: regimes: expected images with objects in {path}, found none: leave out real and mixed."
    with pytest.raises(InputError) as error:
        run_check(data, "detector", regimes, steps=10, score=0.0)
    assert str(error.value) == message


def test_a_benchmark_for_testing_only(data: Path) -> None:
    for split in ("train", "val"):
        edit(data / "real" / "detector" / f"{split}.json", empty)
    assert (run_check(data, "detector", ("synthetic",), steps=10, score=0.0) / "passed").exists()
    path = edit(data / "real" / "detector" / "test.json", empty)
    with pytest.raises(InputError, match="expected at least one object to learn from or measure on") as error:
        run_check(data, "detector", ("synthetic",), steps=10, score=0.0)
    assert str(path) in str(error.value)


def test_what_cannot_be_learned_is_named(data: Path) -> None:
    with pytest.raises(InputError, match=r"by_heart: expected a score of 1.0 on 8 objects, found 0\.\d+ after 1 steps"):
        run_check(data, "detector", steps=1, score=1.0)
    assert not (data.parent / "out").exists()


def test_a_wrong_start_is_named() -> None:
    good = {"start_loss": 1.1, "expected_start_loss": math.log(3), "by_heart": 1.0, "steps": 1, "objects": 1}
    check.judge(good, 0.9, 0.25)
    check.judge({**good, "start_loss": None}, 0.9, 0.25)
    with pytest.raises(InputError, match=r"start_loss: expected 1\.10 .* found 2\.20"):
        check.judge({**good, "start_loss": 2.2}, 0.9, 0.25)


def test_the_first_images_that_hold_enough_objects() -> None:
    """Images with 0, 2, 2 and 2 objects: three objects are in the second and third."""
    images = [{"id": n} for n in (4, 3, 2, 1)]
    annotations = [{"id": n, "image_id": i} for n, i in enumerate((1, 2, 3, 3, 2, 1))]
    few = check.few_images({"images": images, "annotations": annotations, "categories": []}, 3)
    assert [i["id"] for i in few["images"]] == [3, 2]
    assert [a["id"] for a in few["annotations"]] == [1, 2, 3, 4]


def rename(coco: Any) -> None:
    coco["categories"] = categories_of(["disc", "bars", "cross"])


def swap(coco: Any) -> None:
    coco["categories"] = categories_of(["bar", "disc", "cross"])


def lose_picture(coco: Any) -> None:
    coco["images"][0]["file_name"] = "real/images/none.png"


def push_out(coco: Any) -> None:
    coco["annotations"][2]["bbox"] = [50, 0, 12, 12]  # of 56 px


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, r"categories: 'bars' is not a category of the scene\. Did you mean 'bar'\? Known: bar, cross, disc"),
        (swap, r"categories: expected \['disc', 'bar', 'cross'\] in the scene's order, found \['bar', 'disc'"),
        (lose_picture, r"image 1: expected the picture .*real/images/none\.png, found no file"),
        (push_out, r"annotation 3: expected a box inside of 56x40 px, found \[50, 0, 12, 12\]"),
    ],
)
def test_a_wrong_benchmark_is_named(change: Callable[[Any], None], message: str, split: str, data: Path) -> None:
    path = edit(data / "real" / "detector" / f"{split}.json", change)
    with pytest.raises(InputError, match=message) as error:
        run_check(data, "detector")
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)
    assert not (data.parent / "out").exists()


def test_views_that_no_network_takes_are_found_before_training(data: Path) -> None:
    params = tiny.write_params(data.parent / "params.yaml", evaluate={"test_time": {**ONE, "ten_crop": True}})
    values = yaml.safe_load(params.read_text(encoding="utf-8"))
    params.write_text(yaml.safe_dump(values | {"tasks": ["detector"]}), encoding="utf-8")
    args = ["--synthetic", data / "synthetic" / "detector", "--real", data / "real" / "detector"]
    with pytest.raises(InputError, match=r"evaluate\.test_time\.ten_crop: expected False for centernet_tiny"):
        tiny.call(
            check.main,
            *(*args, "--images", data, "--out", data.parent / "out", "--params", params, "--task", "detector"),
        )


def test_an_unknown_model_is_named(data: Path) -> None:
    with pytest.raises(InputError, match=r"classifier\.model: .*Did you mean 'lenet5'"):
        params = tiny.write_params(data.parent / "params.yaml", classifier={"model": "lenet"})
        args = ["--synthetic", data / "synthetic" / "classifier", "--real", data / "real" / "classifier"]
        args += ["--images", data, "--out", data.parent / "out", "--params", params]
        tiny.call(check.main, "--task", "classifier", *args)
