"""Stage: which frames are missing from the store, have them made, link all into the workspace."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from blender.pool import Pool
from blender.store import Store, base_key, frame_key
from blender.worker import Job
from pipeline.cache import cache_folder
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.params import Params, load_params

MOST_WORKERS = 8  # beyond, memory grows and frames/s hardly
BAR: dict[str, Any] = {"smoothing": 0.05, "mininterval": 0.2 if sys.stderr.isatty() else 10}
FREE_BYTES = 1_000_000  # for each frame, generously


def jobs_of(params: Params) -> list[Job]:
    """Every frame that the parameters ask for."""
    base = base_key(params)
    splits = {"train": params.render.train, "val": params.render.val}
    return [Job(s, i, frame_key(base, s, i)) for s, count in splits.items() for i in range(count)]


def share_cores(params: Params) -> tuple[int, int]:
    """(workers, threads of each)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = params.render.workers or min(cores, MOST_WORKERS)
    return workers, max(1, cores // workers)


def render_missing(params: Params, jobs: list[Job], root: Path) -> int:
    """Render what the store lacks, with a progress bar; returns how many frames that were."""
    store = Store(root)
    missing = [job for job in jobs if not store.has(job.key)]
    workers, threads = share_cores(params)
    workers = min(workers, max(1, len(missing)))
    print(f"{len(jobs)} frames: {len(jobs) - len(missing)} in the store, {len(missing)} to render", flush=True)
    if not missing:
        return 0
    _check_room(root, len(missing))
    print(f"Cycles on the CPU, {workers} workers with {threads} threads", flush=True)
    pool = Pool(params, workers, threads, root)
    for _ in tqdm(pool.render(missing), total=len(missing), unit="frame", desc="render", **BAR):
        pass
    return len(missing)


def _check_room(root: Path, frames: int) -> None:
    root.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(root).free, frames * FREE_BYTES
    if free < needed:
        raise InputError(
            f"{root}: expected {needed / 1e6:.0f} MB of free disk for {frames} frames, found {free / 1e6:.0f} MB."
        )


def link_all(jobs: list[Job], root: Path, out: Path) -> None:
    """Lay the frames out as out/split/index/, replacing what was there."""
    store = Store(root)
    with whole_folder(out) as unfinished:
        for job in jobs:
            store.link(job.key, unfinished / job.split / f"{job.index:06d}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = load_params(args.params)
    jobs = jobs_of(params)
    render_missing(params, jobs, cache_folder())
    link_all(jobs, cache_folder(), args.out)


if __name__ == "__main__":
    run(main)
