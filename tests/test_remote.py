"""What a Dask worker keeps of Blender: between frames, when it dies, when it hangs, and for how long."""

import array
import fcntl
import os
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client
from rendering import small_params

from blender.workers import remote, service
from blender.workers.keys import facts_of
from blender.workers.service import Service
from blender.workers.worker import Job, in_words
from pipeline.params import Params

pytestmark = pytest.mark.alone

JOBS = [Job("train", index, f"{index:064x}") for index in range(2)]
FILES = {"rgb.png", "ids.png", "frame.json"}
HALF_BYTES = 50_000  # unread, of an answer that does not fit into a pipe


@pytest.fixture
def client() -> Iterator[Client]:
    """One worker of Dask, in this process, so that a test sees what it keeps; its Blender ends with the test."""
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        yield client
        for run in list(remote._kept):
            remote._end(run)


def order_of(folder: Path, **render: Any) -> remote.Order:
    params = small_params(folder, **render)
    return remote.Order(params.model_dump(), facts_of(params, "cpu"))


def on_worker(client: Client, task: Callable[[], Any]) -> Any:
    return client.submit(task, pure=False).result(timeout=60)


def blender() -> subprocess.Popen[bytes]:
    (kept,) = remote._kept.values()
    return kept.service.process


def test_frames_that_take_longer_than_the_idle_time_share_one_blender_which_then_ends(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(tmp_path, samples=300)  # about a second
    monkeypatch.setattr(remote, "IDLE_S", 0.4)

    def two_frames() -> list[subprocess.Popen[bytes]]:
        return [blender() for job in JOBS if set(remote.make_files(order, job)) == FILES]

    first, second = on_worker(client, two_frames)
    assert first is second
    assert first.wait(timeout=30) == 0
    while remote._kept:  # the timer is about to return
        time.sleep(0.01)


def test_timer_that_fired_while_a_frame_was_asked_for_ends_nothing(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(tmp_path)

    def frame_while_the_timer_waits() -> tuple[Any, ...]:
        monkeypatch.setattr(remote, "IDLE_S", 0.0)
        with remote._one_at_a_time:
            remote.make_files(order, JOBS[0])
            (kept,) = remote._kept.values()
            fired = kept.timer
            time.sleep(0.2)
            assert fired is not None and fired.is_alive()  # it waits for the lock
            monkeypatch.setattr(remote, "IDLE_S", 60.0)
            remote.make_files(order, JOBS[1])
        fired.join(10)
        return kept.service.process.poll(), fired.is_alive(), kept in remote._kept.values()

    assert on_worker(client, frame_while_the_timer_waits) == (None, False, True)


def test_blender_that_dies_is_started_again(client: Client, tmp_path: Path) -> None:
    order = order_of(tmp_path)

    def frame_of_the_dead() -> tuple[bool, bool]:
        before = remote.make_files(order, JOBS[0])
        dead = blender()
        dead.kill()
        dead.wait()
        return remote.make_files(order, JOBS[0]) == before, blender() is dead

    assert on_worker(client, frame_of_the_dead) == (True, False)


def large_params(folder: Path) -> Params:
    """A frame that does not fit into a pipe."""
    return small_params(folder, width_px=800, height_px=600)


def unread_bytes(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    count = array.array("i", [0])
    fcntl.ioctl(process.stdout, termios.FIONREAD, count)
    return count[0]


def test_death_in_the_middle_of_an_answer_is_a_death(tmp_path: Path) -> None:
    """Half of a pickled answer is not "no pickle"."""
    asked = Service(large_params(tmp_path), threads=1)
    service._send(asked.process.stdin, JOBS[0])
    deadline = time.monotonic() + 60
    while unread_bytes(asked.process) < HALF_BYTES and time.monotonic() < deadline:
        time.sleep(0.01)
    assert unread_bytes(asked.process) >= HALF_BYTES
    asked.process.kill()
    with pytest.raises(EOFError, match="truncated"):
        asked._hear()
    asked.close()


def test_hanging_process_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Service(small_params(tmp_path), threads=1)
    os.kill(hanging.process.pid, signal.SIGSTOP)
    monkeypatch.setattr(service, "END_S", 0.1)
    hanging.close()
    assert hanging.process.returncode == -signal.SIGKILL


def test_errors_of_the_disk_in_words(tmp_path: Path) -> None:
    """As the system raises them, and as Pillow does, which fills no field."""
    assert in_words(OSError(28, "No space left on device", "a.png"), tmp_path) == "a.png: No space left on device"
    assert in_words(OSError(28, "No space left on device"), tmp_path) == f"{tmp_path}: No space left on device"
    assert in_words(OSError("image file is truncated"), tmp_path) == "image file is truncated"
