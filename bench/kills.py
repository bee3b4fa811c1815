"""A run that is killed again and again at random moments, against an undisturbed one.

    python -m bench.kills --frames 100

Two workers, frames of 80x60 px. Every kill -9 hits the stage and its workers at once. Says what each left behind, and
whether the frames end with the same bytes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

from bench.values import read_values, write_values

LONGEST_S = 8.0  # before a kill; a run needs about 3 s before its first frame
SMALL = {"val": 1, "width_px": 80, "height_px": 60, "workers": 2, "device": "cpu", "scheduler": None}


def write_params(path: Path, frames: int) -> Path:
    values = read_values(Path("params.yaml"))
    values["render"] |= SMALL | {"train": frames - 1}
    return write_values(path, values)


def start(params: Path, store: Path, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "blender.render", "--params", str(params), "--out", str(out)],
        env=os.environ | {"SYNTH2REAL_STORE": str(store)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def first_line(output: str) -> str:
    return (output.splitlines() or ["killed before its first line"])[0]


def kill_until_done(params: Path, store: Path, out: Path, rng: Random) -> int:
    """Start, kill, start again; returns the number of kills."""
    kills = 0
    while True:
        running = start(params, store, out)
        after_s = rng.uniform(0.2, LONGEST_S)
        try:
            print(f"undisturbed to its end: {first_line(running.communicate(timeout=after_s)[0])}")
            return kills
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
        kills += 1
        found = len(list(store.glob("frames/??/*")))
        halves = sum(p.is_dir() for p in store.glob("frames/unfinished/*"))
        said = first_line(running.communicate()[0])
        print(f"kill {kills} after {after_s:.1f} s: {said}; now {found} in the store, {halves} half-written")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        params = write_params(room / "params.yaml", args.frames)
        start(params, room / "store", room / "frames").communicate()
        kills = kill_until_done(params, room / "store2", room / "frames2", Random(args.seed))
        same = contents(room / "frames") == contents(room / "frames2")
        left = len(list((room / "store2" / "frames" / "unfinished").iterdir()))
    print(f"{kills} kills; the frames are {'the same' if same else 'DIFFERENT'}; {left} files left over")


if __name__ == "__main__":
    main()
