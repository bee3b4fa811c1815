"""The frames over a Dask cluster: the same interface as Pool, on other machines.

A frame comes back as the bytes of its files and goes into the client's store, so no disk needs to be shared. Dask gives
the frames of a worker that died to others; code, packages and the user's files must be on every worker.
"""

# mypy: untyped-calls-exclude=distributed

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from distributed import CancelledError, Client, Future, KilledWorker, as_completed
from distributed.comm.core import CommClosedError

from blender.workers import remote
from blender.workers.device import Device
from blender.workers.keys import facts_of
from blender.workers.pool import on_device
from blender.workers.service import Files
from blender.workers.store import Store
from blender.workers.worker import Job, in_words
from pipeline.errors import InputError
from pipeline.params import Params

CONNECT_S = 5
LOOK_S = 5.0  # between two looks at how many workers there are
AHEAD = 2  # frames under way for each thread of the cluster: the next one waits where the last one is made


def _by_value(name: str) -> Callable[..., Any]:
    """blender.workers.remote.<name> for pickled arguments, as a function that travels as code.

    Dask's scheduler unpickles tasks: so it needs neither this project nor its environment.
    """

    def call(packed: bytes) -> Any:
        import pickle

        from blender.workers import remote

        return getattr(remote, name)(*pickle.loads(packed))

    return call


class Cluster:
    """Renders jobs on the workers of a Dask scheduler into the store."""

    def __init__(self, params: Params, store: Path) -> None:
        self.params, self.store = params, Store(store)
        self.address = str(params.render.scheduler)
        self.found: Device | None = None
        self.connected: Client | None = None
        self.under_way: dict[Future[Any], Job] = {}
        self.threads, self.next_look = 0, 0.0

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __str__(self) -> str:
        return f"{len(self._workers())} workers of {self.address}"

    def close(self) -> None:
        if self.connected is not None:
            self.connected.cancel(list(self.under_way), force=True)
            self.connected.close()

    @property
    def client(self) -> Client:
        """Raises InputError when nobody answers at the address."""
        if self.connected is None:
            try:
                self.connected = Client(self.address, timeout=CONNECT_S, set_as_default=False)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"params.yaml: render.scheduler: expected a Dask scheduler at {self.address}, found none: {error}"
                ) from None
        return self.connected

    def _workers(self) -> dict[str, int]:
        """Threads by worker."""
        workers: dict[str, int] = self.client.nthreads()
        return workers

    def device(self, frames: int = 1) -> Device:
        """What the worker that answers first renders on; all others must have the same kind."""
        if self.found is None:
            if not self._workers():
                print(f"{self.address}: no workers yet, waiting for the first", flush=True)
            asked = self._submit("find_device", self.params.model_dump())
            self.found = self._result(asked, "render.device")
            self.params = on_device(self.params, self.found.kind)
        return self.found

    def render(self, jobs: list[Job]) -> Iterator[Job]:
        """Yield each job when it is in the store. Raises InputError that names a frame which failed."""
        kind = self.device().kind
        order = remote.Order(self.params.model_dump(), facts_of(self.params, kind))
        waiting, done = deque(jobs), as_completed(loop=self.client.loop)
        while waiting or self.under_way:
            for job in self._next(waiting):
                future = self._submit("make_files", order, job)
                self.under_way[future] = job
                done.add(future)
            future = next(done)
            job = self.under_way.pop(future)
            self._put(job, self._result(future, str(job)))
            yield job

    def _put(self, job: Job, files: Files) -> None:
        try:
            self.store.put_files(job.key, files)
        except OSError as error:  # the disk is full, say
            raise InputError(
                f"{job}: failed: {in_words(error, self.store.root)}. The frames made so far are kept."
            ) from None

    def _submit(self, name: str, *arguments: Any) -> Future[Any]:
        return self.client.submit(_by_value(name), pickle.dumps(arguments), pure=False)

    def _next(self, waiting: deque[Job]) -> list[Job]:
        """As many as keep every thread busy: results wait in memory until they are in the store."""
        if time.monotonic() > self.next_look:
            self.threads, self.next_look = sum(self._workers().values()), time.monotonic() + LOOK_S
        free = AHEAD * max(1, self.threads) - len(self.under_way)
        return [waiting.popleft() for _ in range(min(free, len(waiting)))]

    def _result(self, future: Future[Any], what: str) -> Any:
        """Raises InputError in place of what Dask raises when the cluster could not do it."""
        try:
            return future.result()
        except KilledWorker as error:
            why = f"its worker died, {error.allowed_failures + 1} times; the logs of the workers may say why"
        except (CancelledError, CommClosedError):
            why = f"the connection to {self.address} was lost"
        except (ImportError, AttributeError, pickle.UnpicklingError) as error:
            why = f"workers must be started in a checkout of this project, with its environment: {error}"
        raise InputError(f"{what}: failed: {why}. The frames made so far are kept.")
