"""The frame store: frames whole or not at all, found again by what they depend on."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rendering import REPOSITORY, files_of

from blender.workers.keys import frame_key
from blender.workers.store import Store
from pipeline.frame import Frame
from pipeline.frame_files import read_frame

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


def test_full_disk_leaves_nothing(store: Path) -> None:
    """The second file cannot be written: a name that is longer than file systems allow stands for it."""
    frames = Store(store)
    with pytest.raises(OSError, match="too long"):
        frames.put_files(KEY, {"rgb.png": b"1", "x" * 300: b"2"})
    assert files_of(store) == {} and not frames.folder(KEY).exists()


def test_failed_put_leaves_nothing(store: Path) -> None:
    """A frame whose ids cannot be encoded as PNG, after its colours could."""
    frames = Store(store)
    broken = Frame("train", 0, frame().rgb, np.zeros((11, 7), np.complex64), ("cat",), ())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        frames.put(KEY, broken)
    assert files_of(store) == {} and not frames.has(KEY)


KILLED = """
import os, sys
from pathlib import Path
from blender.workers.store import Store

class Files(dict):
    def items(self):
        yield "rgb.png", b"half of a frame"
        os.kill(os.getpid(), 9) if sys.argv[2] == "dies" else sys.stdin.read()

print("writing", flush=True)
Store(Path(sys.argv[1])).put_files("ab" * 32, Files())
"""


def writer(store: Path, how: str) -> subprocess.Popen[str]:
    """A process that stops in the middle of writing a frame."""
    line = [sys.executable, "-c", KILLED, str(store), how]
    process = subprocess.Popen(line, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    return process


def test_what_a_killed_writer_left_is_removed_and_a_living_one_s_is_not(store: Path) -> None:
    dead, living = writer(store, "dies"), writer(store, "waits")
    dead.communicate()
    frames = Store(store)
    while len(list(frames.unfinished.glob("*/rgb.png"))) < 2:
        time.sleep(0.01)
    frames.clean()
    assert len(list(frames.unfinished.glob("*/rgb.png"))) == 1
    assert len(list(frames.unfinished.iterdir())) == 2  # its folder and its lock
    assert not frames.has("ab" * 32)

    living.communicate("go on")
    assert living.returncode == 0
    assert files_of(frames.folder("ab" * 32)) == {"rgb.png": b"half of a frame"}
    frames.clean()
    assert list(frames.unfinished.iterdir()) == []
