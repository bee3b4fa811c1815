"""KID and MMD: squared maximum mean discrepancies of features, unbiased although crops of one image are alike.

Within a set only pairs of samples of different images count. With one sample for each image that is the unbiased
estimator of Gretton et al. (2012, eq. 3), sample by sample. Sums over pairs of images are all that is kept of a kernel
matrix, so halves and permutations of the images cost little.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist, squareform
from scipy.stats import norm

from pipeline.distance.resample import Bootstrap
from pipeline.distance.sets import Sampled

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Blocks:
    """Of a kernel matrix of two sets, G images in all."""

    sums: Floats  # [G, G], over the pairs of samples of two images
    sizes: Floats  # [G], samples of each image
    first: int  # images of the first set; those of the second follow

    @property
    def whole(self) -> Floats:
        """The first set as a choice of images, [1, G]."""
        return (np.arange(len(self.sizes)) < self.first).astype(np.float64)[None]


def blocks(kernel: Floats, first: Sampled, second: Sampled) -> Blocks:
    """`kernel` [N, N] of the samples of both sets, one after the other."""
    groups = np.r_[first.groups, second.groups + first.images]
    member = np.eye(first.images + second.images)[groups]  # [N, G]
    return Blocks(member.T @ kernel @ member, member.sum(axis=0), first.images)


def mmd2(of: Blocks, x: Floats, y: Floats) -> Floats:
    """Unbiased squared MMD for each choice of images, [P]; x, y [P, G] are 1 for images of a side and 0 for others."""
    cross = ((x @ of.sums) * y).sum(axis=1) / ((x @ of.sizes) * (y @ of.sizes))
    return np.asarray(_within(of, x) + _within(of, y) - 2 * cross)


def _within(of: Blocks, x: Floats) -> Floats:
    pairs = (x @ of.sizes) ** 2 - x @ of.sizes**2
    values: Floats = (((x @ of.sums) * x).sum(axis=1) - x @ np.diag(of.sums)) / pairs
    return values


def halves(of: Blocks, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Random halves of the images of both sets, [count, G] each.

    A mean over half of n things, drawn without replacement, deviates from that over all by as much as that over all
    deviates from the truth (Politis and Romano 1994): the deviation over halves is the standard error.
    """
    x, y = np.zeros((2, count, len(of.sizes)))
    for side, start, end in ((x, 0, of.first), (y, of.first, len(of.sizes))):
        row = (np.arange(end - start) < (end - start) // 2).astype(np.float64)
        side[:, start:end] = rng.permuted(np.tile(row, (count, 1)), axis=1)
    return x, y


def cubic(features: Floats) -> Floats:
    """k(x, y) = (x·y / d + 1)^3 of features [N, d] (Binkowski et al. 2018, section 4): [N, N]."""
    kernel: Floats = (features @ features.T / features.shape[1] + 1) ** 3
    return kernel


def gaussian(features: Floats) -> Floats:
    """k(x, y) = exp(-|x - y|² / 2 s²), s the median of all distances (Gretton et al. 2012, section 8): [N, N]."""
    distances = pdist(features)
    scale = float(np.median(distances)) or 1.0  # more than half are the same: any scale does
    kernel: Floats = np.exp(-((squareform(distances) / scale) ** 2) / 2)
    return kernel


def kid(first: Sampled, second: Sampled, subsets: int, bootstrap: Bootstrap) -> dict[str, float]:
    """Kernel inception distance of features [N, d], whatever network they come from: mean over random halves."""
    of = _blocks(cubic, first, second)
    values = mmd2(of, *halves(of, subsets, bootstrap.rng))
    return _with_interval(float(values.mean()), float(values.std(ddof=1)), bootstrap.confidence)


def mmd(first: Sampled, second: Sampled, subsets: int, permutations: int, bootstrap: Bootstrap) -> dict[str, float]:
    """Squared MMD with a Gaussian kernel; `p`: chance of as large a one if both sets came from one place.

    Images are permuted between the sets, never crops of one image (Gretton et al. 2012, section 5, by permutation).
    """
    of = _blocks(gaussian, first, second)
    value = float(mmd2(of, of.whole, 1 - of.whole)[0])
    deviation = float(mmd2(of, *halves(of, subsets, bootstrap.rng)).std(ddof=1))
    x: Floats = bootstrap.rng.permuted(np.tile(of.whole, (permutations, 1)), axis=1)
    as_large = int(np.count_nonzero(mmd2(of, x, 1 - x) >= value))
    return {**_with_interval(value, deviation, bootstrap.confidence), "p": (1 + as_large) / (1 + permutations)}


def _blocks(kernel: Callable[[Floats], Floats], first: Sampled, second: Sampled) -> Blocks:
    return blocks(kernel(np.concatenate([first.values, second.values])), first, second)


def _with_interval(value: float, deviation: float, confidence: float) -> dict[str, float]:
    reach = float(norm.ppf((1 + confidence) / 2)) * deviation
    return {"value": value, "deviation": deviation, "low": value - reach, "high": value + reach}
