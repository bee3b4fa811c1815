"""The device is what was asked for, or the run stops before the first frame."""

import sys
from pathlib import Path
from typing import Any

import pytest
from rendering import render, run_stage, small_values, write_params

from blender.workers.device import GPUS, Device, pick
from pipeline.errors import InputError
from pipeline.frame_files import read_frame

CPU = {"cpu": ("EPYC",)}
ABSENT = "cuda" if sys.platform == "darwin" else "metal"


@pytest.mark.parametrize(
    ("wanted", "present", "kind", "names"),
    [
        ("auto", CPU, "cpu", ("EPYC",)),
        ("auto", CPU | {"optix": ("A", "B"), "cuda": ("A", "B")}, "optix", ("A", "B")),
        ("auto", CPU | {"optix": (), "cuda": ("A",)}, "cuda", ("A",)),
        ("auto", CPU | {"oneapi": ("Arc",), "hip": ("RX",)}, "hip", ("RX",)),
        ("auto", CPU | {"metal": ("M2",)}, "metal", ("M2",)),
        ("cpu", CPU | {"optix": ("A",)}, "cpu", ("EPYC",)),
        ("cuda", CPU | {"optix": ("A",), "cuda": ("A",)}, "cuda", ("A",)),
    ],
)
def test_pick(wanted: str, present: dict[str, tuple[str, ...]], kind: str, names: tuple[str, ...]) -> None:
    assert pick(wanted, present) == Device(kind, names)


@pytest.mark.parametrize("wanted", GPUS)
def test_absent_kind_is_an_error_that_says_what_is_here(wanted: str) -> None:
    present: dict[str, Any] = CPU | {kind: ("Radeon",) for kind in ("hip",) if wanted != kind}
    with pytest.raises(InputError) as error:
        pick(wanted, present)
    assert f"render.device: expected a device of the kind {wanted}, found none. Here: cpu (EPYC)" in str(error.value)
    assert ("hip (Radeon)" in str(error.value)) == (wanted != "hip")


def test_absent_device_stops_the_stage(store: Path, tmp_path: Path) -> None:
    """On this machine, as Blender finds it: one line, exit code 1, and nothing is written."""
    params = write_params(tmp_path / "params.yaml", small_values(device=ABSENT))
    done = run_stage(store, "blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    assert done.returncode == 1
    expected = f"error: params.yaml: render.device: expected a device of the kind {ABSENT}, found none. Here: cpu ("
    assert done.stderr.startswith(expected) and len(done.stderr.splitlines()) == 1
    assert not store.exists() and not (tmp_path / "data").exists()


def test_auto_is_resolved_printed_and_recorded(store: Path, tmp_path: Path) -> None:
    """As any machine has it: the kind that is printed is that of the frames."""
    printed = render(tmp_path, store, train=1, device="auto")
    (line,) = [line for line in printed.splitlines() if line.startswith("Cycles on ")]
    kind = line.split()[2]
    assert kind in ("cpu", *GPUS)
    assert read_frame(tmp_path / "data" / "frames" / "train" / "000000").device == kind
    assert "2 frames: 2 in the store, 0 to render" in render(tmp_path, store, train=1, device=kind)
