"""The stage: the same bytes however frames were made, only what is missing is made, nothing is left half-written."""

import os
import re
import signal
import time
from pathlib import Path
from typing import get_args

import pytest
from rendering import (
    command,
    files_of,
    frames_in,
    render,
    run_command,
    run_stage,
    small_params,
    small_values,
    start_stage,
    wait_for_frames,
    with_full_disk,
    write_params,
)

from blender.render import CHANNELS, _check_room, frame_bytes
from pipeline.errors import InputError
from pipeline.params import Layer

pytestmark = pytest.mark.alone


def annotate(workspace: Path) -> dict[str, bytes]:
    args = ("--frames", workspace / "data" / "frames", "--out", workspace / "data" / "synthetic")
    done = run_stage(workspace, "pipeline.annotate", "--params", workspace / "params.yaml", *args)
    assert done.returncode == 0, done.stderr
    return files_of(workspace / "data" / "synthetic")


def test_two_workers_make_the_same_bytes_as_one(rendered: Path, tmp_path: Path) -> None:
    """Pixels, ids, facts and COCO, in fresh processes."""
    one, two = tmp_path / "one", tmp_path / "two"
    render(one, rendered / "store", train=5, workers=1)
    printed = render(two, tmp_path / "store", train=5, workers=2)
    assert "6 frames: 0 in the store, 6 to render" in printed
    frames = files_of(two / "data" / "frames")
    assert len(frames) == 6 * 3
    assert frames == files_of(one / "data" / "frames") == files_of(rendered / "data" / "frames")
    assert annotate(one) == annotate(two)


def test_only_missing_frames_are_rendered(store: Path, tmp_path: Path) -> None:
    """3 -> 5 train frames, then a damaged one, then nothing to do and back to 3."""
    assert "4 frames: 0 in the store, 4 to render" in render(tmp_path, store, train=3)
    before = files_of(tmp_path / "data" / "frames")
    assert "6 frames: 4 in the store, 2 to render" in render(tmp_path, store, train=5)
    after = files_of(tmp_path / "data" / "frames")
    assert len(after) == 18 and before.items() <= after.items()

    damaged = next(p for p in store.rglob("rgb.png") if p.read_bytes() == after["train/000001/rgb.png"])
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:100])  # also in the workspace: it is the same file
    printed = render(tmp_path, store, train=5)
    assert "6 frames: 5 in the store, 1 to render" in printed and str(damaged) in printed
    assert files_of(tmp_path / "data" / "frames") == after

    assert "4 frames: 4 in the store, 0 to render" in render(tmp_path, store, train=3)
    assert files_of(tmp_path / "data" / "frames") == before


@pytest.mark.parametrize("frames_before", [0, 1, 4])
def test_killed_run_goes_on_where_it_was(frames_before: int, rendered: Path, store: Path, tmp_path: Path) -> None:
    """Everything at once by kill -9, at the start, in the middle and near the end."""
    running = start_stage(tmp_path, store, train=5, workers=2)
    if frames_before:
        wait_for_frames(store, frames_before)
    else:
        time.sleep(0.3)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert not (tmp_path / "data").exists()

    (tmp_path / "data" / ".frames.part" / "frames" / "train").mkdir(parents=True)  # as if killed while linking
    there = frames_in(store)
    assert there >= frames_before
    printed = render(tmp_path, store, train=5)
    assert f"6 frames: {there} in the store, {6 - there} to render" in printed
    assert files_of(tmp_path / "data" / "frames") == files_of(rendered / "data" / "frames")
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["frames"]
    assert list((store / "frames" / "unfinished").iterdir()) == []


def test_orphaned_workers_end_by_themselves(rendered: Path, store: Path, tmp_path: Path) -> None:
    """Only the stage is killed; meanwhile another run needs the same frames."""
    running = start_stage(tmp_path, store, train=5, workers=2)
    wait_for_frames(store, 1)
    running.kill()
    assert "6 frames: " in render(tmp_path, store, train=5)
    assert files_of(tmp_path / "data" / "frames") == files_of(rendered / "data" / "frames")
    running.communicate(timeout=30)  # until the last holder of its pipes is gone


