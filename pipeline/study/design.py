"""The cells of a study: which factor has which level. A factor that a cell does not name is as in the baseline."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.study.study_file import Study

BASELINE = "baseline"
Level = tuple[str, str]  # factor, level


@dataclass(frozen=True)
class Cell:
    """Levels of factors, and all values that params.yaml takes for them, but for those of repeats."""

    levels: dict[str, str]  # factor -> level
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        return ", ".join(f"{factor}={level}" for factor, level in self.levels.items()) or BASELINE


def cells_of(study: Study) -> list[Cell]:
    """In the order in which they are run: the baseline first, where the design has one."""
    return [_cell(study, levels) for levels in DESIGNS[study.design](study)]


def _cell(study: Study, levels: dict[str, str]) -> Cell:
    own = [study.levels[factor][level] for factor, level in levels.items()]
    return Cell(levels, {**study.common, **{key: value for settings in own for key, value in settings.items()}})


def one_factor_off(study: Study) -> list[dict[str, str]]:
    """The baseline, and every level of every factor alone."""
    return [{}, *({factor: level} for factor, levels in study.levels.items() for level in levels)]


def grid(study: Study) -> list[dict[str, str]]:
    """Every combination, those with the baseline's level included."""
    axes = [[None, *levels] for levels in study.levels.values()]
    return [_without_none(study, combination) for combination in itertools.product(*axes)]


def random(study: Study) -> list[dict[str, str]]:
    """The baseline, and `cells` different combinations drawn from the grid."""
    axes = [[None, *levels] for levels in study.levels.values()]
    number = min(study.cells, math.prod(map(len, axes)) - 1)
    rng, drawn = np.random.default_rng(study.seed), [dict[str, str]()]
    while len(drawn) <= number:
        levels = _without_none(study, tuple(axis[rng.integers(len(axis))] for axis in axes))
        drawn += [] if levels in drawn else [levels]
    return drawn


def design_matrix(cells: Sequence[Cell], levels: Sequence[Level]) -> npt.NDArray[np.float64]:
    """Of score = constant + one for each level: a row for each cell, 1 where it has the level."""
    return np.array([[1.0, *(cell.levels.get(factor) == level for factor, level in levels)] for cell in cells])


def check_determined(study: Study, cells: Sequence[Cell], where: str) -> None:
    """Raises InputError, which starts with `where`, for a random design that cannot tell all its levels apart."""
    levels = [(factor, level) for factor, own in study.levels.items() for level in own]
    found = int(np.linalg.matrix_rank(design_matrix(cells, levels)))
    if study.design == "random" and found <= len(levels):
        many = f"expected cells that tell {len(levels)} levels and the baseline apart, at least {len(levels)}"
        raise InputError(
            f"{where}: cells: {many}, found {len(cells) - 1} that tell {found} apart: more, or another seed."
        )


def curve(study: Study) -> list[dict[str, str]]:
    """Every combination of the amounts; the baseline's own amounts only where they are levels."""
    return [
        dict(zip(study.levels, combination, strict=True)) for combination in itertools.product(*study.levels.values())
    ]


def _without_none(study: Study, combination: tuple[str | None, ...]) -> dict[str, str]:
    return {factor: level for factor, level in zip(study.levels, combination, strict=True) if level is not None}


DESIGNS: dict[str, Callable[[Study], list[dict[str, str]]]] = {
    "one_factor_off": one_factor_off,
    "grid": grid,
    "random": random,
    "curve": curve,
}
