"""Workers die, hang and are replaced; the frames stay the same."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rendering import files_of, small_params

from blender.render import jobs_of
from blender.workers.device import Device
from blender.workers.hand import Hand
from blender.workers.pool import Pool
from blender.workers.store import Store
from blender.workers.worker import Job
from pipeline.errors import InputError
from pipeline.params import Params

pytestmark = pytest.mark.alone


@pytest.fixture
def params(tmp_path: Path) -> Params:
    """As those of the fixture `rendered`."""
    return small_params(tmp_path, train=5)


def frames_of(store: Path, jobs: list[Job]) -> dict[str, dict[str, bytes]]:
    return {str(job): files_of(Store(store).folder(job.key)) for job in jobs}


def undisturbed(rendered: Path, jobs: list[Job]) -> dict[str, dict[str, bytes]]:
    return frames_of(rendered / "store", jobs)


def kill(hand: Hand) -> None:
    assert hand.process.pid is not None
    os.kill(hand.process.pid, signal.SIGKILL)


def test_a_frame_depends_neither_on_its_forerunners_nor_on_the_number_of_threads(
    params: Params, store: Path, rendered: Path
) -> None:
    jobs = jobs_of(params, "cpu")[::-1]
    with Pool(params, workers=1, cores=1, store=store) as pool:
        assert list(pool.render(jobs)) == jobs
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_one_frame_alone_and_then_another(params: Params, store: Path, rendered: Path) -> None:
    jobs = jobs_of(params, "cpu")
    with Pool(params, workers=1, cores=2, store=store) as pool:
        assert list(pool.render([jobs[3]])) == [jobs[3]]
        (hand,) = pool.hands
        assert list(pool.render([jobs[1]])) == [jobs[1]]
        assert pool.hands == [hand]  # the same worker
    assert frames_of(store, [jobs[1], jobs[3]]) == undisturbed(rendered, [jobs[1], jobs[3]])
    assert not hand.process.is_alive()


def test_a_worker_that_dies_idle_costs_no_try(params: Params, store: Path, rendered: Path) -> None:
    jobs = jobs_of(params, "cpu")
    with Pool(params, workers=1, cores=1, store=store) as pool:
        for job in pool.render(jobs):
            if job in jobs[:2]:
                kill(pool.hands[0])
                pool.hands[0].process.join()
        assert pool.failures == {}
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_killed_at_any_moment(params: Params, store: Path, rendered: Path) -> None:
    """One that is starting, then others in the middle of a frame, each frame at most once."""
    jobs, hit = jobs_of(params, "cpu"), set()
    over = threading.Event()

    def killer(pool: Pool) -> None:
        while not over.wait(0.02):
            for hand in list(pool.hands):
                if hand.job not in hit and len(hit) < 4:
                    hit.add(hand.job)
                    with suppress(ProcessLookupError):  # it has just been replaced
                        kill(hand)

    with Pool(params, workers=2, cores=1, store=store) as pool:
        thread = threading.Thread(target=killer, args=[pool])
        thread.start()
        try:
            done = list(pool.render(jobs))
        finally:
            over.set()
            thread.join()
    assert None in hit and len(hit) > 1
    problems = [problem for found in pool.failures.values() for problem in found]
    assert set(problems) <= {"the worker died (exit code -9)"} and len(problems) < len(hit)
    assert sorted(map(str, done)) == sorted(map(str, jobs))
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_workers_make_a_bounded_number_of_frames(tmp_path: Path, store: Path, rendered: Path) -> None:
    params = small_params(tmp_path, train=5, frames_per_worker=2)
    jobs = jobs_of(params, "cpu")
    pids = set()
    with Pool(params, workers=1, cores=2, store=store) as pool:
        for _ in pool.render(jobs):
            pids |= {hand.process.pid for hand in pool.hands}
    assert len(pids) == 3  # six frames
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def stop_at(pool: Pool, job: Job) -> None:
    """Freeze the worker that is at this job: it neither answers nor ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for hand in list(pool.hands):
            if hand.job == job and hand.process.pid is not None:
                os.kill(hand.process.pid, signal.SIGSTOP)
                return
        time.sleep(0.001)


def test_hanging_worker_is_replaced_and_its_frame_made_again(tmp_path: Path, store: Path, rendered: Path) -> None:
    params = small_params(tmp_path, train=5, timeout_s=5.0)
    jobs = jobs_of(params, "cpu")
    with Pool(params, workers=1, cores=1, store=store) as pool:
        thread = threading.Thread(target=stop_at, args=[pool, jobs[2]])
        thread.start()
        done = list(pool.render(jobs))
        thread.join()
    assert list(pool.failures.values()) == [["no answer within 5 s (render.timeout_s)"]]
    assert done == jobs
    assert frames_of(store, jobs) == undisturbed(rendered, jobs)


def test_frame_that_takes_too_long_is_reported(tmp_path: Path, store: Path) -> None:
    params = small_params(tmp_path, timeout_s=0.001)
    began = time.monotonic()
    with Pool(params, workers=1, cores=1, store=store) as pool:
        with pytest.raises(InputError) as error:
            list(pool.render(jobs_of(params, "cpu")))
        processes = [hand.process for hand in pool.hands]
    problem = "no answer within 0.001 s (render.timeout_s)"
    assert str(error.value) == f"frame train/0: failed 2 times: {problem}; {problem}. The frames made so far are kept."
    assert not any(process.is_alive() for process in processes)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(("wanted", "size"), [(0, 4), (3, 3)])
def test_two_workers_for_each_gpu_unless_told_otherwise(wanted: int, size: int, tmp_path: Path, store: Path) -> None:
    """How many there are and what the others are told; no GPU is used."""
    with Pool(small_params(tmp_path, workers=wanted), wanted or 8, cores=1, store=store) as pool:
        pool._settle_on(Device("cuda", ("A", "B")))
        assert (pool.size, pool.params.render.device) == (size, "cuda")
        pool._settle_on(Device("cuda", ("A",)))  # the second worker: nothing new
        assert pool.size == size


@pytest.mark.parametrize(
    ("cores", "workers", "threads"),
    [(1, 1, [1]), (12, 8, [2, 2, 2, 2, 1, 1, 1, 1]), (8, 8, [1] * 8), (7, 2, [4, 3]), (2, 3, [1, 1, 1])],
)
def test_all_cores_are_shared_out(cores: int, workers: int, threads: list[int], tmp_path: Path, store: Path) -> None:
    pool = Pool(small_params(tmp_path), workers, cores, store)
    assert [pool.threads(turn) for turn in range(workers)] == threads


def test_fewer_workers_for_a_gpu_have_more_threads(tmp_path: Path, store: Path) -> None:
    pool = Pool(small_params(tmp_path, workers=0), workers=8, cores=17, store=store)
    pool._settle_on(Device("cuda", ("A",)))
    assert [pool.threads(turn) for turn in range(pool.size)] == [9, 8]


def test_wrong_params_are_reported_by_the_first_worker(tmp_path: Path, store: Path) -> None:
    params: Any = small_params(tmp_path)
    params = params.model_copy(update={"scene": params.scene.model_copy(update={"name": "digit"})})
    with (
        Pool(params, workers=2, cores=1, store=store) as pool,
        pytest.raises(InputError, match=r"scene\.name.*'digits'"),
    ):
        list(pool.render(jobs_of(params, "cpu")))
    assert not (store / "frames").exists()
