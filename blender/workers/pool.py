"""Mortal workers: each makes a bounded number of frames; a crash or hang costs one retry of one frame."""

from collections import deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from blender.workers.device import Device
from blender.workers.hand import Hand, Lost, answers, hire
from blender.workers.worker import Job
from pipeline.errors import InputError
from pipeline.params import Params

TRIES = 2  # of each frame
WORKERS_PER_GPU = 2  # one prepares its scene while the other's is rendered


def on_device(params: Params, kind: str) -> Params:
    return params.model_copy(update={"render": params.render.model_copy(update={"device": kind})})


class Pool:
    """Renders jobs with up to `workers` processes, among which the cores are shared out as threads, into the store."""

    def __init__(self, params: Params, workers: int, cores: int, store: Path) -> None:
        self.params, self.cores, self.store = params, cores, store
        self.size = workers
        self.found: Device | None = None
        self.hands: list[Hand] = []
        self.failures: dict[Job, list[str]] = {}
        self.killed_starts = 0  # in a row

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __str__(self) -> str:
        return f"{len(self.hands)} workers, {sum(self.threads(h.turn) for h in self.hands)} threads"

    def close(self) -> None:
        """End the workers, kill those in the middle of a frame."""
        while self.hands:
            self._dismiss(self.hands[-1])

    def threads(self, turn: int) -> int:
        """Of the worker in this place: an equal share of the cores, and the first ones take what remains."""
        share, rest = divmod(self.cores, self.size)
        return max(1, share + (turn < rest))

    def device(self, frames: int = 1) -> Device:
        """What frames are rendered on, as soon as the first worker knows; starts as many as `frames` keep busy.

        Raises InputError for a device that is not here and for params that no frame can be made from.
        """
        self._hire(frames)
        while self.found is None:
            self._hire(frames)  # again, where one was killed
            for hand, answer in answers(self.hands):
                self._greet(hand, answer)
        return self.found

    def render(self, jobs: list[Job]) -> Iterator[Job]:
        """Yield each job when it is done. Raises InputError that names a frame which failed twice."""
        waiting = deque(jobs)
        while waiting or any(h.job for h in self.hands):
            self._hire(len(waiting))
            self._hand_out(waiting)
            for hand, answer in answers(self.hands):
                yield from self._hear(hand, answer, waiting)

    def _hire(self, frames: int) -> None:
        """Start workers for these frames and those in the making."""
        busy = sum(h.job is not None for h in self.hands)
        while len(self.hands) < min(self.size, busy + frames):
            turn = next(n for n in count() if n not in {h.turn for h in self.hands})
            self.hands.append(hire(self.params, self.threads(turn), turn, self.store))

    def _hand_out(self, waiting: deque[Job]) -> None:
        for hand in [h for h in self.hands if h.idle]:
            if not waiting:
                return
            if hand.give(waiting[0], self.params.render.timeout_s):
                waiting.popleft()
            else:
                self._dismiss(hand)

    def _hear(self, hand: Hand, answer: Any, waiting: deque[Job]) -> Iterator[Job]:
        if not hand.ready:
            self._greet(hand, answer)
            return
        job, done = hand.job, answer is None
        assert job is not None
        if not isinstance(answer, Lost):
            hand.job = None
        if done:
            yield job
        else:
            self._try_again(job, answer.why if isinstance(answer, Lost) else answer, waiting)
        if not done or hand.left <= 0:
            self._dismiss(hand)

    def _greet(self, hand: Hand, answer: Any) -> None:
        """The first answer of a worker. Raises InputError unless it can work, or was killed and another may."""
        if isinstance(answer, Lost):
            self._dismiss(hand)
            self._mourn(answer)
        elif isinstance(answer, str):
            raise InputError(answer)
        else:
            hand.ready, self.killed_starts = True, 0
            self._settle_on(answer)

    def _mourn(self, lost: Lost) -> None:
        self.killed_starts += 1
        killed = lost.exit_code is not None and lost.exit_code < 0
        if not killed or self.killed_starts >= TRIES * self.size:
            raise InputError(f"bpy: expected Blender to start, found: {lost.why}; see the lines above.")

    def _settle_on(self, device: Device) -> None:
        """All further workers take the device of the first."""
        if self.found is None:
            self.found, self.params = device, on_device(self.params, device.kind)
            if device.kind != "cpu" and not self.params.render.workers:
                self.size = min(self.size, WORKERS_PER_GPU * len(device.names))

    def _try_again(self, job: Job, problem: str, waiting: deque[Job]) -> None:
        problems = self.failures.setdefault(job, [])
        problems.append(problem)
        if len(problems) >= TRIES:
            raise InputError(f"{job}: failed {TRIES} times: {'; '.join(problems)}. The frames made so far are kept.")
        waiting.appendleft(job)

    def _dismiss(self, hand: Hand) -> None:
        hand.stop()
        self.hands.remove(hand)
