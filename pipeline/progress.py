"""Training in progress on disk: what an interrupted run has left, and how the next one goes on from it."""

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from dvclive.lightning import DVCLiveLogger
from filelock import FileLock
from lightning.pytorch.utilities import rank_zero_only

from pipeline.coco import read_json, write_json

LAST = "last.ckpt"  # at the last validation


@dataclass(frozen=True)
class Best:
    """The best weights of a phase that is done: their file, score on val and step."""

    checkpoint: str
    score: float
    step: int


class Curves(DVCLiveLogger):
    """DVCLive's tables, up to date after each entry. To find out whether they should be, DVCLive looks through the
    whole stack and all modules, which takes as long as a step of a small network."""

    def log_metrics(
        self, metrics: Mapping[str, int | float | str], step: int | None = None, sync: bool | None = True
    ) -> None:
        super().log_metrics(metrics, step, sync=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait while another process trains the same: experiments that run side by side may share a stage."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if getattr(rank_zero_only, "rank", 0) != 0:  # its main process holds the lock
        yield
        return
    with FileLock(folder.with_suffix(".lock")):
        yield


def done(folder: Path) -> Best | None:
    """The result of a phase that an earlier run has finished."""
    path = folder / "best.json"
    return Best(**read_json(path, "the best weights of a phase")) if path.exists() else None


@rank_zero_only
def set_done(folder: Path, best: Best) -> None:
    write_json(folder / "best.json", asdict(best))


def last_step(folder: Path) -> int:
    """The step at which a run can go on: that of its last validation, or 0."""
    last = folder / LAST
    try:
        return int(torch.load(last, map_location="cpu", weights_only=True)["global_step"])
    except FileNotFoundError:
        return 0
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError):  # cut off by a kill or a full disk
        last.unlink()
        return 0


@rank_zero_only
def forget_after(curves: Path, step: int) -> None:
    """Drop what was logged from `step` on (DVCLive's tables, steps from 0): it is about to be logged again."""
    for table in curves.rglob("*.tsv"):
        header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        whole = [row for row in rows if row.endswith("\n") and int(row.split("\t")[0]) < step]
        if whole:
            table.write_text("".join([header, *whole]), encoding="utf-8")
        else:
            table.unlink()
