"""The same frames over a Dask cluster, on this machine: a scheduler and two workers, one of which is killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from rendering import (
    REPOSITORY,
    command,
    files_of,
    frames_in,
    render,
    run_command,
    run_stage,
    small_values,
    start_stage,
    with_full_disk,
    write_params,
)

pytestmark = pytest.mark.alone

SLOW = {"train": 11, "samples": 100}  # long enough to be disturbed


@contextmanager
def started(module: str, *args: str, cwd: Path, log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A part of the cluster, ended with all that it has started."""
    line = [sys.executable, "-m", f"distributed.cli.{module}", *args, "--no-dashboard"]
    line += ["--local-directory", str(log or cwd)] if module == "dask_worker" else []
    with ((log or cwd) / f"{module}.log").open("ab") as file:
        process = subprocess.Popen(line, cwd=cwd, stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def scheduler_at(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """(address, process). It runs where this project is not: it need not have it."""
    file = folder / "scheduler.json"
    place = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    with started("dask_scheduler", *place, cwd=folder) as process:
        deadline = time.monotonic() + 30
        while not (file.exists() and file.read_text().endswith("}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield str(json.loads(file.read_text())["address"]), process


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    with scheduler_at(tmp_path) as (address, _):
        yield address


def project_at(folder: Path) -> Path:
    """A copy of the code, as on another machine."""
    for name in ("blender", "pipeline"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def wait_for_frames(store: Path, count: int, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while frames_in(store) < count and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert frames_in(store) >= count, running.communicate()


def test_a_worker_is_killed_and_the_frames_are_the_same(scheduler: str, store: Path, tmp_path: Path) -> None:
    """One with Dask's nanny, which makes it a daemon, and one without, in copies of the project."""
    there = project_at(tmp_path / "there")
    with (
        started("dask_worker", scheduler, "--nthreads", "1", cwd=there),
        started("dask_worker", scheduler, "--nthreads", "1", "--no-nanny", cwd=there) as victim,
    ):
        running = start_stage(tmp_path / "cluster", store, scheduler=scheduler, **SLOW)
        wait_for_frames(store, 2, running)
        victim.kill()
        victim.wait()
        assert frames_in(store) < 12
        printed, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert "12 frames: 0 in the store, 12 to render" in printed
    assert re.search(rf"Cycles on cpu \(.+\), [12] workers of {scheduler}", printed)
    render(tmp_path / "local", tmp_path / "store2", **SLOW)
    assert files_of(tmp_path / "cluster" / "data" / "frames") == files_of(tmp_path / "local" / "data" / "frames")


def test_a_worker_with_other_code_is_an_error(scheduler: str, store: Path, tmp_path: Path) -> None:
    there = project_at(tmp_path / "there")
    with (there / "blender" / "samplers.py").open("a") as file:
        file.write("\n# changed\n")
    params = write_params(tmp_path / "params.yaml", small_values(scheduler=scheduler))
    with started("dask_worker", scheduler, "--nthreads", "1", cwd=there):
        done = run_stage(store, "blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(r"error: tcp://.+: expected what the client has, found code \w+ instead of \w+\.", done.stderr)
    assert not (tmp_path / "data").exists()


def test_a_worker_without_the_project_is_an_error(scheduler: str, store: Path, tmp_path: Path) -> None:
    params = write_params(tmp_path / "params.yaml", small_values(scheduler=scheduler))
    with started("dask_worker", scheduler, "--nthreads", "1", cwd=tmp_path):
        done = run_stage(store, "blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "workers must be started in a checkout of this project" in done.stderr.splitlines()[-1]


def test_a_frame_that_kills_its_workers_is_named(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's own limit is 3 deaths; here the first is too many."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    with (
        scheduler_at(tmp_path) as (address, _),
        started("dask_worker", address, "--nthreads", "1", "--no-nanny", cwd=REPOSITORY, log=tmp_path) as victim,
    ):
        running = start_stage(tmp_path / "cluster", store, scheduler=address, **SLOW)
        wait_for_frames(store, 1, running)
        victim.kill()
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1 and "Traceback" not in errors
    assert re.search(r"error: frame train/\d+: failed: its worker died, 1 times; ", errors.splitlines()[-1])
    assert frames_in(store) >= 1 and not (tmp_path / "cluster" / "data").exists()


def test_a_lost_scheduler_ends_the_run(store: Path, tmp_path: Path) -> None:
    with (
        scheduler_at(tmp_path) as (address, process),
        started("dask_worker", address, "--nthreads", "1", "--no-nanny", cwd=REPOSITORY, log=tmp_path),
    ):
        running = start_stage(tmp_path / "cluster", store, scheduler=address, **SLOW)
        wait_for_frames(store, 1, running)
        process.kill()
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert f"the connection to {address} was lost" in errors.splitlines()[-1], errors


def test_nobody_at_the_address_is_an_error(store: Path, tmp_path: Path) -> None:
    params = write_params(tmp_path / "params.yaml", small_values(scheduler="tcp://127.0.0.1:9"))
    began = time.monotonic()
    done = run_stage(store, "blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "error: params.yaml: render.scheduler: expected a Dask scheduler at tcp://127.0.0.1:9" in done.stderr
    assert time.monotonic() - began < 40
    assert not (tmp_path / "data").exists()


def test_full_disk_of_the_client_names_the_frame(scheduler: str, store: Path, tmp_path: Path) -> None:
    """A limit of 1 kB for a file of the client's stands for the full disk."""
    params = write_params(tmp_path / "params.yaml", small_values(scheduler=scheduler))
    line = command("blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    with started("dask_worker", scheduler, "--nthreads", "1", "--no-nanny", cwd=REPOSITORY, log=tmp_path):
        done = run_command(store, with_full_disk(line))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(
        r"error: frame train/\d: failed: .+: File too large\. The frames made", done.stderr.splitlines()[-1]
    )
    assert files_of(store) == {} and not (tmp_path / "data").exists()
