"""This project against BlenderProc on one scene, in turn: pictures with labels and COCO, and the first image.

Both are told the same sizes, samples and threads; `rows` says what else. Each moves the camera and the objects between
pictures. Ours makes every frame anew, as its workers do; BlenderProc loads objects once and renders all poses of a
batch in one call, which is its fastest way.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.alike import boxes_apart_px, side_by_side
from bench.changes import SAMPLES, SIZES_WH, cores
from bench.side import Side
from bench.spread import ratios, spread, table

OUR_MODULE, THEIR_MODULE = "bench.our_side", "bench.blenderproc_side"


@dataclass(frozen=True)
class Row:
    """One comparison: settings of the two renderers."""

    name: str
    ours: dict[str, Any]  # of params.yaml: render
    theirs: dict[str, Any]
    workers: int = 1  # of ours; the cores are shared among them


def rows(bounces: int) -> list[Row]:
    """`bounces` are ours; their defaults are those of DefaultConfig in BlenderProc 2.8.0."""
    default = {"samples": SAMPLES, "denoiser": "INTEL", "bounces": 3, "glossy": 0, "noise_threshold": 0.01}
    plain = {**default, "denoiser": None}
    equal = {**plain, "bounces": bounces, "glossy": bounces, "noise_threshold": 0.0}
    ours = {"samples": SAMPLES, "bounces": bounces}
    return [
        Row("its default denoiser, ours fast", {**ours, "denoiser": "fast"}, default),
        Row("its default denoiser, ours accurate", {**ours, "denoiser": "accurate"}, default),
        Row("no denoiser, else the defaults of each", {**ours, "denoiser": "none"}, plain),
        Row("no denoiser, all settings equal to ours", {**ours, "denoiser": "none"}, equal),
        Row(f"its default denoiser, ours fast, {cores()} workers", {**ours, "denoiser": "fast"}, default, cores()),
        Row(f"no denoiser, {cores()} workers of ours", {**ours, "denoiser": "none"}, plain, cores()),
    ]


@dataclass(frozen=True)
class Comparison:
    """Where, how often and with what the two are compared."""

    python: Path  # of BlenderProc's environment
    work: Path
    bounces: int
    rounds: int
    frames: int  # in a batch

    def renderings(self) -> Iterator[str]:
        """For each size a table of seconds an image, and how much the two agree."""
        with ExitStack() as stack:
            theirs = stack.enter_context(closing(Side(self.python, THEIR_MODULE)))
            crew = [stack.enter_context(closing(Side(sys.executable, OUR_MODULE))) for _ in range(cores())]
            yield f"{theirs.ask('about')}, {cores()} threads each, {SAMPLES} samples, {self.rounds} rounds in turn\n"
            for size_wh in SIZES_WH:
                world = self._world(size_wh)
                crew[0].ask("export", size_wh=size_wh, frames=self.frames, out=world)
                theirs.ask("load", world=world)
                measured = [self._row(row, crew, theirs, size_wh) for row in rows(self.bounces)]
                yield table([_title(size_wh), "BlenderProc, s/image", "ours, s/image", "ratio", "CPU"], measured)
                yield self._agreement(_title(size_wh))

    def _row(self, row: Row, crew: list[Side], theirs: Side, size_wh: tuple[int, int]) -> list[str]:
        """One batch of each in turn, so that what slows the machine slows both; the first of each only warms up."""
        taken = []
        for number in range(self.rounds + 1):
            count = self.frames if number else 1
            pair = self._theirs(theirs, row, count), self._ours(crew, row, size_wh, count)
            taken.append(pair)
        wall = [[side[0] for side in pair] for pair in taken[1:]]
        cpu = [[side[1] for side in pair] for pair in taken[1:]]
        return [row.name, *compared(wall), compared(cpu)[-1]]

    def _theirs(self, side: Side, row: Row, frames: int) -> list[float]:
        """Seconds an image, of wall and of CPU time."""
        out = str(self.work / "theirs")
        taken = side.ask("render", settings=row.theirs, threads=cores(), frames=frames, out=out)
        return [seconds / frames for seconds in taken]

    def _ours(self, crew: list[Side], row: Row, size_wh: tuple[int, int], frames: int) -> list[float]:
        """The same; several workers render as many frames each at the same time."""
        at_work, threads = crew[: row.workers], cores() // row.workers
        for number, side in enumerate(at_work):
            out = str(self.work / f"ours{number or ''}")
            side.tell("render", size_wh=size_wh, settings=row.ours, threads=threads, frames=frames, out=out)
        wall, cpu = zip(*(side.hear() for side in at_work), strict=True)
        return [max(wall) / (frames * len(at_work)), sum(cpu) / (frames * len(at_work))]

    def _world(self, size_wh: tuple[int, int]) -> str:
        return str(self.work / f"world-{_title(size_wh)}.json")

    def _agreement(self, title: str) -> str:
        theirs, ours = self.work / "theirs", self.work / "ours"
        apart_px = boxes_apart_px(theirs / "coco_annotations.json", ours / "coco.json")
        side_by_side(theirs, ours).save(self.work / f"{title}.png")
        return f"boxes of the two are at most {apart_px:g} px apart; {title}.png shows a picture of each\n"

    def first_images(self) -> str:
        """From the start of a process to the first picture with its labels in a COCO file."""
        row, taken = rows(self.bounces)[0], []
        for _ in range(self.rounds):
            begin = time.perf_counter()
            with closing(Side(self.python, THEIR_MODULE)) as side:
                side.ask("load", world=self._world(SIZES_WH[0]))
                self._theirs(side, row, 1)
                theirs = time.perf_counter() - begin
            begin = time.perf_counter()
            with closing(Side(sys.executable, OUR_MODULE)) as side:
                self._ours([side], row, SIZES_WH[0], 1)
                taken.append([theirs, time.perf_counter() - begin])
        head = [f"first image, {_title(SIZES_WH[0])}", "BlenderProc, s", "ours, s", "ratio"]
        return table(head, [[row.name, *compared(taken)]])


def _title(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]}x{size_wh[1]}"


def compared(pairs: list[list[float]]) -> list[str]:
    """Both sides of pairs (theirs, ours), and their ratio."""
    theirs, ours = zip(*pairs, strict=True)
    return [spread(theirs).text(), spread(ours).text(), ratios(theirs, ours).text()]
