"""After a coarse search: what it found, and a narrower and longer one around its best trials."""

import argparse
import math
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InputError
from pipeline.experiments import finished
from pipeline.section import Distribution
from pipeline.settings import check_settings, value_at
from pipeline.tune.propose import DIGITS
from pipeline.tune.search import Trial, ranked, score_of, table
from pipeline.tune.search_file import Search, load_search

BEST = 0.25  # part of the trials, at least two of them
LONGER = 3  # times the steps of the coarse search


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("search", type=Path, help="the file of a search that has been run")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, help="file of the next search; <search>-fine.yaml if not given")
    parser.add_argument("--steps", type=int, help=f"of its trials; {LONGER} times as many as before if not given")
    parser.add_argument("--only-report", action="store_true", help="write no file")


def command(args: argparse.Namespace) -> None:
    search = load_search(args.search, args.params)
    trials = finished_trials(search, args.search.stem)
    if not trials:
        raise InputError(f"{args.search}: expected finished trials of it, found none: run `search` first.")
    best = best_of(trials)
    fine = refined(search, trials, best, args.params, args.steps or LONGER * search.steps)
    print(table(search, trials))
    print(f"best: {ranked(trials)[0].values}; refine to {fine['space']}, which the best {len(best)} span")
    if not args.only_report:
        out = args.out or args.search.with_name(f"{args.search.stem}-fine.yaml")
        out.write_text(yaml.safe_dump(fine, sort_keys=False, default_flow_style=None), encoding="utf-8")
        print(f"{out}: run it with `python -m pipeline.tune search {out}`")


def finished_trials(search: Search, name: str) -> list[Trial]:
    """The experiments called after the search that set what it sets."""
    trials = []
    for called, done in finished().items():
        if called.rsplit("-", 2)[0] == name and sets(done.params, search.settings({})):
            values = {key: value_at(done.params, key) for key in search.space}
            trials.append(Trial(called, values, score_of(search, called, done)))
    return trials


def sets(params: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether an experiment was one with these settings: a search may have had others before its file was edited."""
    return all(value_at(params, key) == value for key, value in settings.items())


def best_of(trials: list[Trial]) -> list[Trial]:
    return ranked(trials)[: max(2, math.ceil(BEST * len(trials)))]


def refined(search: Search, trials: list[Trial], best: list[Trial], params: Path, steps: int) -> dict[str, Any]:
    """The next search, as YAML has it; `params` is params.yaml, for what a key allows."""
    space = {}
    for key, drawn in search.space.items():
        narrow = narrowed(drawn, [trial.values[key] for trial in best], len(trials))
        space[key] = narrow if drawn.kind == "choice" else {drawn.kind: allowed(key, narrow[drawn.kind], drawn, params)}
    return {**search.model_dump(exclude={"space"}), "steps": steps, "space": space}


def narrowed(drawn: Distribution, best: list[Any], trials: int) -> dict[str, list[Any]]:
    """From the lowest to the highest of the best values, and on at both sides by the mean distance of all trials.

    So a best value at the edge of a range moves the range beyond that edge. Distances are those of the logarithm where
    the old range was loguniform. Of a choice those remain that are among the best.
    """
    if drawn.kind == "choice":
        return {"choice": [value for value in drawn.args if value in best]}
    low, high = (scaled(drawn, value) for value in drawn.args)
    reach = (high - low) / trials
    ends = (scaled(drawn, min(best)) - reach, scaled(drawn, max(best)) + reach)
    if drawn.kind == "integer":
        return {"integer": [math.floor(ends[0]), math.ceil(ends[1])]}
    back = math.exp if drawn.kind == "loguniform" else float
    return {drawn.kind: [float(f"{back(end):.{DIGITS}g}") for end in ends]}


def scaled(drawn: Distribution, value: float) -> float:
    return math.log(value) if drawn.kind == "loguniform" else float(value)


def allowed(key: str, ends: list[Any], drawn: Distribution, params: Path) -> list[Any]:
    """The new ends; an old one in the place of one that params.yaml does not allow."""
    found = []
    for new, old in zip(ends, drawn.args, strict=True):
        try:
            check_settings({key: new}, params, "refine")
            found.append(new)
        except InputError:
            found.append(old)
    return found
