"""The dice photos from GitHub, one pinned commit: git checks every byte against the commit's id."""

import os
import subprocess
from pathlib import Path

from filelock import FileLock

from pipeline.cache import cache_folder
from pipeline.errors import InputError
from pipeline.folders import whole_folder

URL = "https://github.com/nell-byler/dice_detection.git"
COMMIT = "73c2700d4a193df6247af4215ed60203b7f999c4"
INSTEAD = "`benchmark.folder` takes a copy instead: a git clone of it, or the data set nellbyler/d6-dice of Kaggle."
# What git sets for its own hooks, and what would lead it to the project's repository
OF_A_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
STALLED = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")  # bytes/s, s: give up


class GitError(Exception):
    """A git command failed; the message is git's own."""


def checkout(url: str = URL, commit: str = COMMIT) -> Path:
    """A whole checkout of the commit in the user's cache; downloaded when it is not there.

    Raises:
        InputError: when it cannot be downloaded, or is not what the commit says.
    """
    folder = cache_folder() / "benchmarks" / f"dice-{commit[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _download(url, commit, folder)
        _check(folder, commit)
    return folder


def _download(url: str, commit: str, out: Path) -> None:
    """Whole or not at all."""
    with whole_folder(out) as folder:
        try:
            _git(folder, "init", "--quiet")
            _git(folder, *STALLED, "fetch", "--quiet", "--depth", "1", url, commit)
            _git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        except GitError as error:
            where = f"benchmark.folder: expected a download of {url} at commit {commit}"
            raise InputError(f"{where}, found: {error}. {INSTEAD}") from None
        _check(folder, commit)


def _check(folder: Path, commit: str) -> None:
    """The commit, every object of it and every file are what their ids say."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        damage = _git(folder, "fsck", "--full", "--no-progress") or _git(folder, "status", "--porcelain")
    except GitError as error:
        head, damage = commit, str(error)
    if head != commit or damage:
        found = damage.splitlines()[0] if damage else head
        raise InputError(f"{folder}: expected an unchanged checkout of {commit}, found: {found}. Remove the folder.")


def _git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; returns what it prints. Raises GitError."""
    known = {name: value for name, value in os.environ.items() if name not in OF_A_REPOSITORY}
    environment = {**known, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise GitError("no program git") from None
    if done.returncode:
        raise GitError(_complaint(done.stderr) or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout.strip()


def _complaint(text: str) -> str:
    """The line that says what is wrong, among progress and hints."""
    lines = [line for line in text.splitlines() if line.startswith(("fatal: ", "error: "))] or text.splitlines()
    return lines[0].split(": ", 1)[-1].rstrip(".") if lines else ""
