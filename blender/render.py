"""Stage: which frames are missing from the store, have them made, link all into the workspace."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from blender.workers.keys import base_key, facts_of, frame_key
from blender.workers.pool import Pool
from blender.workers.store import Store
from blender.workers.worker import Job
from pipeline.cache import cache_folder
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.params import Params, Render, load_params

if TYPE_CHECKING:
    from blender.workers.cluster import Cluster

MOST_WORKERS = 8  # beyond, memory grows and frames/s hardly
CHANNELS = {"depth": 1, "normals": 3, "flow": 2}
FACTS_BYTES = 30_000  # of 20 objects, and of the file system
BAR: dict[str, Any] = {"smoothing": 0.05, "mininterval": 0.2 if sys.stderr.isatty() else 10}


def jobs_of(params: Params, device: str) -> list[Job]:
    """Every frame that the parameters ask for, from devices of this kind."""
    base = base_key(facts_of(params, device))
    splits = {"train": params.render.train, "val": params.render.val}
    return [Job(s, i, frame_key(base, s, i)) for s, count in splits.items() for i in range(count)]


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def crew_of(params: Params, root: Path) -> "Pool | Cluster":
    """Who renders: workers on this machine, or a cluster."""
    if params.render.scheduler is None:
        return Pool(params, params.render.workers or min(cores(), MOST_WORKERS), cores(), root)
    from blender.workers.cluster import Cluster  # distributed takes a second to import

    return Cluster(params, root)


def render_all(params: Params, root: Path) -> list[Job]:
    """Have every frame in the store; the result names them all."""
    with crew_of(params, root) as crew:
        wanted = params.render.device
        jobs = jobs_of(params, "cpu" if wanted == "cpu" else crew.device().kind)
        render_missing(crew, jobs, root)
    return jobs


def render_missing(crew: "Pool | Cluster", jobs: list[Job], root: Path) -> int:
    """Render what the store lacks, with a progress bar; returns how many frames that were."""
    store = Store(root)
    store.clean()
    missing = [job for job in jobs if not store.has(job.key)]
    print(f"{len(jobs)} frames: {len(jobs) - len(missing)} in the store, {len(missing)} to render", flush=True)
    if missing:
        _check_room(root, len(missing), crew.params.render)
        print(f"Cycles on {crew.device(len(missing))}, {crew}", flush=True)
        for _ in tqdm(crew.render(missing), total=len(missing), unit="frame", desc="render", **BAR):
            pass
    return len(missing)


def frame_bytes(render: Render) -> int:
    """What a frame takes at most, about: noisy colours and ids are 0.6 to 1 B a pixel, and float32 hardly shrinks."""
    channels = sum(CHANNELS[name] for name in set(render.layers))
    return FACTS_BYTES + int(render.width_px * render.height_px * (1.5 + 4 * channels))


def _check_room(root: Path, frames: int, render: Render) -> None:
    root.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(root).free, frames * frame_bytes(render)
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
    try:
        link_all(render_all(load_params(args.params), cache_folder()), cache_folder(), args.out)
    except KeyboardInterrupt:
        sys.exit("interrupted: the frames made so far are kept, the same command goes on with the others.")


if __name__ == "__main__":
    run(main)
