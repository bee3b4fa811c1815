"""Run the experiments of a study, several at once; whatever ends it, the next call goes on with what is missing."""

import argparse
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from pipeline.errors import InputError
from pipeline.experiments import reason
from pipeline.lanes import Lane, read_base, remove
from pipeline.settings import with_settings
from pipeline.study.plan import Plan, Planned, make_plan
from pipeline.study.records import finished, measure, read_records, write_record

LANES = Path(".dvc") / "tmp" / "studies"
LOGS = "logs"


def command(args: argparse.Namespace) -> None:
    plan = make_plan(args.study, args.params)
    folder = args.results / plan.name
    with lanes_of(plan.name, args.jobs) as lanes:
        failed = Run(plan, args.params.read_text(encoding="utf-8"), folder, lanes).all()
    if failed:
        names = "\n  ".join(f"{name}: {why}" for name, why in failed.items())
        raise InputError(f"{args.study}: expected all experiments to end well, {len(failed)} did not:\n  {names}")
    report = plan.command.replace(" run ", " report ", 1)
    print(f"{folder}: all {len(plan.experiments)} experiments are there: `{report}`")


@contextmanager
def lanes_of(study: str, jobs: int) -> Iterator[list[Lane]]:
    """A lane for each job, gone in the end; those of a run that was killed go first, and what runs in them."""
    LANES.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(LANES / f"{study}.lock", timeout=0):
            remove((LANES / study).glob("*"))
            threads = max(1, (os.cpu_count() or 1) // jobs)
            base = read_base()
            lanes = [Lane((LANES / study / str(n)).resolve(), base, threads) for n in range(jobs)]
            try:
                yield lanes
            finally:
                remove(lane.folder for lane in lanes)
    except Timeout:
        raise InputError(f"{study}: expected that nothing else runs this study here, found a run.") from None


@dataclass
class Run:
    """What is to be done, what is being done, and what went wrong."""

    plan: Plan
    params: str  # text of params.yaml
    folder: Path  # of records
    lanes: list[Lane]
    made: set[str] = field(default_factory=set)  # keys of stages whose outputs are in DVC's cache
    failed: dict[str, str] = field(default_factory=dict)  # experiment -> why

    def all(self) -> dict[str, str]:
        """Run what is missing; returns what failed."""
        done = finished(self.plan, read_records(self.folder))
        waiting = [planned for planned in self.plan.experiments if planned.name not in done]
        self.made = {key for p in self.plan.experiments if p.name in done for key in p.stages.values()}
        total = len(self.plan.experiments)
        with (
            tqdm(total=total, initial=total - len(waiting), unit="experiment", desc=self.plan.name) as bar,
            ThreadPoolExecutor(len(self.lanes)) as pool,
        ):
            self._side_by_side(waiting, pool, bar)
        return self.failed

    def _side_by_side(self, waiting: list[Planned], pool: ThreadPoolExecutor, bar: "tqdm[Any]") -> None:
        running: dict[Future[str], tuple[Planned, Lane]] = {}
        try:
            while waiting or running:
                while planned := self._next(waiting, running):
                    lane = next(one for one in self.lanes if one not in [lane for _, lane in running.values()])
                    waiting.remove(planned)
                    running[pool.submit(self._one, planned, lane)] = (planned, lane)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    planned, _ = running.pop(future)
                    self._note(planned, future.result())
                    bar.update()
        finally:  # of Ctrl-C: ends what still runs, or the pool would wait for it
            remove(lane.folder for _, lane in running.values())

    def _next(self, waiting: list[Planned], running: dict[Future[str], tuple[Planned, Lane]]) -> Planned | None:
        """The first for which there is a lane, and of which no stage is just being made for another one."""
        if len(running) == len(self.lanes):
            return None
        making = {key for planned, _ in running.values() for key in planned.stages.values()} - self.made
        return next((planned for planned in waiting if not making & set(planned.stages.values())), None)

    def _one(self, planned: Planned, lane: Lane) -> str:
        """Run one; why it failed, or nothing."""
        log = self.folder / LOGS / f"{planned.name}.log"
        params = with_settings(self.params, planned.settings, self.plan.name)
        try:
            seconds = lane.run(planned.name, params, self.plan.study.targets, log)
            if seconds is None:
                return reason(log)
            write_record(self.folder, measure(lane.folder, self.plan, planned, seconds, lane.base.commit))
        except InputError as error:
            return str(error)
        except subprocess.CalledProcessError as error:  # git
            return f"{' '.join(error.cmd)}: {error.stderr.decode(errors='replace').strip()}"
        return ""

    def _note(self, planned: Planned, why: str) -> None:
        if why:
            self.failed[planned.name] = why
            tqdm.write(f"{planned.name}  failed: {why}")
        else:
            self.made |= set(planned.stages.values())
            tqdm.write(f"{planned.name}  done")
