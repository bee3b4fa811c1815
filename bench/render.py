"""How fast rendering is: against BlenderProc, against Blender's bare render call, and with more than one worker.

    python -m bench.render                        # everything but --memory, about 25 minutes on two cores
    python -m bench.render --parts limit workers
    python -m bench.render --memory               # a worker over 2,000 frames

Whatever is compared runs in turn, A B A B, so that a machine that slows down slows both; figures are medians with
quartiles in brackets. docs/speed.md explains each part.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from bench import workers
from bench.changes import SAMPLES, SIZES_WH, cores, sized
from bench.convert import conversion
from bench.machine import describe
from bench.peer import Comparison
from bench.peer_environment import FOLDER, python_of
from pipeline.cache import cache_folder
from pipeline.params import load_params

PARTS = ("limit", "peer", "workers")


def limit(frames: int) -> None:
    """In processes of their own: this one starts others that import bpy, so it must not."""
    for scene in ("bench", "params"):
        for threads in sorted({1, cores()}):
            given = ["--scene", scene, "--threads", str(threads), "--frames", str(frames)]
            subprocess.run([sys.executable, "-m", "bench.limit", *given], check=True)


def peer(rounds: int, frames: int, environment: Path, work: Path) -> None:
    bounces = load_params(Path("params.yaml")).render.bounces
    compared = Comparison(python_of(environment), work, bounces, rounds, frames)
    for text in compared.renderings():
        print(text, flush=True)
    print(conversion(compared.python, work / "ours", work, rounds), flush=True)  # of the largest pictures above
    print(compared.first_images(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=4, help="in a batch of the comparison with BlenderProc")
    parser.add_argument("--env", type=Path, default=FOLDER, help="BlenderProc's environment; made when missing")
    parser.add_argument("--work", type=Path, default=cache_folder() / "bench", help="pictures and COCO files of both")
    parser.add_argument("--memory", action="store_true", help="only the long run of bench.memory")
    args = parser.parse_args()
    if args.memory:
        subprocess.run([sys.executable, "-m", "bench.memory"], check=True)
        return
    print(describe(), flush=True)
    args.work.mkdir(parents=True, exist_ok=True)
    if "limit" in args.parts:
        limit(4 * args.rounds)
    if "peer" in args.parts:
        peer(args.rounds, args.frames, args.env, args.work.resolve())
    if "workers" in args.parts:
        params = sized(load_params(Path("params.yaml")), SIZES_WH[-1], samples=SAMPLES, frames_per_worker=10_000)
        print(workers.compare(params, args.rounds, 2 * args.frames * cores()))


if __name__ == "__main__":
    main()
