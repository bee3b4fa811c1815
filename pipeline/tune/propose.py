"""Optuna proposes the values of each trial: a function of the search and of the scores so far."""

import itertools
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from pipeline.section import Distribution
from pipeline.tune.search_file import Search

DIGITS = 3  # of a number that is proposed: more only make names and tables long


class Proposer:
    """Asks for trial after trial. The same scores told give the same proposals, so that a search can be replayed."""

    def __init__(self, search: Search) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = search.space
        self.distributions = {key: as_optuna(drawn) for key, drawn in search.space.items()}
        tpe = search.sampler == "tpe"
        sampler = optuna.samplers.TPESampler(seed=search.seed) if tpe else optuna.samplers.RandomSampler(search.seed)
        self.study = optuna.create_study(sampler=sampler, direction="maximize")
        self.trials = search.trials
        if search.sampler == "grid":  # Optuna's GridSampler cannot be asked and told
            points = grid(search)[: search.trials]
            self.trials = len(points)
            for point in points:
                self.study.enqueue_trial(point)

    def ask(self) -> tuple[optuna.Trial, dict[str, Any]]:
        """A trial, and its values as params.yaml takes them."""
        trial = self.study.ask(self.distributions)
        return trial, {key: as_param(drawn, trial.params[key]) for key, drawn in self.space.items()}

    def tell(self, trial: optuna.Trial, score: float | None) -> None:
        """None for a trial that failed."""
        if score is None:
            self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(trial, score)


def as_optuna(drawn: Distribution) -> BaseDistribution:
    """A choice is one of indices: Optuna takes no lists as values."""
    if drawn.kind == "choice":
        return CategoricalDistribution(range(len(drawn.args)))
    if drawn.kind == "integer":
        return IntDistribution(*drawn.args)
    low, high = drawn.args
    return FloatDistribution(low, high, log=drawn.kind == "loguniform")


def as_param(drawn: Distribution, proposed: Any) -> Any:
    if drawn.kind == "choice":
        return drawn.args[proposed]
    if drawn.kind == "integer":
        return int(proposed)
    low, high = drawn.args
    return float(min(max(float(f"{proposed:.{DIGITS}g}"), low), high))


def grid(search: Search) -> list[dict[str, Any]]:
    """All combinations of `points` of each range and of all choices, in an order that `seed` shuffles."""
    axes = [points(drawn, search.points) for drawn in search.space.values()]
    cells = [dict(zip(search.space, cell, strict=True)) for cell in itertools.product(*axes)]
    order = np.random.default_rng(search.seed).permutation(len(cells))
    return [cells[n] for n in order]


def points(drawn: Distribution, count: int) -> list[Any]:
    """Evenly spaced over a range, ends included; of a choice the indices."""
    if drawn.kind == "choice":
        return list(range(len(drawn.args)))
    low, high = drawn.args
    if drawn.kind == "integer":
        return sorted({int(n) for n in np.linspace(low, high, count).round()})
    spaced = np.geomspace(low, high, count) if drawn.kind == "loguniform" else np.linspace(low, high, count)
    return [float(value) for value in spaced.clip(low, high)]
