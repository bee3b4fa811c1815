"""One Blender process: frame after frame into the store, until it is told to stop or has made its share."""

import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.errors import InputError
from pipeline.params import Params


@dataclass(frozen=True)
class Job:
    """A frame to make."""

    split: str
    index: int
    key: str

    def __str__(self) -> str:
        return f"frame {self.split}/{self.index}"


def work(pipe: Connection, params: Params, threads: int, store: Path) -> None:
    """Answer first whether the params can work, then each Job when its frame is in the store: None or what is wrong."""
    quiet()
    # Only here, in the process that needs it: bpy takes a second to import, and a process that has it cannot
    # start others that import it.
    from blender.make import make_frame, make_recipe
    from blender.passes import set_up
    from blender.store import Store

    try:
        recipe = make_recipe(params)
    except InputError as error:
        pipe.send(str(error))
        return
    set_up(params.render, threads)
    pipe.send(None)
    while True:
        try:
            job: Job | None = pipe.recv()
        except EOFError:  # the parent is gone
            return
        if job is None:
            return
        try:
            Store(store).put(job.key, make_frame(recipe, job.split, job.index))
        except OSError as error:
            pipe.send(f"{error.filename or store}: {error.strerror}")
        else:
            pipe.send(None)


def quiet() -> None:
    """Blender's C code prints a line for every sample: send it nowhere, keep Python's errors on stderr."""
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
