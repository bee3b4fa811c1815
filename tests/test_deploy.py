"""Networks as files for other programs: the same answers, one clear line where that cannot be."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from pipeline import predict
from pipeline.class_maps import class_map
from pipeline.coco import read_json
from pipeline.deploy import FORMATS
from pipeline.deploy.__main__ import main
from pipeline.deploy.deployed import load
from pipeline.deploy.plain import FOUND, Plain, plain
from pipeline.deploy.pooling import with_fixed_pooling
from pipeline.deploy.same import check_same
from pipeline.errors import InputError
from pipeline.models.checkpoint import Card, save_model

NETWORKS = {"lenet5": "classifier", "resnet_tiny": "classifier", "centernet_tiny": "detector"}


def importable() -> bool:
    try:
        import onnx  # noqa: F401
    except (ImportError, AttributeError):  # onnx beside a version of ml_dtypes that is too old for it
        return False
    return True


needs_onnx = pytest.mark.skipif(not importable(), reason="the package onnx cannot be imported here")
EACH = [pytest.param(name, marks=needs_onnx if name == "onnx" else ()) for name in FORMATS]


def uneven(task: Any, name: str) -> nn.Module:
    """A network whose last layers are not zero, so that its answers differ and have an order."""
    torch.manual_seed(3)
    return tiny.uneven(tiny.network(task, name, len(tiny.NAMES), channels_of(task)))


def lively(name: str) -> nn.Module:
    """One of torchvision's detectors, whose batch norm has seen pictures: without, deep features are all alike."""
    network: Any = uneven("detector", name).train()
    if name == "retinanet":
        nn.init.constant_(network.head.classification_head.cls_logits.bias, -2.0)  # it finds something
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = None  # the mean of all that was seen
    target = {"boxes": torch.tensor([[5.0, 5.0, 40.0, 40.0]]), "labels": torch.ones(1, dtype=torch.long)}
    with torch.no_grad():
        network([torch.rand(3, 97, 111) for _ in range(2)], [target] * 2)
    made: nn.Module = network.eval()
    return made


def channels_of(task: Any) -> int:
    return 1 if task == "classifier" else 3


def card_of(task: Any, name: str) -> Card:
    fit = tiny.fit_of(task, name).model_dump()
    return Card(task, name, tiny.NAMES, channels_of(task), fit, {}, {}, 0.5, 1)


def saved(folder: Path, task: Any, name: str) -> Path:
    save_model(folder / name, uneven(task, name), card_of(task, name))
    return folder / name


