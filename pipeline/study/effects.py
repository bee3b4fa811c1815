"""What each level of each factor changes, over seeds: differences from the baseline of runs with the same seed.

Where a design has cells that differ in one factor alone (one_factor_off, grid), the effect of a level is the mean
difference of these pairs; of a random design it is the coefficient of a linear model of all its cells, for each seed
anew. Intervals are Student's over seeds. P-values on real test are corrected over all comparisons of the study (Holm
1979). The smallest effect that the study could have found follows H. Bloom, Minimum Detectable Effects (1995).
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from pipeline.intervals import ROUNDING
from pipeline.study.design import BASELINE, Cell, Level, design_matrix
from pipeline.study.scores import BySeed, Scores, subtract

POWER = 0.8  # chance that an effect of the smallest detectable size is found


def level_differences(cells: Sequence[Cell], scores: Scores, level: Level) -> BySeed:
    """Repeat -> mean over the pairs of cells that differ in this level alone: with it minus with the baseline's."""
    factor, value = level
    with_it = [cell for cell in cells if cell.levels.get(factor) == value]
    pairs = [(cell.name, named({f: v for f, v in cell.levels.items() if f != factor})) for cell in with_it]
    return _means([subtract(scores.get(one, {}), scores.get(other, {})) for one, other in pairs])


def named(levels: Mapping[str, str]) -> str:
    return Cell(dict(levels), {}).name


def _means(of_pairs: Sequence[BySeed]) -> BySeed:
    """Seeds that every pair has which has any."""
    there = [pair for pair in of_pairs if pair]
    common = set.intersection(*(set(pair) for pair in there)) if there else set()
    return {n: float(np.mean([pair[n] for pair in there])) for n in sorted(common)}


def fitted_differences(cells: Sequence[Cell], scores: Scores, levels: Sequence[Level]) -> dict[Level, BySeed]:
    """Coefficients of score = constant + one for each level, by least squares, for each repeat that determines them."""
    found: dict[Level, BySeed] = {level: {} for level in levels}
    for n in sorted({n for by_seed in scores.values() for n in by_seed}):
        own = [cell for cell in cells if n in scores.get(cell.name, {})]
        design = design_matrix(own, levels)
        if np.linalg.matrix_rank(design) == len(levels) + 1:
            fit = np.linalg.lstsq(design, np.array([scores[cell.name][n] for cell in own]), rcond=None)[0]
            for level, value in zip(levels, fit[1:], strict=True):
                found[level][n] = float(value)
    return found


def differences(design: str, cells: Sequence[Cell], scores: Scores, levels: Sequence[Level]) -> dict[Level, BySeed]:
    """Level -> repeat -> its effect on these scores."""
    if design == "random":
        return fitted_differences(cells, scores, levels)
    return {level: level_differences(cells, scores, level) for level in levels}


def verdict(value: float, p_corrected: float, confidence: float) -> str:
    """Of a score: more is better."""
    if p_corrected >= 1 - confidence:
        return "not distinguishable"
    return "better" if value > 0 else "worse"


@dataclass(frozen=True)
class Detectable:
    """The spread of differences over seeds, and the smallest true effect that would mostly have been found."""

    deviation: float
    smallest: float
    seeds: int


def detectable(of_levels: Iterable[BySeed], comparisons: int, confidence: float) -> Detectable | None:
    """From paired differences, of the level in the middle; None where no level has two seeds, or all seeds agree.

    `comparisons` is how many the study makes: the level of the strictest step of Holm's procedure is divided by it.
    """
    samples = [list(by_seed.values()) for by_seed in of_levels if len(by_seed) > 1]
    if not samples:
        return None
    deviation = float(np.sqrt(np.median([np.var(sample, ddof=1) for sample in samples])))
    if deviation < ROUNDING:  # a spread of nothing says nothing of other seeds
        return None
    seeds = round(float(np.mean([len(sample) for sample in samples])))
    quantiles = student.ppf([1 - (1 - confidence) / comparisons / 2, POWER], seeds - 1)
    return Detectable(deviation, float(quantiles.sum()) * deviation / seeds**0.5, seeds)


def interactions(cells: Sequence[Cell], scores: Scores) -> dict[tuple[Level, Level], BySeed]:
    """Difference of differences of two levels: both - one - the other + neither, other factors as in the baseline."""
    found = {}
    for cell in cells:
        if len(cell.levels) == 2:
            one, other = cell.levels.items()
            found[one, other] = subtract(
                subtract(scores.get(cell.name, {}), scores.get(named(dict([one])), {})),
                subtract(scores.get(named(dict([other])), {}), scores.get(BASELINE, {})),
            )
    return {pair: by_seed for pair, by_seed in found.items() if by_seed}


def all_levels(cells: Iterable[Cell]) -> list[Level]:
    """Every level that some cell has, in the order of the cells."""
    return list(dict.fromkeys(itertools.chain.from_iterable(cell.levels.items() for cell in cells)))
