"""For tests that render: small parameters, stages as processes, folders as values.

bpy is not imported here nor in any test_*.py: it is one world for a process, and a process that has it cannot start
others that import it. Tests that need it are in blender_*.py, see test_blender.py.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from pipeline.params import Params, load_params

REPOSITORY = Path(__file__).resolve().parents[1]
DIGITS = REPOSITORY / "presets" / "digits.yaml"  # not params.yaml, where `make repro PRESET=` puts another
SMALL: dict[str, Any] = {"train": 3, "val": 1, "width_px": 40, "height_px": 30, "samples": 1, "workers": 1}
SMALL["timeout_s"], SMALL["device"] = 60.0, "cpu"  # GPUs differ in the last digits


def small_values(**render: Any) -> dict[str, Any]:
    """The preset digits with few and small frames."""
    values: dict[str, Any] = yaml.safe_load(DIGITS.read_text(encoding="utf-8"))
    values["render"] |= SMALL | render
    values["scene"]["count"] = 4
    values["labels"]["min_visible_px"] = 3
    return values


def write_params(path: Path, values: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def small_params(folder: Path, **render: Any) -> Params:
    return load_params(write_params(folder / "params.yaml", small_values(**render)))


def with_full_disk(line: list[str]) -> list[str]:
    """The command with a limit of 1 kB for each file; without bytecode, of which Python would leave cut files."""
    return ["bash", "-c", 'export PYTHONDONTWRITEBYTECODE=1; ulimit -f 1; exec "$@"', "bash", *line]


def command(module: str, *args: str | Path) -> list[str]:
    return [sys.executable, "-m", module, *map(str, args)]


def environment(store: Path) -> dict[str, str]:
    return os.environ | {"SYNTH2REAL_STORE": str(store)}


def run_stage(store: Path, module: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
    return run_command(store, command(module, *args))


def run_command(store: Path, line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line, cwd=REPOSITORY, env=environment(store), capture_output=True, text=True, timeout=120, check=False
    )


def start_stage(folder: Path, store: Path, **settings: Any) -> subprocess.Popen[str]:
    """The same as `render`, to be disturbed: leader of a process group of its own, which hears Ctrl-C."""
    folder.mkdir(parents=True, exist_ok=True)
    params = write_params(folder / "params.yaml", small_values(**settings))
    return subprocess.Popen(
        command("blender.render", "--params", params, "--out", folder / "data" / "frames"),
        cwd=REPOSITORY,
        env=environment(store),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )


def frames_in(store: Path) -> int:
    return len(list((store / "frames").glob("??/*/frame.json")))


def wait_for_frames(store: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while frames_in(store) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert frames_in(store) >= count


def render(folder: Path, store: Path, **settings: Any) -> str:
    """Run the stage with small parameters into folder/data/frames; returns what it printed."""
    folder.mkdir(parents=True, exist_ok=True)
    params = write_params(folder / "params.yaml", small_values(**settings))
    done = run_stage(store, "blender.render", "--params", params, "--out", folder / "data" / "frames")
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones too, with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
