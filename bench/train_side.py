"""One way to train, in a process of its own: `bench.train` lets several of them take their steps in turn."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from bench.side import take_stdout
from bench.train_loops import Watch, bare, ours, reference
from bench.train_watch import Turns, Until
from pipeline.edit import with_value
from pipeline.params import Params, Yaml
from pipeline.section import validate
from pipeline.train import quiet
from pipeline.work import Work

KINDS: dict[str, Callable[..., None]] = {"ours": ours, "bare": bare, "reference": reference}


def work_of(params: str, task: Any, changes: list[str], data: str, images: str) -> Work:
    """What is told as JSON; `changes` as those of `params_of`."""
    return Work(task, Path(data), Path(images), params_of(Path(params), changes))


def params_of(path: Path, changes: Iterable[str]) -> Params:
    """A params file with changes `key=value`."""
    text = path.read_text(encoding="utf-8")
    for change in changes:
        text = with_value(text, change, str(path))
    return validate(Params, yaml.load(text, Loader=Yaml), str(path))


def main() -> None:
    """The first line says what to do; those after it, that a turn begins."""
    answers, order = take_stdout(), json.loads(sys.stdin.readline())
    quiet()
    work = work_of(**order["work"])
    steps, every, watch = work.fit.steps, work.fit.val_every_steps, Watch()
    if "until" in order:
        watch = Until(answers, order["until"], steps // every)
    else:
        steps = every = order["steps"]
        watch = Turns(answers, order["skipped"], order["counted"])
    with tempfile.TemporaryDirectory() as folder:
        KINDS[order["kind"]](work, steps, every, Path(folder), watch, **order["options"])


if __name__ == "__main__":
    main()
