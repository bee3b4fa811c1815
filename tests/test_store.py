"""The frame store: frames whole or not at all, found again by what they depend on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rendering import files_of, small_params, small_values, write_params

from blender import store as store_module
from blender.store import Store, base_key, frame_key
from pipeline.errors import InputError
from pipeline.frame import Frame, read_frame
from pipeline.params import load_params

KEY = frame_key("base", "train", 0)


def frame(value: int = 0) -> Frame:
    return Frame("train", 0, np.full((11, 7, 3), value, np.uint8), np.zeros((11, 7), np.uint16), ("cat",), ())


def test_put_and_link(store: Path, tmp_path: Path) -> None:
    frames = Store(store)
    assert not frames.has(KEY)
    frames.put(KEY, frame(5))
    assert frames.has(KEY)
    frames.link(KEY, tmp_path / "data" / "000000")
    assert read_frame(tmp_path / "data" / "000000").rgb.max() == 5
    assert files_of(frames.folder(KEY)) == files_of(tmp_path / "data" / "000000")
    for path in frames.folder(KEY).iterdir():
        assert path.stat().st_mode & 0o222 == 0  # workspaces hold links to it
        assert path.samefile(tmp_path / "data" / "000000" / path.name)


def test_the_first_of_two_equal_frames_stays(store: Path) -> None:
    frames = Store(store)
    frames.put(KEY, frame(1))
    frames.put(KEY, frame(2))
    assert read_frame(frames.folder(KEY)).rgb.max() == 1
    assert [p.name for p in frames.folder(KEY).parent.iterdir()] == [KEY]


@pytest.mark.parametrize("name", ["rgb.png", "ids.png", "frame.json"])
def test_damaged_frame_is_noticed_and_makes_room(name: str, store: Path, capsys: Any) -> None:
    frames = Store(store)
    frames.put(KEY, frame())
    path = frames.folder(KEY) / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-30])
    assert not frames.has(KEY)
    assert str(path) in capsys.readouterr().out
    assert not frames.folder(KEY).exists()
    frames.put(KEY, frame())
    assert frames.has(KEY)


def test_failed_put_leaves_nothing(store: Path) -> None:
    """A frame whose ids cannot be encoded as PNG, after its colours could."""
    frames = Store(store)
    broken = Frame("train", 0, frame().rgb, np.zeros((11, 7), np.complex64), ("cat",), ())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        frames.put(KEY, broken)
    assert files_of(store) == {}
    assert list(frames.folder(KEY).parent.iterdir()) == []


def test_key_follows_what_a_frame_depends_on_and_nothing_else(tmp_path: Path) -> None:
    def key(section: str, name: str, value: Any) -> str:
        values = small_values()
        (values[section] if section else values)[name] = value
        return base_key(load_params(write_params(tmp_path / "params.yaml", values)))

    base = base_key(small_params(tmp_path))
    other = [("", "seed", 1), ("scene", "height_m", 0.1), ("render", "samples", 2), ("render", "width_px", 41)]
    keys = [key(*change) for change in other]
    assert len({base, *keys}) == 1 + len(other)
    for change in (
        ("render", "train", 9),
        ("render", "workers", 2),
        ("train", "seed", 1),
        ("labels", "min_visible_px", 9),
    ):
        assert key(*change) == base
    assert len({frame_key(base, s, i) for s in ("train", "val") for i in (0, 1)}) == 4


def test_code_that_hands_out_work_does_not_count(tmp_path: Path) -> None:
    """Its files are named in ORCHESTRATION: a renamed one would silently begin to count."""
    folder = Path(store_module.__file__).parent
    assert all((folder / name).is_file() for name in store_module.ORCHESTRATION)


def test_no_room_is_said_before_rendering(store: Path) -> None:
    from blender.render import _check_room

    with pytest.raises(InputError, match=r"expected \d+ MB of free disk for 1000000000 frames, found \d+ MB"):
        _check_room(store, 1_000_000_000)