@pytest.mark.parametrize("to", EACH)
@pytest.mark.parametrize("name", [*NETWORKS, "center_two_stage"])
def test_predictions_are_those_of_the_model_folder(
    name: str, to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = saved(tmp_path, NETWORKS.get(name, "detector"), name)
    file = tmp_path / "files" / f"network{FORMATS[to].suffix}"
    tiny.call(main, "--model", model, "--to", to, "--out", file)
    assert int(capsys.readouterr().out.split(": ")[1].split()[0]) >= 6
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    picture, _ = tiny.draw(np.random.default_rng(5), 5)
    Image.fromarray(picture).save(tmp_path / "sheet.png")
    Image.fromarray(picture[:37, :29]).save(tmp_path / "part.png")
    found = {}
    for at in (model, file):
        out = tmp_path / f"of_{at.name}"
        tiny.call(predict.main, "--model", at, "--out", out, tmp_path / "sheet.png", tmp_path / "part.png")
        found[at] = read_json(out / "predictions.json", "results")
    assert len(found[model]) == len(found[file]) >= 2
    key = ("image_id", "category_id")
    assert [[r[k] for k in key] for r in found[model]] == [[r[k] for k in key] for r in found[file]]
    for field in ("bbox", "score"):
        ours, theirs = (np.array([r[field] for r in found[at]]) for at in (model, file))
        assert np.abs(ours - theirs).max() <= (0.02 if field == "bbox" else 0.0002)  # rounding


def test_torchvisions_detectors_cannot_be_exported_by_torch_export(tmp_path: Path) -> None:
    model = saved(tmp_path, "detector", "ssdlite")
    with pytest.raises(InputError, match=r"ssdlite cannot be written as exported: Could not guard"):
        tiny.call(main, "--model", model, "--to", "exported", "--out", tmp_path / "a.pt2")
    assert [p.name for p in tmp_path.iterdir()] == ["ssdlite"]


@pytest.mark.parametrize("to", EACH)
@pytest.mark.parametrize("name", ["fcn_tiny", "lraspp_mobilenet_v3_large"])
def test_segmenters(name: str, to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The class maps of a picture of odd size are those of the model folder."""
    model, file = saved(tmp_path, "segmenter", name), tmp_path / f"a{FORMATS[to].suffix}"
    tiny.call(main, "--model", model, "--to", to, "--out", file)
    compared = 97 * 111 + 40 * 56 + 135 * 71 + 33 * 37
    assert int(capsys.readouterr().out.split(": ")[1].split()[0]) == compared
    Image.fromarray(tiny.draw(np.random.default_rng(5), 5)[0][:37, :35]).save(tmp_path / "part.png")
    found = []
    for at in (model, file):
        tiny.call(predict.main, "--model", at, "--out", tmp_path / f"of_{at.name}", tmp_path / "part.png")
        results = read_json(tmp_path / f"of_{at.name}" / "predictions.json", "results")
        found.append(class_map(results, (37, 35)))
    assert (found[0] == found[1]).mean() > 0.999  # of two classes that are as likely, rounding decides


def test_a_picture_that_is_too_small_for_a_graph(tmp_path: Path) -> None:
    model, file = saved(tmp_path, "segmenter", "fcn_tiny"), tmp_path / "a.pt2"
    tiny.call(main, "--model", model, "--to", "exported", "--out", file)
    with pytest.raises(InputError, match=r"a\.pt2: expected an input that the graph takes, found .* >= 17, but got 7"):
        load(file)[0]([torch.rand(3, 7, 11)])


@pytest.mark.parametrize("to", [p for p in EACH if p.values != ("exported",)])
@pytest.mark.parametrize("name", ["ssdlite", "retinanet"])
def test_torchvisions_detectors(name: str, to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, file = tmp_path / name, tmp_path / f"a{FORMATS[to].suffix}"
    save_model(model, lively(name), card_of("detector", name))
    tiny.call(main, "--model", model, "--to", to, "--out", file)
    assert int(capsys.readouterr().out.split(": ")[1].split()[0]) >= 100
    picture = F.interpolate(torch.rand(1, 3, 7, 9), (120, 150), mode="bilinear")[0]
    with torch.inference_mode():
        ours, theirs = (load(at)[0].eval()([picture])[0] for at in (model, file))
    assert len(ours["boxes"]) > 0
    assert all(torch.allclose(ours[k].float(), theirs[k].float(), atol=1e-3) for k in FOUND)


@pytest.mark.parametrize("name", ["centernet_tiny", "center_two_stage", "fcos"])
def test_a_detector_that_finds_nothing_is_compared_below_its_threshold(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, card = unsure(name), card_of("detector", name)
    save_model(tmp_path / name, network, card)
    assert check_same(plain(network, card), plain(network, card).module, "itself") == 0
    tiny.call(main, "--model", tmp_path / name, "--to", "torchscript", "--out", tmp_path / "a.torchscript")
    assert int(capsys.readouterr().out.split(": ")[1].split()[0]) >= 10
    found = load(tmp_path / "a.torchscript")[0]([torch.rand(3, 33, 47)])[0]
    assert len(found["boxes"]) == 0  # the file has the network's threshold


def unsure(name: str) -> nn.Module:
    """A detector that sees an object nowhere, and less so in some places than in others."""
    if name == "fcos":
        return uneven("detector", name)
    network: Any = uneven("detector", name)
    first = network.first if name == "center_two_stage" else network
    nn.init.constant_(first.where[-1].bias, -9.0)
    return network


@pytest.mark.parametrize("wrong", ["other", "none"])
def test_a_detector_without_answers_that_can_be_compared_is_not_kept(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the threshold too: boxes in other places, or none on either side."""
    save_model(tmp_path / "a", unsure("centernet_tiny"), card_of("detector", "centernet_tiny"))
    written = FORMATS["torchscript"]

    def read(path: Path) -> Any:
        run, card = written.read(path)
        return lambda given: [found + 1 if n == 0 else found for n, found in enumerate(run(given))], card

    if wrong == "none":
        monkeypatch.setattr("pipeline.deploy.plain.EAGER", 1.0)
    monkeypatch.setitem(FORMATS, "torchscript", dataclasses.replace(written, read=read))
    expected = {"other": "boxes of .* have no counterpart", "none": "expected answers to compare, found none"}
    with pytest.raises(InputError, match=rf"a: centernet_tiny as torchscript: .*{expected[wrong]}"):
        tiny.call(main, "--model", tmp_path / "a", "--to", "torchscript", "--out", tmp_path / "files" / "a.torchscript")
    assert list((tmp_path / "files").iterdir()) == []


def test_a_file_with_other_answers_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, file = saved(tmp_path, "classifier", "lenet5"), tmp_path / "files" / "a.pt2"
    written = FORMATS["exported"]

    class Changed:
        suffix, write = written.suffix, staticmethod(written.write)

        @staticmethod
        def read(path: Path) -> Any:
            run, card = written.read(path)
            return lambda given: [run(given)[0] + torch.tensor([0.0, 0.0, 1.0])], card

    monkeypatch.setitem(FORMATS, "exported", Changed())
    with pytest.raises(InputError, match=r"expected the network's answers, found others for an input of 1x1x32x32"):
        tiny.call(main, "--model", model, "--to", "exported", "--out", file)
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("size_hw", "outputs"), [((5, 5), 4), ((7, 11), 4), ((7, 11), (3, 5)), ((4, 4), 4), ((2, 3), 4)]
)
def test_pooling_has_the_windows_of_pytorch(size_hw: tuple[int, int], outputs: Any) -> None:
    maps = torch.rand(2, 3, *size_hw)
    pool = nn.Sequential(nn.AdaptiveMaxPool2d(outputs))
    fixed = with_fixed_pooling(pool, maps)
    assert not any(isinstance(m, nn.AdaptiveMaxPool2d) for m in fixed.modules())
    assert torch.equal(fixed(maps), pool(maps))


def boxes(count: int, move_px: float = 0.0, order: int = 1) -> tuple[Tensor, ...]:
    """Boxes of 5 x 7 px with scores 0.9, 0.8, ..."""
    corners = torch.arange(count)[:, None] * torch.tensor([[10.0, 20.0]]) + move_px
    found = torch.cat([corners, corners + torch.tensor([5.0, 7.0])], dim=1)
    scores = 0.9 - 0.1 * torch.arange(count)
    return tuple(t.flip(0) if order < 0 else t for t in (found, torch.ones(count, dtype=torch.long), scores))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (boxes(4), 16),
        (boxes(4, order=-1), 16),  # another order
        (boxes(3), 12),  # the last was cut off
        (boxes(4, move_px=0.05), 16),
        (boxes(4, move_px=0.5), "6 boxes of 4 and 4"),  # all but the last of each side
        (boxes(2), "1 boxes of 4 and 2"),
    ],
)
def test_boxes_are_compared_one_by_one(found: tuple[Tensor, ...], said: int | str) -> None:
    class Says(nn.Module):
        def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
            return boxes(4)

    whole = Plain(Says(), torch.rand(3, 7, 11), "picture", {}, FOUND, {})
    if isinstance(said, int):
        assert check_same(whole, lambda _: found, "here") == said
    else:
        with pytest.raises(InputError, match=f"here: expected the network's answers.*{said}"):
            check_same(whole, lambda _: found, "here")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.onnx", None, "expected a model, found no file"),
        ("a.h5", "x", "expected a model folder or a file that ends with one of .onnx, .torchscript, .pt2"),
        ("a.torchscript", "x", "expected a network, found"),
        ("a.pt2", "x", "expected a network, found"),
        ("a.onnx", "x", "expected a network, found"),
    ],
)
def test_files_that_hold_no_network(name: str, text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}: {message}"):
        load(tmp_path / name)


def test_names_of_files_are_checked_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.onnx: expected a name that ends with \.pt2"):
        tiny.call(main, "--model", tmp_path / "none", "--to", "exported", "--out", tmp_path / "a.onnx")
    (tmp_path / "a.pt2").touch()
    with pytest.raises(InputError, match=r"a\.pt2: expected a new file"):
        tiny.call(main, "--model", tmp_path / "none", "--to", "exported", "--out", tmp_path / "a.pt2")


def test_a_detector_s_file_takes_any_size() -> None:
    """Padding to the stride and rows of nothing change no box, of a picture smaller than a cell row neither."""
    network = uneven("detector", "centernet_tiny")
    module = plain(network, card_of("detector", "centernet_tiny")).module
    for size in ((7, 11), (40, 56), (33, 130)):
        picture = torch.rand(3, *size)
        with torch.no_grad():
            expected = network([picture])[0]
            found = dict(zip(FOUND, module(picture), strict=True))
        assert len(expected["boxes"]) > 0
        assert all(torch.allclose(expected[k].float(), found[k].float(), atol=1e-3) for k in FOUND)
