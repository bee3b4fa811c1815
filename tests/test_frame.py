"""Frames on disk: equal after a round trip, equal bytes for equal frames, damage found and named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.frame import Frame, Instance, read_frame, write_frame


def make_frame() -> Frame:
    """7x11 px; ids beyond 8 bit; one instance that nobody sees."""
    rng = np.random.default_rng(0)
    ids = rng.choice(np.array([0, 1, 300, 32_767], np.uint16), (11, 7))
    instances = (
        Instance(1, "cat", (-1.5, 0.25, 3.0, 4.0), 12, 0.25, {"height_m": 0.1}),
        Instance(300, "dog", (2.0, 3.0, 7.0, 11.0), 30, 0.0),
    )
    rgb = rng.integers(0, 256, (11, 7, 3), np.uint8)
    return Frame("val", 4, rgb, ids, ("cat", "dog"), instances, {"camera": {"tilt_rad": 0.1}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "frame"
    made.mkdir()
    write_frame(make_frame(), made)
    return made


def test_round_trip(folder: Path) -> None:
    frame, found = make_frame(), read_frame(folder)
    np.testing.assert_array_equal(found.rgb, frame.rgb)
    np.testing.assert_array_equal(found.ids, frame.ids)
    assert (found.rgb.dtype, found.ids.dtype) == (np.uint8, np.uint16)
    for name in ("split", "index", "categories", "instances", "drawn"):
        assert getattr(found, name) == getattr(frame, name)
    assert json.loads((folder / "frame.json").read_text())["size_wh"] == [7, 11]


def test_equal_frames_have_equal_bytes(folder: Path, tmp_path: Path) -> None:
    write_frame(make_frame(), tmp_path)
    for name in ("rgb.png", "ids.png", "frame.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["rgb.png", "ids.png", "frame.json"])
@pytest.mark.parametrize("damage", ["half", "empty", "missing", "one byte"])
def test_damage_is_named(name: str, damage: str, folder: Path) -> None:
    path = folder / name
    data = path.read_bytes()
    broken: dict[str, Any] = {"half": data[: len(data) // 2], "empty": b"", "one byte": b"\xff" + data[1:]}
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(broken[damage])
    with pytest.raises(InputError, match=str(path)):
        read_frame(folder)


@pytest.mark.parametrize("facts", ["[]", "3", '{"sha256": 5}', '{"sha256": {"rgb.png": "0"}}'])
def test_other_json_is_not_taken_for_a_frame(facts: str, folder: Path) -> None:
    (folder / "frame.json").write_text(facts)
    with pytest.raises(InputError, match=r"frame\.json"):
        read_frame(folder)
