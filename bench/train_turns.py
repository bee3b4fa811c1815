"""Ways to train as processes that take their steps in turn, so that what slows the machine slows all of them."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from bench.side import Side

PREFETCHED = 2  # batches of each worker that lie ready when a turn begins
Answers = dict[str, list[dict[str, float]]]  # of each way, in each round


@dataclass(frozen=True)
class Way:
    """One way to train: a name of bench.train_side, and what is different from the params."""

    kind: str = "ours"
    changes: tuple[str, ...] = ()  # of params.yaml
    workers: int = 0
    options: dict[str, str] = field(default_factory=dict)


def open_side(stack: ExitStack, way: Way, work: dict[str, Any], **order: Any) -> Side:
    """The process, which has its order."""
    side = stack.enter_context(closing(Side(sys.executable, "bench.train_side")))
    own = {**work, "changes": [*work["changes"], *way.changes]}
    side.tell("start", kind=way.kind, options=way.options, work=own, **order)
    return side


def in_turn(ways: Mapping[str, Way], work: dict[str, Any], counted: int, rounds: int) -> Answers:
    """Times of a step and memory, of each way in each round."""
    found: Answers = {name: [] for name in ways}
    with ExitStack() as stack:
        sides = {}
        for name, way in ways.items():
            skipped = 2 + PREFETCHED * way.workers
            steps = rounds * (skipped + counted)
            sides[name] = open_side(stack, way, work, skipped=skipped, counted=counted, steps=steps)
            sides[name].hear()  # it is ready, and keeps still
        for _ in tqdm(range(rounds), unit="round", desc=work["task"]):
            for name, side in sides.items():
                found[name].append(side.ask("turn"))
    return found


def until(score: float, ways: Mapping[str, Way], work: dict[str, Any], rounds: int) -> Answers:
    """Time and memory until the score, and what was reached, of each way in each round."""
    found: Answers = {name: [] for name in ways}
    for _ in tqdm(range(rounds), unit="round", desc=work["task"]):
        for name, way in ways.items():
            with ExitStack() as stack:
                found[name].append(open_side(stack, way, work, until=score).hear())
    return found
