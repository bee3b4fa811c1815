"""Whether a worker grows or slows down over thousands of frames.

    python -m bench.memory --frames 2000

Linux only: it reads the worker's memory in /proc. USS is what would be free if the worker ended; RSS counts shared
libraries too.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.changes import cores, with_render
from bench.machine import describe
from bench.spread import table
from blender.workers.pool import Pool
from blender.workers.worker import Job
from pipeline.params import Params, load_params

WINDOW = 200  # frames at each end that are compared


def memory_mb(pid: int) -> tuple[float, float]:
    """(RSS, USS) of a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    kb = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    return kb["Rss"] / 1000, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1000


def watch(params: Params, frames: int) -> Iterator[tuple[float, float, float]]:
    """After each frame of one worker: the moment in s, RSS and USS in MB."""
    jobs = [Job("train", index, f"{index:064d}") for index in range(frames)]
    with tempfile.TemporaryDirectory() as folder, Pool(params, 1, cores(), Path(folder)) as pool:
        for job in tqdm(pool.render(jobs), total=frames, unit="frame", mininterval=10):
            yield (time.perf_counter(), *memory_mb(pool.hands[0].process.pid or 0))
            for path in Path(folder).glob(f"**/{job.key}/*"):
                path.unlink()  # thousands of frames would fill a small disk


def report(seen: list[tuple[float, float, float]], window: int) -> str:
    """Medians of the frames around `window` and of the last ones, and how much they differ."""
    moments, rss, uss = np.array(seen).T
    early, late = slice(window // 2, window + window // 2), slice(-window, None)
    rates = [window / (moments[window] - moments[0]), window / (moments[-1] - moments[-1 - window])]
    pairs = {"RSS, MB": (rss[early], rss[late]), "USS, MB": (uss[early], uss[late])}
    values = {name: [float(np.median(v)) for v in pair] for name, pair in pairs.items()}
    values["frames/s, first and last"] = [float(r) for r in rates]
    rows = [[name, f"{a:.2f}", f"{b:.2f}", f"{100 * (b / a - 1):+.1f} %"] for name, (a, b) in values.items()]
    rows.append(["largest USS, MB", "", f"{uss.max():.2f}", ""])
    return table([f"{len(seen)} frames", f"about frame {window}", f"last {window}", "change"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--frames", type=int, default=2000)
    args = parser.parse_args()
    print(describe(), flush=True)
    params = with_render(load_params(args.params), samples=1, denoiser="none", frames_per_worker=args.frames + 1)
    print(report(list(watch(params, args.frames)), min(WINDOW, args.frames // 4)))


if __name__ == "__main__":
    main()
