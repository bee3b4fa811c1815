"""What a Dask worker does for a run: see that it has the run's code and files, and keep one Blender for its frames.

It renders one frame at a time, with as many threads as it has itself.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from distributed import get_worker

from blender.workers.device import Device
from blender.workers.keys import Facts, differences, facts_of
from blender.workers.pool import on_device
from blender.workers.service import Files, Service
from blender.workers.worker import Job
from pipeline.errors import InputError
from pipeline.params import Params
from pipeline.section import validate

IDLE_S = 60.0  # then a Blender gives its memory back
STARTS = 2  # of one that is gone


@dataclass(frozen=True)
class Order:
    """What all frames of a run have in common."""

    params: dict[str, Any]  # plain values: the worker may have other code
    expected: Facts  # the client's


@dataclass
class Kept:
    """A Blender that waits for more frames of its run."""

    service: Service
    checked: bool = False
    timer: threading.Timer | None = None  # while it is idle


_kept: dict[str, Kept] = {}  # by run
_one_at_a_time = threading.RLock()


def find_device(values: dict[str, Any]) -> Device:
    """What this worker renders on. Raises InputError for a kind that it does not have."""
    with _one_at_a_time, _saying_where():
        params = validate(Params, values, "params.yaml")
        service = _start(params)
        run = _run(on_device(params, service.device.kind))
        _end(run)
        _kept[run] = Kept(service)
        _rest(run)
        return service.device


def make_files(order: Order, job: Job) -> Files:
    """Render a frame. Raises InputError when it failed twice, or where this worker has not what the client has."""
    with _one_at_a_time, _saying_where():
        params = validate(Params, order.params, "params.yaml")
        for _ in range(STARTS):
            try:
                return _render(params, order.expected, job)
            except (EOFError, OSError):
                _end(_run(params))
        raise InputError(f"{job}: expected an answer of the renderer, found that it died {STARTS} times.")


@contextmanager
def _saying_where() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(f"{get_worker().address}: {error}") from None


def _run(params: Params) -> str:
    return json.dumps(params.model_dump(), sort_keys=True, default=str)


def _start(params: Params) -> Service:
    return Service(params, threads=get_worker().state.nthreads)


def _render(params: Params, expected: Facts, job: Job) -> Files:
    run = _run(params)
    kept = _kept[run] = _kept.get(run) or Kept(_start(params))
    _wake(kept)
    try:
        _check(kept, params, expected)
        return kept.service.render(job)
    finally:
        _rest(run)


def _check(kept: Kept, params: Params, expected: Facts) -> None:
    """Raises InputError unless there is here what the client has; once for a Blender."""
    if not kept.checked:
        found = differences(expected, facts_of(params, params.render.device))
        if found:
            raise InputError(f"expected what the client has, found {'; '.join(found)}.")
        kept.checked = True


def _wake(kept: Kept) -> None:
    if kept.timer is not None:
        kept.timer.cancel()
    kept.timer = None


def _rest(run: str) -> None:
    """Idle from now on: for a while it is kept."""
    kept = _kept[run]
    kept.timer = threading.Timer(IDLE_S, _end_idle, [run, kept])
    kept.timer.daemon = True
    kept.timer.start()


def _end_idle(run: str, kept: Kept) -> None:
    with _one_at_a_time:
        if kept.timer is threading.current_thread():  # else it has worked while this waited
            _end(run)


def _end(run: str) -> None:
    kept = _kept.pop(run, None)
    if kept is not None:
        _wake(kept)
        kept.service.close()
