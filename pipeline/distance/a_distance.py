"""Proxy A-distance: how well a linear classifier tells two sets apart."""

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from pipeline.distance.resample import Bootstrap, mean_of
from pipeline.distance.sets import Sampled

FOLDS = 5
INVERSE_PENALTY = 0.1  # of standardised features: there are often more of them than samples
ITERATIONS = 2000
Floats = npt.NDArray[np.float64]


def a_distance(first: Sampled, second: Sampled, bootstrap: Bootstrap) -> dict[str, float]:
    """2 (1 - 2 e) of features [N, d], e the error of logistic regression (Ben-David et al. 2007, section 4).

    The mean of the errors on both sets, so that 0 is guessing whatever their sizes, and 2 no error. Cross-validated
    in folds of whole images. Below 0: worse than guessing, by chance. The interval is over images, for these folds.
    """
    one, other = _wrong(first, second, bootstrap.rng)

    def figure(counts: Floats, other_counts: Floats) -> Floats:
        return 2 * (1 - (mean_of(one, counts) + mean_of(other, other_counts)))

    return bootstrap.interval(one, other, figure)


def _wrong(first: Sampled, second: Sampled, rng: np.random.Generator) -> tuple[Sampled, Sampled]:
    """1 where a sample is taken for one of the other set, [N] of each, by a classifier that has not seen its image."""
    features, sizes = np.concatenate([first.values, second.values]), (len(first.values), len(second.values))
    labels = np.repeat([0, 1], sizes)
    folds = np.r_[folds_of(first, rng), folds_of(second, rng)]
    linear = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=ITERATIONS)
    found = cross_val_predict(linear, features, labels, cv=PredefinedSplit(folds))
    wrong = (found != labels).astype(np.float64)
    return Sampled(wrong[: sizes[0]], first.groups), Sampled(wrong[sizes[0] :], second.groups)


def folds_of(sampled: Sampled, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The fold of each sample, [N]: that of its image; fewer folds where there are fewer images."""
    of_image = rng.permutation(sampled.images) % FOLDS
    return np.asarray(of_image[sampled.groups], np.int64)
