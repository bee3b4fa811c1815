"""Step 4: a search. Optuna proposes, every trial is a DVC experiment, so `dvc exp show` lists them.

Trials that are finished are recognised by name and not run again: an interrupted search goes on where it was.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.cache import key_of
from pipeline.errors import InputError
from pipeline.experiments import Done, changes, finished, reason, run_experiment
from pipeline.summary import plain
from pipeline.tune.propose import Proposer
from pipeline.tune.search_file import SCORES, Search, load_search


@dataclass(frozen=True)
class Trial:
    """A finished trial."""

    name: str
    values: dict[str, Any]  # of the keys that are varied
    score: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("search", type=Path, help="a file such as searches/classifier.yaml")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--logs", type=Path, default=Path("tune") / "logs", help="folder for what trials print")


def command(args: argparse.Namespace) -> None:
    search = load_search(args.search, args.params)
    trials = run_search(search, args.search.stem, args.logs)
    print(table(search, trials))


def run_search(search: Search, name: str, logs: Path) -> list[Trial]:
    """Run the trials that are not finished; one that fails is named, and the search goes on."""
    done, code, proposer = finished(), changes(), Proposer(search)
    trials = []
    for number in tqdm(range(proposer.trials), unit="trial", desc=name):
        asked, values = proposer.ask()
        settings = search.settings(values)
        called = trial_name(name, number, settings, code)
        if called not in done and run_experiment(called, settings, search.target, logs / f"{called}.log"):
            done = finished()
        trial = Trial(called, values, score_of(search, called, done[called])) if called in done else None
        proposer.tell(asked, trial.score if trial else None)
        trials += [trial] if trial else []
        said = f"{trial.score:.4f}" if trial else f"failed: {reason(logs / f'{called}.log')}"
        tqdm.write(f"{called}  {', '.join(f'{key}={value}' for key, value in values.items())}  {said}")
    return trials


def trial_name(search: str, number: int, settings: dict[str, Any], code: str) -> str:
    """Of an experiment. Other values, or other code since the last commit, give another name."""
    return f"{search}-{number:03d}-{key_of([settings, code])[:6]}"


def score_of(search: Search, name: str, done: Done) -> float:
    """By the metric of the search; nothing of the test split is looked at."""
    found = (done.metrics.get(search.metrics_file) or {}).get(search.metric, {}).get(SCORES[search.task])
    if found is None:
        where = f"{name}: {search.metrics_file}"
        raise InputError(
            f"{where}: expected {search.metric}.{SCORES[search.task]}, found none: see regimes, benchmark."
        )
    return float(found)


def table(search: Search, trials: list[Trial]) -> str:
    """The best first."""
    head = ["trial", f"{search.metric} {SCORES[search.task]}", *search.space]
    rows = [[t.name, f"{t.score:.4f}", *(str(t.values[key]) for key in search.space)] for t in ranked(trials)]
    return plain([head, *rows])


def ranked(trials: list[Trial]) -> list[Trial]:
    """By score, the best first; those of one score by name."""
    return sorted(trials, key=lambda trial: (-trial.score, trial.name))
