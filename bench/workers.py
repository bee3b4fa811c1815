"""Frames a second of one worker against as many as there are cores, of one thread each, through the worker pool."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.changes import cores
from bench.spread import ratios, spread, table
from blender.workers.pool import Pool
from blender.workers.worker import Job
from pipeline.params import Params

LEFT_OUT = 2  # first frames of each worker: they wait for the others to start, and for caches


def finished(pool: Pool, frames: int, name: str) -> Iterator[float]:
    """The moment at which each frame was finished."""
    jobs = [Job("train", index, f"{name}{index:060d}") for index in range(frames)]
    for _ in pool.render(jobs):
        yield time.perf_counter()


def rate(moments: list[float], workers: int) -> float:
    """Frames/s between the last of the left-out frames and the last one of all."""
    counted = moments[LEFT_OUT * workers - 1 :]
    return (len(counted) - 1) / (counted[-1] - counted[0])


def compare(params: Params, rounds: int, frames: int) -> str:
    """The same frames by one worker and by several, which stay warm, in turn."""
    many = cores()
    with tempfile.TemporaryDirectory() as folder:
        pools = [Pool(params, size, 1, Path(folder)) for size in (1, many)]
        try:
            taken = [_round(pools, number, frames) for number in range(rounds)]
        finally:
            for pool in pools:
                pool.close()
    alone, together = zip(*taken, strict=True)
    line = [spread(alone).text(), spread(together).text(), ratios(together, alone).text()]
    render = params.render
    title = f"{params.scene.name}, {render.width_px}x{render.height_px}, {render.samples} samples"
    return table([title, "1 worker, frames/s", f"{many} workers, frames/s", "ratio"], [["one thread each", *line]])


def _round(pools: list[Pool], number: int, frames: int) -> list[float]:
    return [rate(list(finished(p, frames + LEFT_OUT * p.size, f"{number}{p.size:03d}")), p.size) for p in pools]
