"""Frames on disk: equal after a round trip, equal bytes for equal frames, damage found and named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.frame import Camera, Frame, Instance, Keypoint
from pipeline.frame_files import FACTS, read_frame, write_frame


def make_frame() -> Frame:
    """7x11 px; ids beyond 8 bit; one instance that nobody sees."""
    rng = np.random.default_rng(0)
    ids = rng.choice(np.array([0, 1, 300, 32_767], np.uint16), (11, 7))
    turned = ((0.0, -1.0, 0.0, 0.1), (1.0, 0.0, 0.0, -0.2), (0.0, 0.0, 1.0, 1.5), (0.0, 0.0, 0.0, 1.0))
    nose = Keypoint("nose", (1.25, 3.5), 1.5, 0.01)
    instances = (
        Instance(
            1, "cat", (-1.5, 0.25, 3.0, 4.0), 12, 0.25, {"height_m": 0.1}, turned, (0, 0, 0.1), (1, 2, 3), (nose,)
        ),
        Instance(300, "dog", (2.0, 3.0, 7.0, 11.0), 30, 0.0),
    )
    return Frame(
        split="val",
        index=4,
        rgb=rng.integers(0, 256, (11, 7, 3), np.uint8),
        ids=ids,
        categories=("cat", "dog"),
        instances=instances,
        drawn={"camera": {"tilt_rad": 0.1}},
        camera=Camera("perspective", ((9.0, 0.0, 3.0), (0.0, 9.0, 5.0), (0.0, 0.0, 1.0)), (-0.1, 0, 0, 0, 0), turned),
        keypoint_names={"cat": ("nose", "tail")},
        sequence=1,
        step=2,
        device="cuda",
        layers={"depth": rng.random((11, 7), np.float32), "flow": rng.random((11, 7, 2), np.float32)},
    )


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
    assert set(found.layers) == set(frame.layers)
    for name, layer in frame.layers.items():
        np.testing.assert_array_equal(found.layers[name], layer)
    assert found.layers["depth"].dtype == np.float32
    for name in (*FACTS, "instances", "camera"):
        assert getattr(found, name) == getattr(frame, name)
    assert json.loads((folder / "frame.json").read_text())["size_wh"] == [7, 11]


def test_facts_alone(folder: Path) -> None:
    found = read_frame(folder, pixels=False)
    assert found.instances == make_frame().instances and found.camera == make_frame().camera
    np.testing.assert_array_equal(found.ids, make_frame().ids)
    assert not found.rgb.size and not found.layers
    assert set(found.sha256) == {"rgb.png", "ids.png", "layers.npz"}


def test_equal_frames_have_equal_bytes(folder: Path, tmp_path: Path) -> None:
    write_frame(make_frame(), tmp_path)
    for name in ("rgb.png", "ids.png", "layers.npz", "frame.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["rgb.png", "ids.png", "layers.npz", "frame.json"])
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


def test_a_fact_that_is_missing_is_named(folder: Path) -> None:
    path = folder / "frame.json"
    facts = json.loads(path.read_text())
    del facts["camera"]
    path.write_text(json.dumps(facts))
    with pytest.raises(InputError, match=r"frame\.json.*'camera'"):
        read_frame(folder)
