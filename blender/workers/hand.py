"""A worker as its parent sees it."""

import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from blender.workers.worker import Job, work
from pipeline.params import Params

START_S = 300  # bpy is a large library: its first start on a slow disk takes a minute


@dataclass(frozen=True)
class Lost:
    """Instead of an answer: the worker died or hangs."""

    why: str
    exit_code: int | None = None  # None while it hangs


@dataclass
class Hand:
    """A worker process, the pipe to it, and what it is at."""

    process: BaseProcess
    pipe: Connection
    turn: int  # its place among its parent's workers, from 0
    left: int  # frames until it is replaced
    patience_s: float = START_S
    deadline: float = 0.0
    ready: bool = False  # Blender is up
    job: Job | None = None

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None

    def expect(self, patience_s: float) -> None:
        self.patience_s, self.deadline = patience_s, time.monotonic() + patience_s

    def give(self, job: Job, timeout_s: float) -> bool:
        """False when it has died while it was idle, which is no fault of the job."""
        try:
            self.pipe.send(job)
        except OSError:
            return False
        self.job, self.left = job, self.left - 1
        self.expect(timeout_s)
        return True

    def answer(self) -> Any:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Lost(f"the worker died (exit code {self.process.exitcode})", self.process.exitcode)

    def stop(self) -> None:
        """Let an idle worker end by itself, kill another."""
        if self.idle and self.process.is_alive():
            with suppress(OSError):
                self.pipe.send(None)
            self.process.join(5)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def hire(params: Params, threads: int, turn: int, store: Path) -> Hand:
    """Start a worker; its first answer is a Device, or why the params cannot work."""
    context = multiprocessing.get_context("spawn")  # a forked Blender would share threads and state
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, params, threads, turn, store), daemon=True)
    with _deaf_to_ctrl_c():
        process.start()
    theirs.close()
    hand = Hand(process, ours, turn, left=params.render.frames_per_worker)
    hand.expect(START_S)
    return hand


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started here ignores Ctrl-C, which a terminal sends to all: the parent alone ends the run."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def answers(hands: Iterable[Hand]) -> Iterator[tuple[Hand, Any]]:
    """Wait for the next thing to happen: an answer of a worker that owes one, a death, or a deadline."""
    awaited = [h for h in hands if not h.idle]
    if not awaited:
        return
    first = min(h.deadline for h in awaited)
    ready = wait([h.pipe for h in awaited], timeout=max(0.0, first - time.monotonic()))
    for hand in awaited:
        if hand.pipe in ready:
            yield hand, hand.answer()
        elif time.monotonic() > hand.deadline:
            limit = " (render.timeout_s)" if hand.job else ""
            yield hand, Lost(f"no answer within {hand.patience_s:g} s{limit}")
