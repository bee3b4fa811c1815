"""A renderer in a process of its own that waits for orders: both stay warm while they are measured in turn.

Standard library only, since the peer's environment runs it too.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO


class Side:
    """The process as its parent sees it."""

    def __init__(self, python: Path | str, module: str) -> None:
        self.process = subprocess.Popen(
            [str(python), "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TQDM_DISABLE": "1"},
        )

    def ask(self, order: str, **details: Any) -> Any:
        """Its answer. Raises RuntimeError when it died; what it said last stands on stderr."""
        self.tell(order, **details)
        return self.hear()

    def tell(self, order: str, **details: Any) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it died: nothing will be heard
            print(json.dumps({"order": order, **details}), file=self.process.stdin, flush=True)

    def hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r}: expected an answer, found its end")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Clock:
    """Time since it was made. CPU time hardly depends on what else the machine does."""

    def __init__(self) -> None:
        self.began = self._now()

    def _now(self) -> list[float]:
        return [time.perf_counter(), time.process_time()]

    def read(self) -> list[float]:
        """Seconds of wall and of CPU time."""
        return [now - before for now, before in zip(self._now(), self.began, strict=True)]


def take_stdout() -> TextIO:
    """Standard output for answers alone: what others print from now on, C code too, goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def serve(orders: Mapping[str, Callable[..., Any]], answers: TextIO) -> None:
    """Carry out orders until there are no more."""
    for line in sys.stdin:
        details = json.loads(line)
        print(json.dumps(orders[details.pop("order")](**details)), file=answers, flush=True)
