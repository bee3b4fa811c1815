"""What networks cost, against the tables of lectures and papers."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor, nn

from pipeline.coco import write_json
from pipeline.costs.field import Field, Window, joined
from pipeline.costs.plot import read_trained
from pipeline.costs.summary import Cost, cost_of, layer_table, markdown, native_px, short
from pipeline.costs.trace import trace
from pipeline.errors import InputError
from pipeline.models import __main__ as command
from pipeline.models.checkpoint import Card, save_model
from pipeline.models.weights import PRETRAINED

ROOT = Path(__file__).resolve().parents[1]
PARAMS = ROOT / "presets" / "digits.yaml"


def cost(name: str, size_px: int, depth: int | None = None, categories: int = 1000) -> Cost:
    return cost_of(tiny.fit_of("classifier", name, input_px=size_px), categories, 3, depth)


# Johnson, EECS 498-007, lecture 8: memory in KB, parameters in thousands, multiply-adds in millions
ALEXNET = {
    "features.0": (784, 23, 73),
    "features.2": (182, 0, 0),
    "features.3": (547, 307, 224),
    "features.5": (127, 0, 0),
    "features.6": (254, 664, 112),
    "features.8": (169, 885, 150),  # 256 * 384 * 9 * 169 = 149.5 M; the slide has 145
    "features.10": (169, 590, 100),
    "features.12": (36, 0, 0),
    "classifier.1": (16, 37_753, 38),
    "classifier.4": (16, 16_781, 17),
    "classifier.6": (4, 4_097, 4),
}


def test_alexnet_as_in_the_lecture() -> None:
    found = {
        row.name.removeprefix("1."): (
            round(row.memory_kb),
            round(row.parameters / 1e3),
            round(row.multiply_adds / 1e6),
        )
        for row in cost("alexnet", 227).rows
    }
    assert found == ALEXNET
    assert cost("alexnet", 227).parameters == 61_100_840


def test_googlenet_as_in_the_table_of_the_paper() -> None:
    """Szegedy et al. 2014, table 1: output of each block at 224 px."""
    rows = {row.name.removeprefix("1."): row.output for row in cost("googlenet", 224, depth=1).rows}
    channels = {"3a": 256, "3b": 480, "4a": 512, "4b": 512, "4c": 512, "4d": 528, "4e": 832, "5a": 832, "5b": 1024}
    sides = {"3": 28, "4": 14, "5": 7}
    wanted = {f"inception{n}": (c, sides[n[0]], sides[n[0]]) for n, c in channels.items()}
    ends = {"conv1": (64, 112, 112), "maxpool1": (64, 56, 56), "conv3": (192, 56, 56), "maxpool2": (192, 28, 28)}
    assert {name: rows[name] for name in (*wanted, *ends)} == {**wanted, **ends}


@pytest.mark.parametrize(
    ("name", "giga"), [("vgg16", 15.5), ("resnet18", 1.8), ("resnet34", 3.6), ("mobilenet_v1", 0.569)]
)
def test_multiply_adds_of_papers(name: str, giga: float) -> None:
    """Simonyan and Zisserman 2014 with their pooling; He et al. 2015, table 1; Howard et al. 2017, table 8."""
    assert cost(name, 224).multiply_adds / 1e9 == pytest.approx(giga, rel=0.02)


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "googlenet", "inception_v3", "mobilenet_v3_small", "resnet50"])
def test_costs_that_torchvision_knows(name: str) -> None:
    """Its documentation has them for the size that the weights were measured at."""
    facts = PRETRAINED[name][0].meta
    found = cost(name, native_px(name))
    assert found.multiply_adds / 1e9 == pytest.approx(facts["_ops"], rel=0.015)
    assert facts["num_params"] in (found.parameters, found.parameters + found.training_parameters)


@pytest.mark.parametrize(
    ("name", "block", "field_px"),
    [
        ("alexnet", "features", 195),
        ("vgg16", "features", 212),
        ("resnet50", "layer4", 483 - 56),  # TensorFlow's halves at the end of a stage
        ("inception_v3", "Mixed_7c", 1311),
        ("bagnet9", "20", 9),
        ("bagnet17", "20", 17),
        ("bagnet33", "20", 33),
    ],
)
def test_receptive_fields(name: str, block: str, field_px: int) -> None:
    """Araujo, Norris and Sim 2019, table 1 (TensorFlow's networks); BagNets are named by theirs."""
    rows = {row.name.removeprefix("1."): row.field_px for row in cost(name, native_px(name), depth=1).rows}
    assert rows[block] == field_px


def test_a_field_grows_by_the_jump() -> None:
    """3 x 5 at stride 2 x 1, then 3 x 3 with dilation 2: 3 + 4 * 2 and 5 + 4 * 1."""
    field = Field().through(Window((3, 5), (2, 1))).through(Window((3, 3), dilation_hw=(2, 2)))
    assert field == Field((11, 9), (2, 1))
    assert joined([Field((3, 9), (4, 4)), Field((5, 1), (2, 2))]) == Field((5, 9), (2, 2))


class Branches(nn.Module):
    """A convolution beside a pooled copy; the same weights work twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([self.conv(x), nn.functional.max_pool2d(x, 5, 1, 2)], dim=1)
        return torch.as_tensor(self.conv(both[:, :2])).mean((2, 3))


def test_rows_by_hand() -> None:
    """Weights count once, functions are rows of the module that calls them, branches see what the wider one does."""
    rows = trace(Branches(), size_px=7, channels=2).rows
    facts = [(r.name, r.kind, r.output, r.parameters, r.multiply_adds, r.field_px) for r in rows]
    conv = 2 * 2 * 9 * 49
    assert facts == [
        ("conv", "conv 3 x 3", (2, 7, 7), 38, conv, 3),
        ("", "max pooling 5 x 5", (2, 7, 7), 0, 2 * 25 * 49, 5),
        ("conv", "conv 3 x 3", (2, 7, 7), 0, conv, 7),
        ("", "mean pooling 7 x 7 / 7", (2,), 0, 2 * 49, 13),
    ]
    assert rows[0].memory_kb == 2 * 49 * 4 / 1024


def test_a_table() -> None:
    assert markdown(("a", "b", "long"), [("1", "2", "3")]).splitlines() == [
        "| a | b | long |",
        "|---|---|-----:|",
        "| 1 | 2 |    3 |",
    ]
    assert [short(n) for n in (1234.5, 99.96, 1.0, 0.1234, 0.0)] == ["1,234", "100.0", "1.0", "0.12", "0"]


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    tiny.call(command.main, *arguments)
    return capsys.readouterr().out


def test_the_command_summary(capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "summary", "alexnet", "--size", 227, "--params", PARAMS)
    assert printed == layer_table(cost("alexnet", 227))
    first = next(line for line in printed.splitlines() if "features.0" in line)
    assert [cell.strip() for cell in first.strip("|").split("|")][2:6] == ["64 x 56 x 56", "784", "23,296", "72.9"]
    assert "Auxiliary classifiers, in training alone: 6,379,984 more" in run(
        capsys, "summary", "googlenet", "--depth", 1, "--params", PARAMS
    )


@pytest.mark.parametrize(
    ("name", "size_px", "message"),
    [
        ("centernet_tiny", 64, "summary: expected a classifier, found 'centernet_tiny'. Known: alexnet, "),
        ("lenet5", 5000, "input_px"),
    ],
)
def test_what_has_no_summary(name: str, size_px: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny.call(command.main, "summary", name, "--size", size_px, "--params", PARAMS)


def model_folder(folder: Path, name: str, accuracy: float, task: Any = "classifier") -> tuple[Path, Path]:
    """A model, and the metrics that `evaluate` would have written."""
    params = tiny.fit_of(task, name).model_dump()
    card = Card(task, name, tiny.NAMES, 3, params, {}, {}, 0.5, 1)
    save_model(folder / "model", tiny.network(task, name, 3, 3), card)
    write_json(folder / "results" / "metrics.json", {"real_test": {"accuracy": accuracy}})
    return folder / "model", folder / "results"


def test_accuracy_against_cost(tmp_path: Path) -> None:
    model, results = model_folder(tmp_path / "a", "linear", 0.75)
    found = read_trained(model, results, "real_test")
    assert (found.name, found.accuracy) == ("linear", 75.0)
    assert found.multiply_adds == 3 * 32 * 32 * 3
    assert found.parameters == 3 * 32 * 32 * 3 + 3
    other = model_folder(tmp_path / "b", "lenet300", 0.8)
    for out in ("plot.svg", "again.svg", "plot.png"):
        tiny.call(command.main, "plot", "--run", model, results, "--run", *other, "--out", tmp_path / out)
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert ">linear<" in drawn and ">lenet300<" in drawn
    assert drawn == (tmp_path / "again.svg").read_text(encoding="utf-8")


def test_what_cannot_be_plotted(tmp_path: Path) -> None:
    model, results = model_folder(tmp_path / "a", "linear", 0.75)
    with pytest.raises(InputError, match=r"metrics\.json: expected the accuracy on real_val, found \['real_test'\]"):
        read_trained(model, results, "real_val")
    detector, _ = model_folder(tmp_path / "b", "centernet_tiny", 0.5, task="detector")
    with pytest.raises(InputError, match="expected a classifier, found a detector"):
        read_trained(detector, results, "real_test")


@pytest.mark.parametrize("name", ["linear", "lenet5", "alexnet", "mobilenet_v1", "resnet18"])
def test_the_table_of_the_docs_is_of_today(name: str) -> None:
    """docs/networks.md has what the command `costs` prints."""
    found = cost(name, native_px(name))
    figures = (found.parameters / 1e6, found.multiply_adds / 1e6, found.memory_kb / 1024)
    wanted = [f"`{name}`", str(native_px(name)), *map(short, figures)]
    lines = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert wanted in rows
