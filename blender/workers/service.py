"""One worker behind a process of its own, for those who may not start it themselves.

Dask's workers are daemons, which multiprocessing forbids to have children, and they must outlive Blender. So they start
`python -m blender.workers.service` and talk to it over its pipes: the same mortal worker as on one machine, with a
scratch store whose files are the answer.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from blender.workers.device import Device
from blender.workers.pool import Pool
from blender.workers.store import Store
from blender.workers.worker import Job
from pipeline.errors import InputError
from pipeline.params import Params

Files = dict[str, bytes]
PROJECT = Path(__file__).resolve().parents[2]
END_S = 15.0  # to end by itself: its worker has 5 s for that, and its scratch store goes


class Service:
    """The process as its parent sees it. Ends with it."""

    def __init__(self, params: Params, threads: int) -> None:
        """Raises InputError when Blender cannot start or work with these params."""
        path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "blender.workers.service"],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self.device: Device = self._ask((params, threads))
        except BaseException:
            self.close()
            raise

    def render(self, job: Job) -> Files:
        """The files of a frame. Raises InputError when it failed twice, EOFError or OSError from a dead process."""
        files: Files = self._ask(job)
        return files

    def _ask(self, question: Any) -> Any:
        assert self.process.stdin is not None
        _send(self.process.stdin, question)
        return self._hear()

    def _hear(self) -> Any:
        assert self.process.stdout is not None
        try:
            answer = pickle.load(self.process.stdout)
        except pickle.UnpicklingError as error:  # it died in the middle of its answer
            raise EOFError(str(error)) from None
        if isinstance(answer, InputError):
            raise answer
        return answer

    def close(self) -> None:
        with self.process:  # closes the pipes
            with suppress(OSError, subprocess.TimeoutExpired):  # what it has not read is of no use any more
                self.process.communicate(timeout=END_S)
            self.process.kill()


def _send(stream: BinaryIO | Any, message: Any) -> None:
    pickle.dump(message, stream)
    stream.flush()


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer (params, threads) with the Device, then each Job with its files, or with an InputError."""
    params, threads = pickle.load(questions)
    with tempfile.TemporaryDirectory() as scratch, Pool(params, 1, threads, Path(scratch)) as pool:
        try:
            _send(answers, pool.device())
        except InputError as error:
            _send(answers, error)
            return
        while (job := _next(questions)) is not None:
            _send(answers, _make(pool, job, Store(Path(scratch))))


def _next(questions: BinaryIO) -> Job | None:
    try:
        job: Job | None = pickle.load(questions)
    except EOFError:  # the parent is gone, or needs no more
        return None
    return job


def _make(pool: Pool, job: Job, scratch: Store) -> Files | InputError:
    try:
        list(pool.render([job]))
    except InputError as error:
        pool.failures.clear()
        return error
    files = scratch.read(job.key)
    scratch.remove(job.key)
    return files


def main() -> None:
    # What a library prints must not come between the answers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):  # the parent is gone
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
