"""The same parameters, data and code give the same metrics, to the last byte, in processes that share nothing."""

from pathlib import Path
from typing import Any

import pytest
import tiny


def measured(task: str, data: Path, folder: Path) -> dict[str, bytes]:
    """Metrics and predictions of a fresh training, by file."""
    folder.mkdir()
    params, own = tiny.write_params(folder / "params.yaml"), data / "synthetic" / task
    given: list[Any] = ["--params", params, "--images", data]
    trained = ["--task", task, "--data", own, "--real", data / "real" / task / "train.json", "--out", folder / "model"]
    tiny.finish(tiny.start(folder / "store", "pipeline.train", *given, *trained))
    read = ["--model", folder / "model", "--synthetic", own, "--real", data / "real" / task, "--out", folder / "out"]
    tiny.finish(tiny.start(folder / "store", "pipeline.evaluate", *given, *read))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in (folder / "out").rglob("*") if p.is_file()}


@pytest.mark.parametrize("task", ["classifier", "detector", "segmenter"])
def test_the_same_metrics_again(task: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a folder, with a store and with an order of hashed sets of its own."""
    found = []
    for name in ("one", "two"):
        monkeypatch.setenv("PYTHONHASHSEED", str(len(found) + 1))
        found.append(measured(task, data, tmp_path / name))
    assert found[0] == found[1]
    assert "out/metrics.json" in found[0]