def test_ctrl_c_ends_with_one_line_and_the_run_goes_on(rendered: Path, store: Path, tmp_path: Path) -> None:
    """As a terminal sends it: to the stage and its workers."""
    running = start_stage(tmp_path, store, train=5, workers=2)
    wait_for_frames(store, 1)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 1
    assert errors.splitlines()[-1].startswith("interrupted: the frames made so far are kept")
    assert "Traceback" not in errors and "Process" not in errors
    assert not (tmp_path / "data").exists()

    there = frames_in(store)
    assert f"6 frames: {there} in the store, {6 - there} to render" in render(tmp_path, store, train=5)
    assert files_of(tmp_path / "data" / "frames") == files_of(rendered / "data" / "frames")


def test_progress_shows_rate_and_time_left(store: Path, tmp_path: Path) -> None:
    running = start_stage(tmp_path, store, train=2)
    _, errors = running.communicate(timeout=60)
    assert re.search(r"render: +0%.* 0/3 \[", errors)
    assert re.search(r"render: 100%.* 3/3 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+(frame/s|s/frame)\]", errors)


def test_full_disk_is_one_message_and_leaves_nothing(store: Path, tmp_path: Path) -> None:
    """A limit of 1 kB for a file stands for the full disk: a picture takes more."""
    params = write_params(tmp_path / "params.yaml", small_values())
    line = command("blender.render", "--params", params, "--out", tmp_path / "data" / "frames")
    done = run_command(store, with_full_disk(line))
    assert done.returncode == 1
    message = done.stderr.splitlines()[-1]
    assert message.startswith("error: frame train/0: failed 2 times: ") and "File too large" in message
    assert "Traceback" not in done.stderr
    assert files_of(store) == {} and not (tmp_path / "data").exists()


def test_full_disk_while_linking_leaves_the_frames_of_before(store: Path, tmp_path: Path) -> None:
    """The store on another disk: frames are copied, and the second one does not fit."""
    render(tmp_path, store)
    before = files_of(tmp_path / "data" / "frames")
    target = tmp_path / "data" / "frames"
    program = (
        "import os, resource, sys; from pathlib import Path; from blender.render import jobs_of, link_all;"
        "from pipeline.errors import run; from pipeline.params import load_params;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)); os.link = lambda *_: os.unlink('not there');"
        "run(lambda: link_all(jobs_of(load_params(Path(sys.argv[1])), 'cpu'), Path(sys.argv[2]), Path(sys.argv[3])))"
    )
    line = [*command("x")[:1], "-c", program, str(tmp_path / "params.yaml"), str(store), str(target)]
    done = run_command(store, line)
    assert done.returncode == 1 and "File too large" in done.stderr and "Traceback" not in done.stderr
    assert files_of(target) == before
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["frames"]


def test_no_room_is_said_before_rendering(store: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected \d+ MB of free disk for 1000000000 frames, found \d+ MB"):
        _check_room(store, 1_000_000_000, small_params(tmp_path).render)


def test_room_for_a_frame_is_more_than_it_takes_but_not_by_far(store: Path, tmp_path: Path) -> None:
    """With the layers that shrink least; flow of what stands still is all zeros."""
    assert set(CHANNELS) == set(get_args(Layer))
    for name, layers in (("colours", []), ("layers", ["depth", "normals"])):
        settings = {"train": 1, "width_px": 320, "height_px": 240, "layers": layers}
        render(tmp_path / name, store, **settings)
        frame = files_of(tmp_path / name / "data" / "frames" / "train" / "000000")
        taken = sum(len(data) for data in frame.values())
        assert taken < frame_bytes(small_params(tmp_path, **settings).render) < 6 * taken  # few objects
