"""Lanes: clones of the project in which DVC experiments run side by side, apart from the user's work tree.

`dvc exp run --temp` in one project is no way to run several at once: each puts its params into the work tree for a
moment and waits in a stash that they all share, from which another may take it. A kill in that moment leaves the work
tree changed. Lanes share DVC's cache and the frame store, so what one has made the others need not; finished
experiments are fetched into the project, where `dvc exp show` lists them.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from dvc.repo import Repo

from pipeline.experiments import ASIDE, output

STAGE = re.compile(r"^Running stage '(?:dvc\.yaml:)?(.+)':")
OTHER = re.compile(r"^(Stage '|Updating lock file|Generating lock file)")  # what DVC says when a stage has ended


@dataclass(frozen=True)
class Base:
    """The project as it was when the lanes were made: its commit, and what is changed but not committed."""

    root: Path
    commit: str
    changes: bytes  # a patch of files that git tracks, without params.yaml
    cache: Path  # DVC's

    @property
    def experiments(self) -> str:
        """The place of the experiments of this commit among git's refs."""
        return f"refs/exps/{self.commit[:2]}/{self.commit[2:]}"


def read_base() -> Base:
    """Of the project in the working directory. Raises InputError where git has no commit."""
    root, commit = (Path(output("git", "rev-parse", "--show-toplevel").strip()), output("git", "rev-parse", "HEAD"))
    line = ["git", "diff", "--binary", "HEAD", "--", ".", ":!params.yaml", *ASIDE]
    changes = subprocess.run(line, cwd=root, capture_output=True, check=True).stdout
    with Repo(str(root)) as repo:
        return Base(root, commit.strip(), changes, Path(repo.cache.local_cache_dir))


class Lane:
    """One clone; experiments run in it one after the other, and what two of them share stays in place."""

    fetching = threading.Lock()

    def __init__(self, folder: Path, base: Base, threads: int) -> None:
        """`threads` is its part of the cores."""
        self.folder, self.base = folder, base
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",  # when a stage starts is read from what DVC prints
            "OMP_NUM_THREADS": str(threads),
        }

    def run(self, name: str, params: str, targets: Iterable[str], log: Path) -> dict[str, float] | None:
        """Run the graph up to `targets` with this text of params.yaml, as the experiment `name`.

        Returns the seconds of each stage that ran, as others come from DVC's cache; None where the experiment failed.
        What it prints goes to `log`. A failure may leave anything behind: the next experiment finds a fresh clone.
        """
        self._prepare()
        (self.folder / "params.yaml").write_text(params, encoding="utf-8")
        line = [sys.executable, "-m", "dvc", "exp", "run", "--name", name, *targets]
        code, seconds = follow(line, self.folder, self.environment, log)
        if code:
            remove([self.folder])
            return None
        ref = f"{self.base.experiments}/{name}"
        with self.fetching:
            self._git("fetch", "-q", str(self.folder), f"+{ref}:{ref}", at=self.base.root)
        return seconds

    def _prepare(self) -> None:
        """The project as it was, but for ignored files: those of the last experiment, most of which the next shares.

        Without dvc.lock: DVC would look for the outputs that it names, of stages apart from the targets too, and a
        fresh clone has none. What was made before is recognised all the same, by DVC's run cache.
        """
        if not self.folder.exists():
            self._clone()
        self._git("reset", "-q", "--hard", self.base.commit)
        self._git("clean", "-fdq")
        if self.base.changes:
            self._git("apply", "--index", "--binary", given=self.base.changes)
        (self.folder / "dvc.lock").unlink(missing_ok=True)

    def _clone(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._git("clone", "-q", "--no-checkout", str(self.base.root), str(self.folder), at=self.base.root)
        self._git("checkout", "-q", "--detach", self.base.commit)
        for key in ("user.name", "user.email"):
            own = subprocess.run(
                ["git", "config", key], cwd=self.base.root, capture_output=True, text=True, check=False
            )
            self._git("config", key, own.stdout.strip() or "study")
        local = self.base.root / ".dvc" / "config.local"
        if local.exists():
            shutil.copy(local, self.folder / ".dvc")
        line = [sys.executable, "-m", "dvc", "cache", "dir", "--local", str(self.base.cache)]
        subprocess.run(line, cwd=self.folder, check=True, capture_output=True)

    def _git(self, *words: str, at: Path | None = None, given: bytes | None = None) -> None:
        subprocess.run(["git", *words], cwd=at or self.folder, input=given, check=True, capture_output=True)


def follow(line: list[str], folder: Path, environment: dict[str, str], log: Path) -> tuple[int, dict[str, float]]:
    """Run a command of DVC, what it prints into `log`; its exit code, and the seconds of each stage that ran."""
    log.parent.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    stage, start = "", 0.0
    with (
        log.open("w", encoding="utf-8", buffering=1) as lines,
        subprocess.Popen(
            line, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            errors="replace",
        ) as process,
    ):  # fmt: skip
        assert process.stdout
        for said in process.stdout:
            lines.write(said)
            started = STAGE.match(said)
            if stage and (started or OTHER.match(said)):
                seconds[stage] = round(time.monotonic() - start, 1)
                stage = ""
            if started:
                stage, start = started[1], time.monotonic()
    return process.returncode, seconds


def remove(folders: Iterable[Path]) -> None:
    """End what still runs in these lanes, after a kill say, and remove them."""
    places = [folder.resolve() for folder in folders]
    running = at_work(places)
    for process in running:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(running, timeout=20)
    for place in places:
        shutil.rmtree(place, ignore_errors=True)


def at_work(places: Iterable[Path]) -> list[psutil.Process]:
    """What runs in these folders."""
    within = list(places)
    return [process for process in psutil.process_iter() if any(_within(process, place) for place in within)]


def _within(process: psutil.Process, place: Path) -> bool:
    """Whether it works in this folder; no process of somebody else does."""
    try:
        return Path(process.cwd()).is_relative_to(place)
    except psutil.Error:
        return False
