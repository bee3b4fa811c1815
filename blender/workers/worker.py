"""One Blender process: frame after frame into the store, until it is told to stop or has made its share."""

import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

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


def work(pipe: Connection, params: Params, threads: int, turn: int, store: Path) -> None:
    """Answer first with the Device, or with why the params cannot work; then each Job, when its frame is in the store,
    with None or what went wrong."""
    quiet()
    try:
        recipe, device = start(params, threads, turn)
    except InputError as error:
        pipe.send(str(error))
        return
    pipe.send(device)
    while (job := _next(pipe)) is not None:
        pipe.send(_make(recipe, job, store))


def start(params: Params, threads: int, turn: int) -> tuple[Any, Any]:
    """(Recipe, Device). Raises InputError for params that no frame can be made from."""
    # Only here, in the process that needs it: bpy takes a second to import, and a process that has it cannot
    # start others that import it.
    from blender.make import make_recipe
    from blender.picture.passes import set_up
    from blender.workers.device import apply, choose

    set_up(params.render, threads)
    device = choose(params.render.device)
    recipe = make_recipe(params, device.kind)
    apply(device, turn)
    return recipe, device


def _next(pipe: Connection) -> Job | None:
    try:
        job: Job | None = pipe.recv()
    except EOFError:  # the parent is gone
        return None
    return job


def _make(recipe: Any, job: Job, store: Path) -> str | None:
    from blender.make import make_frame
    from blender.workers.store import Store

    try:
        Store(store).put(job.key, make_frame(recipe, job.split, job.index))
    except OSError as error:
        return in_words(error, store)
    except InputError as error:  # a file of the user's that turns out to be damaged, say
        return str(error)
    return None


def in_words(error: OSError, store: Path) -> str:
    """Which file and why; libraries that raise it themselves say neither in its fields."""
    return f"{error.filename or store}: {error.strerror}" if error.strerror else str(error)


def quiet() -> None:
    """Blender's C code prints a line for every sample: send it nowhere, keep Python's errors on stderr."""
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
