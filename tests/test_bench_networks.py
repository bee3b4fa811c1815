"""Public data sets as `bench.networks` reads them, out of tiny ones in their own formats; and its plot."""

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import yaml
from torchvision.datasets import CIFAR10, MNIST

from bench import networks, public
from pipeline.coco import read_coco
from pipeline.dataset import load_crops, read_split
from pipeline.errors import InputError
from pipeline.photo import load_picture

TRAIN, TEST = 30, 10


def write_mnist(root: Path) -> np.ndarray[Any, Any]:
    """Files in LeCun's idx format; the pictures of train."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, count in (("t10k", TEST), ("train", TRAIN)):
        pictures, labels = rng.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10
        header = struct.pack(">4i", 0x0803, count, 28, 28)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(header + pictures.tobytes())
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 0x0801, count) + labels.tobytes())
    return pictures


def write_cifar(root: Path, patch: pytest.MonkeyPatch) -> np.ndarray[Any, Any]:
    """Krizhevsky's pickled batches, of 6 pictures; torchvision takes them without the checksums of the true ones."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    batches = [f"data_batch_{n}" for n in range(1, 6)]
    pictures = rng.integers(0, 256, (TRAIN, 3072), np.uint8)
    for n, name in enumerate([*batches, "test_batch"]):
        data = pictures[6 * n : 6 * n + 6] if name in batches else rng.integers(0, 256, (TEST, 3072), np.uint8)
        batch = {"data": data, "labels": [k % 10 for k in range(len(data))]}
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [*"abcdefghij"]}))
    patch.setattr(CIFAR10, "train_list", [[name, None] for name in batches])
    patch.setattr(CIFAR10, "test_list", [["test_batch", None]])
    patch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": None})
    return pictures.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def splits_of(data: Path) -> dict[str, Any]:
    return {s: read_split(data / "real" / "classifier" / f"{s}.json", data) for s in ("train", "val", "test")}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there already fails to download."""

    def refuse(*args: Any, **options: Any) -> None:
        raise OSError("no network")

    for module in ("mnist", "cifar"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.download_and_extract_archive", refuse)


def test_mnist(tmp_path: Path) -> None:
    pictures = write_mnist(tmp_path / "source")
    tiny.call(public.main, "mnist", "--from", tmp_path / "source", "--out", tmp_path / "data" / "real")
    splits = splits_of(tmp_path / "data")
    assert [len(s["images"]) for s in splits.values()] == [27, 3, 10]
    assert [c["name"] for c in splits["train"]["categories"]] == [str(n) for n in range(10)]
    assert [a["category_id"] for a in splits["val"]["annotations"]] == [8, 9, 10]
    first = load_picture(tmp_path / "data" / splits["val"]["images"][0]["file_name"])
    assert (first == 255 - pictures[27][..., None]).all()  # dark on white, as other digits here
    fit = tiny.fit_of("classifier", "lenet5")
    assert load_crops(splits["test"], tmp_path / "data", fit).crops.shape == (10, 1, 32, 32)


def test_cifar10_with_a_few_pictures_of_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = write_cifar(tmp_path / "source", monkeypatch)
    out = tmp_path / "data" / "real"
    tiny.call(public.main, "cifar10", "--from", tmp_path / "source", "--out", out, "--train", 10)
    splits = splits_of(tmp_path / "data")
    assert [len(s["images"]) for s in splits.values()] == [9, 1, 10]
    assert [c["name"] for c in splits["train"]["categories"]] == [*"abcdefghij"]
    last = load_picture(tmp_path / "data" / splits["train"]["images"][8]["file_name"])
    assert (last == pictures[8]).all()
    assert splits["train"]["annotations"][8]["category_id"] == 3  # the third of the second batch


@pytest.mark.parametrize("name", public.SETS)
def test_a_download_that_fails(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"source: expected {name}, or a network to download it, found: "):
        tiny.call(public.main, name, "--from", tmp_path / "source", "--out", tmp_path / "data" / "real")
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").iterdir())


def test_networks_on_mnist_and_their_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The order of the lecture on a tiny MNIST, one network with two seeds, as one point of the plot."""
    write_mnist(tmp_path / "source")
    data, params = tmp_path / "data", tmp_path / "params.yaml"
    tiny.call(public.main, "mnist", "--from", tmp_path / "source", "--out", data / "real")
    tiny.write_params(params, classifier={"steps": 2, "val_every_steps": 1, "batch_size": 8})
    line = ["--params", params, "--data", data, "--work", tmp_path / "work", "--out", tmp_path / "plot.svg"]
    with pytest.raises(InputError, match=r"work: expected results .* found none"):
        tiny.call(networks.main, "plot", *line)
    for seed in (0, 1):
        networks.trained(params, data, tmp_path / "work" / f"linear-plain-{seed}", seed, model="linear")
    other = yaml.safe_load(params.read_text(encoding="utf-8"))
    stale = tmp_path / "work" / f"highway-epoch-{'0' * 16}"
    stale.mkdir()
    (stale / "params.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    (stale / "result.json").write_text("{}", encoding="utf-8")  # of other data or code: left out
    tiny.call(networks.main, "plot", *line)
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert drawn.count(">linear-plain<") == 1 and ">highway" not in drawn
    assert "1 networks" in capsys.readouterr().out
    assert MNIST(tmp_path / "source", train=False).data.shape == (TEST, 28, 28)  # what was there is as it was
    assert read_coco(data / "real" / "classifier" / "val.json", data)["images"]
