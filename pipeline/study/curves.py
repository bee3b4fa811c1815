"""Error over the number of training images: a fit, and how many more images one more point would take.

The model is e = a + b n^-c with a, b >= 0 (power laws of learning curves: Cortes et al. 1993; Hestness et al. 2017)
where there are at least four counts, and e = a - b ln n, b >= 0, where there are three: fewer say nothing about a
curve. For a given c the power law is linear and solved by non-negative least squares; c is the best of a grid (variable
projection, Golub and Pereyra 1973). Uncertainty is that of the residual bootstrap (Efron and Tibshirani 1993,
chapter 9): the scatter of seeds about the curve, and nothing of what lies far beyond the counts that were run.
Residuals are centered, as those of a bounded fit need not have the mean 0, and larger by sqrt(M / (M - p)) for M runs
and p parameters, as the fit has taken up some of the scatter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Floats = npt.NDArray[np.float64]
EXPONENTS = np.geomspace(0.05, 3.0, 40)
LOG, POWER = "a - b ln n", "a + b n^-c"
POINT = 0.01  # one point of accuracy, or of AP50 in per cent
RESAMPLES = 200
FAR = 100.0  # times the images: what takes more cannot be said from such a curve


@dataclass(frozen=True)
class Fit:
    """Of errors over counts."""

    model: str
    a: float
    b: float
    c: float  # 0 of the logarithm

    def at(self, n: Floats | float) -> Floats:
        """The error with n images."""
        count = np.asarray(n, np.float64)
        return np.asarray(self.a - self.b * np.log(count) if self.model == LOG else self.a + self.b * count**-self.c)


@dataclass(frozen=True)
class More:
    """Images on top of `start` for one more point: None where that cannot be said, or has no upper end."""

    start: int
    images: float | None
    low: float | None
    high: float | None


def fit_curve(counts: Floats, errors: Floats) -> Fit | None:
    """Least squares over all runs [M]; None for fewer than three different counts."""
    distinct = len(set(counts.tolist()))
    if distinct < 3:
        return None
    if distinct == 3:
        slope, offset = np.polyfit(np.log(counts), errors, 1)
        return Fit(LOG, float(offset if slope < 0 else errors.mean()), max(0.0, -float(slope)), 0.0)
    solved = [(*nnls(np.stack([np.ones_like(counts), counts**-c], axis=1), errors), c) for c in EXPONENTS]
    (a, b), _, c = min(solved, key=lambda one: float(one[1]))
    return Fit(POWER, float(a), float(b), float(c))


def images_for_a_point(fit: Fit, start: float, point: float = POINT) -> float:
    """Images beyond `start` until the curve has fallen by a point; inf where it does not."""
    wanted = float(fit.at(start)) - point
    if fit.model == LOG:
        return start * math.expm1(point / fit.b) if fit.b > 0 and point / fit.b < math.log(FAR) else math.inf
    if fit.b == 0 or wanted <= fit.a:
        return math.inf
    needed = ((wanted - fit.a) / fit.b) ** (-1 / fit.c)
    return needed - start if needed <= FAR * start else math.inf


def scatter_of(errors: Floats, expected: Floats, parameters: int) -> Floats:
    """What the residual bootstrap draws from: of mean 0, and as large as the scatter of runs."""
    residuals = errors - expected
    centered: Floats = residuals - residuals.mean()
    return centered * math.sqrt(len(errors) / max(1, len(errors) - parameters))


def resampled_fits(counts: Floats, errors: Floats, fit: Fit) -> list[Fit]:
    """Of the residual bootstrap; the same for the same runs."""
    rng, expected = np.random.default_rng(0), fit.at(counts)
    residuals = scatter_of(errors, expected, 3 if fit.model == POWER else 2)
    drawn = [expected + rng.choice(residuals, len(residuals)) for _ in range(RESAMPLES)]
    return [again for values in drawn if (again := fit_curve(counts, values))]


def more_images(counts: Floats, fit: Fit, drawn: Sequence[Fit], confidence: float) -> More:
    """From the largest count on, with the interval of the residual bootstrap, whose fits are `drawn`."""
    start = float(counts.max())
    asked = np.sort([images_for_a_point(again, start) for again in drawn])
    low, high = np.quantile(asked, [(1 - confidence) / 2, (1 + confidence) / 2], method="nearest")
    value = images_for_a_point(fit, start)
    return More(int(start), *(float(x) if math.isfinite(x) else None for x in (value, low, high)))


def band(drawn: Sequence[Fit], at: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Lowest and highest error that the bootstrap's fits give, at each of the counts `at` [K]."""
    errors = np.array([fit.at(at) for fit in drawn])
    low, high = np.quantile(errors, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return low, high


def points(images: Mapping[str, Mapping[str, int]], scores: Mapping[str, Mapping[int, float]], cells: Sequence[str],
           along: str) -> tuple[Floats, Floats]:  # fmt: skip
    """Counts of images along `along`, synthetic or real, and errors of all runs of these cells, [M] each."""
    runs = [(images[cell][along], 1 - value) for cell in cells if cell in scores for value in scores[cell].values()]
    counts, errors = np.array([run for run in runs if run[0] > 0], dtype=np.float64).reshape(-1, 2).T
    return counts, errors
