"""Mortal workers: each makes a bounded number of frames; a crash or hang costs one retry of one frame."""

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from blender.worker import Job, work
from pipeline.errors import InputError
from pipeline.params import Params

START_S = 300  # bpy is a large library: its first start on a slow disk takes a minute
TRIES = 2  # of each frame


@dataclass
class Hand:
    """A worker as its parent sees it."""

    process: BaseProcess
    pipe: Connection
    left: int  # frames until it is replaced
    job: Job | None = None
    deadline: float = 0.0

    def give(self, job: Job, timeout_s: float) -> None:
        self.job, self.left, self.deadline = job, self.left - 1, time.monotonic() + timeout_s
        with suppress(BrokenPipeError, ConnectionResetError):  # it died while idle: the next look at the pipe says so
            self.pipe.send(job)

    def stop(self) -> None:
        """Let an idle worker end by itself, kill a busy one."""
        if self.job is None and self.process.is_alive():
            with suppress(BrokenPipeError, ConnectionResetError):
                self.pipe.send(None)
            self.process.join(5)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _expect_ready(pipe: Connection, process: BaseProcess) -> None:
    """Wait until Blender is up in the worker. Raises InputError for params that no frame can be made from."""
    try:
        if not pipe.poll(START_S):
            process.kill()
            raise InputError(f"bpy: expected Blender to start within {START_S} s, found no answer.")
        problem: str | None = pipe.recv()
    except EOFError:
        process.join()
        raise InputError(
            f"bpy: expected Blender to start, found exit code {process.exitcode}; see the lines above."
        ) from None
    if problem is not None:
        raise InputError(problem)


class Pool:
    """Renders jobs with `workers` processes of `threads` threads into the store."""

    def __init__(self, params: Params, workers: int, threads: int, store: Path) -> None:
        self.params, self.threads, self.store = params, threads, store
        self.size = workers
        self.hands: list[Hand] = []
        self.failures: dict[Job, list[str]] = {}

    def render(self, jobs: list[Job]) -> Iterator[Job]:
        """Yield each job when it is done. Raises InputError that names a frame which failed twice."""
        waiting = deque(jobs)
        try:
            while waiting or self._busy():
                self._hand_out(waiting)
                yield from self._collect(waiting)
        finally:
            for hand in self.hands:
                hand.stop()

    def _busy(self) -> list[Hand]:
        return [h for h in self.hands if h.job is not None]

    def _hand_out(self, waiting: deque[Job]) -> None:
        while waiting and len(self._busy()) < self.size:
            idle = next((h for h in self.hands if h.job is None), None)
            (idle or self._hire()).give(waiting.popleft(), self.params.render.timeout_s)

    def _hire(self) -> Hand:
        context = multiprocessing.get_context("spawn")  # a forked Blender would share threads and state
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self.params, self.threads, self.store), daemon=True)
        process.start()
        theirs.close()
        _expect_ready(ours, process)
        hand = Hand(process, ours, left=self.params.render.frames_per_worker)
        self.hands.append(hand)
        return hand

    def _collect(self, waiting: deque[Job]) -> Iterator[Job]:
        """Wait for the next thing to happen: an answer, a death, or a deadline."""
        busy = self._busy()
        patience = max(0.0, min(h.deadline for h in busy) - time.monotonic())
        ready = wait([h.pipe for h in busy], timeout=patience)
        for hand in busy:
            job = hand.job
            assert job is not None
            if hand.pipe in ready:
                problem = self._answer(hand)
            elif time.monotonic() > hand.deadline:
                problem = f"no answer within {self.params.render.timeout_s:g} s"
            else:
                continue
            if problem is None:
                yield job
            else:
                self._try_again(job, problem, waiting)
            if problem is not None or hand.left <= 0:
                self._dismiss(hand)

    def _answer(self, hand: Hand) -> str | None:
        """None when the frame is done; what went wrong otherwise."""
        try:
            answer: str | None = hand.pipe.recv()
        except (EOFError, OSError):
            hand.process.join()
            return f"the worker died (exit code {hand.process.exitcode})"
        hand.job = None
        return answer

    def _try_again(self, job: Job, problem: str, waiting: deque[Job]) -> None:
        problems = self.failures.setdefault(job, [])
        problems.append(problem)
        if len(problems) >= TRIES:
            raise InputError(f"{job}: failed {TRIES} times: {'; '.join(problems)}. The frames made so far are kept.")
        waiting.appendleft(job)

    def _dismiss(self, hand: Hand) -> None:
        hand.stop()
        self.hands.remove(hand)
