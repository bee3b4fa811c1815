"""What is noted of steps that are taken: times and memory, as lines of JSON."""

import json
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import torch

from bench.memory import memory_mb
from bench.train_loops import Watch


class Answering(Watch):
    """Says what it has seen."""

    def __init__(self, answers: TextIO) -> None:
        self.answers = answers

    def answer(self, found: Any) -> None:
        print(json.dumps(found), file=self.answers, flush=True)


class Turns(Answering):
    """Waits for an order before each turn, and answers with the times of its steps."""

    def __init__(self, answers: TextIO, skipped: int, counted: int) -> None:
        super().__init__(answers)
        self.skipped, self.counted = skipped, counted
        self.began = (0.0, 0.0)
        self.answer("ready")
        self.wait()

    def step(self) -> None:
        self.done += 1
        if self.done == self.skipped:
            self.began = now()
        if self.done == self.skipped + self.counted:
            wall, cpu = ((b - a) / self.counted for a, b in zip(self.began, now(), strict=True))
            self.answer({"wall": wall, "cpu": cpu, "mb": peak_mb()})
            self.wait()

    def wait(self) -> None:
        """Ends the process when there are no more orders."""
        self.done = 0
        if not sys.stdin.readline():
            raise SystemExit


class Until(Answering):
    """Answers with the time, at the validation that reaches the score or at the last one, and ends the process."""

    def __init__(self, answers: TextIO, score: float, validations: int) -> None:
        super().__init__(answers)
        self.wanted, self.left = score, validations
        self.began, self.seen = now(), 0

    def validated(self, score: float) -> None:
        self.seen += 1
        if score >= self.wanted or self.seen == self.left:
            wall, cpu = (b - a for a, b in zip(self.began, now(), strict=True))
            self.answer({"wall": wall, "cpu": cpu, "mb": peak_mb(), "score": score, "validations": self.seen})
            raise SystemExit


def now() -> tuple[float, float]:
    """Seconds of wall and of CPU time, of this process and its workers; the GPU has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter(), time.process_time() + sum(cpu_of(pid) for pid in workers())


def workers() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def cpu_of(pid: int) -> float:
    """Of another process, user and system, as proc(5) has it."""
    facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """The largest RSS of this process so far, and what its workers hold that they share with nobody."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + sum(memory_mb(pid)[1] for pid in workers())
