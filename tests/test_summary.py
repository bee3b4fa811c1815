"""The table on the command line."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_tree import ROOT, gaps

from pipeline.coco import write_json
from pipeline.errors import InputError
from pipeline.report.table import Interval, cell, number, read_rows


@pytest.mark.parametrize(
    ("metric", "value", "sign", "text"),
    [
        ("accuracy", 0.9625, False, "96.2"),
        ("accuracy", 1.0, False, "100.0"),
        ("accuracy", -0.0001, True, "+0.0"),
        ("AP50", 0.9504, False, "0.950"),
        ("AP50", -0.0213, True, "-0.021"),
        ("AP", -1, False, "\u2013"),
        ("AP", None, False, "\u2013"),
        ("AP", math.nan, True, "\u2013"),
    ],
)
def test_numbers(metric: str, value: float | None, sign: bool, text: str) -> None:
    assert number(metric, value, sign) == text


def test_cells() -> None:
    assert cell("AP", Interval(0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
    assert cell("accuracy", Interval(-0.01, -0.02, 0.0), sign=True) == "-1.0 [-2.0, +0.0]"
    assert cell("AP", Interval(math.nan, math.nan, math.nan)) == "\u2013"
    assert cell("AP", None) == "reference"


def summary(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.summary", "--report", "report/index.html", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_summary_prints_each_row_and_where_the_report_is(tmp_path: Path) -> None:
    write_json(tmp_path / "gap.json", gaps((-0.02, -0.03, -0.01)))
    lines = summary("--gaps", str(tmp_path / "gap.json")).stdout.splitlines()
    assert len([line for line in lines if line.startswith(("classifier", "detector", "segmenter", "cascade"))]) == 27
    assert re.split(r"\s{2,}", lines[2])[4:] == ["95.0 [94.0, 96.0]", "+2.0 [+0.5, +3.0]", "-2.0 [-3.0, -1.0]"]
    assert lines[-1] == "Report: report/index.html"


def test_summary_as_markdown(tmp_path: Path) -> None:
    write_json(tmp_path / "gap.json", gaps((0.02, 0.01, 0.03)))
    lines = summary("--markdown", "--gaps", str(tmp_path / "gap.json")).stdout.splitlines()
    assert len(lines) == 2 + 27
    assert {line.count("|") for line in lines} == {8}
    assert lines[3].split(" | ")[2:] == [
        "real",
        "97.0 [96.0, 98.0]",
        "97.0 [96.0, 98.0]",
        "+2.0 [+0.5, +3.0]",
        "reference |",
    ]


def test_summary_needs_the_standard_library_only() -> None:
    code = "import sys, pipeline.summary; print({'numpy', 'PIL', 'matplotlib', 'jinja2', 'yaml'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.strip() == "set()"


def test_without_real_training_there_is_no_transfer_gap(tmp_path: Path) -> None:
    document = {"detector": gaps((0.02, 0.01, 0.03))["detector"]}
    for figures in document["detector"].values():
        for key in ("transfer_gap", "gain_over_synthetic"):
            figures.pop(key, None)
        for key, by_regime in figures.items():
            figures[key] = {"synthetic": by_regime["synthetic"]}
    write_json(tmp_path / "gap.json", document)
    lines = summary("--markdown", "--gaps", str(tmp_path / "gap.json")).stdout.splitlines()
    assert [line.split(" | ")[1:3] for line in lines[2:]] == [
        ["AP50", "synthetic"],
        ["AP", "synthetic"],
        ["AP50, class-agnostic", "synthetic"],
    ]
    assert all(line.endswith(" | +0.020 [+0.005, +0.030] | \u2013 |") for line in lines[2:])


START = '{"classifier": {"accuracy": {"real_test": {"synthetic": 1, "real": 1}, "transfer_gap": {"synthetic": '


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected the gaps, found damaged JSON"),
        ("[]", "expected the gaps of classifier, detector, segmenter, cascade, found none of them"),
        ('{"detector": {}}', "detector.AP50.real_test: expected synthetic, real, mixed, found None"),
        (
            '{"classifier": {"accuracy": {"real_test": {"both": 1}}}}',
            "expected synthetic, real, mixed, found {'both': 1}",
        ),
        (START + '{"value": 1}}}}}', "found {'value': 1}"),
        (START + '{"value": "1", "low": 0, "high": 2}}}}}', "expected three numbers"),
    ],
)
def test_damaged_gaps_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "gap.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read_rows(tmp_path / "gap.json")
    assert str(error.value).startswith(f"{tmp_path / 'gap.json'}: ")
