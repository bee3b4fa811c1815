"""Workers die, hang and are replaced; the frames stay the same."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from rendering import files_of, small_params

from blender.pool import Pool
from blender.render import jobs_of
from blender.store import Store
from blender.worker import Job
from pipeline.errors import InputError
from pipeline.params import Params


@pytest.fixture
def params(tmp_path: Path) -> Params:
    """As those of the fixture `rendered`."""
    return small_params(tmp_path, train=5)


def frames_of(store: Path, jobs: list[Job]) -> dict[str, dict[str, bytes]]:
    return {str(job): files_of(Store(store).folder(job.key)) for job in jobs}


def undisturbed(rendered: Path, jobs: list[Job]) -> dict[str, dict[str, bytes]]:
    return frames_of(rendered / "store", jobs)


def test_a_frame_depends_neither_on_its_forerunners_nor_on_the_number_of_threads(
    params: Params, store: Path, rendered: Path
) -> None:
    jobs = jobs_of(params)[::-1]
    done = list(Pool(params, workers=1, threads=1, store=store).render(jobs))
    assert done == jobs
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_one_frame_alone(params: Params, store: Path, rendered: Path) -> None:
    jobs = [Job("train", 3, jobs_of(params)[3].key)]
    assert list(Pool(params, workers=1, threads=2, store=store).render(jobs)) == jobs
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_killed_workers_are_replaced(params: Params, store: Path, rendered: Path) -> None:
    """The one that has just made the first frame, which is idle, and the other in the middle of its own."""
    jobs = jobs_of(params)
    pool = Pool(params, workers=2, threads=1, store=store)
    done = []
    for job in pool.render(jobs):
        done.append(job)
        if len(done) == 1:
            assert len(pool.hands) == 2
            for hand in pool.hands:
                assert hand.process.pid is not None
                os.kill(hand.process.pid, signal.SIGKILL)
                hand.process.join()
    assert any("exit code -9" in problem for problems in pool.failures.values() for problem in problems)
    assert sorted(map(str, done)) == sorted(map(str, jobs))
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_workers_make_a_bounded_number_of_frames(tmp_path: Path, store: Path, rendered: Path) -> None:
    params = small_params(tmp_path, train=5, frames_per_worker=2)
    jobs = jobs_of(params)
    pool = Pool(params, workers=1, threads=2, store=store)
    pids = set()
    for _ in pool.render(jobs):
        pids |= {hand.process.pid for hand in pool.hands}
    assert len(pids) == 3  # six frames
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_hanging_worker_is_reported_with_its_frame(tmp_path: Path, store: Path) -> None:
    params = small_params(tmp_path, timeout_s=0.001)
    pool = Pool(params, workers=1, threads=1, store=store)
    with pytest.raises(InputError) as error:
        list(pool.render(jobs_of(params)))
    problem = "no answer within 0.001 s"
    assert str(error.value) == f"frame train/0: failed 2 times: {problem}; {problem}. The frames made so far are kept."
    assert not any(hand.process.is_alive() for hand in pool.hands)


def test_wrong_params_are_reported_by_the_first_worker(tmp_path: Path, store: Path) -> None:
    params: Any = small_params(tmp_path)
    params = params.model_copy(update={"scene": params.scene.model_copy(update={"name": "digit"})})
    with pytest.raises(InputError, match=r"scene\.name.*'digits'"):
        list(Pool(params, workers=2, threads=1, store=store).render(jobs_of(params)))
    assert not (store / "frames").exists()
