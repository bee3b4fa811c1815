"""Features in a plane, to be drawn."""

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

DIGITS = 3  # decimals
PERPLEXITY = 30.0
LEAST_POINTS = 5
Floats = npt.NDArray[np.float64]


def plane(features: Floats, seed: int) -> dict[str, list[list[float]]] | None:
    """Features [N, D] -> points [N, 2] by `pca` and by `tsne` (van der Maaten and Hinton 2008); None if N < 5."""
    if len(features) < LEAST_POINTS:
        return None
    components = PCA(2, svd_solver="full").fit_transform(features)
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    map_ = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(features)
    return {"pca": _rounded(components), "tsne": _rounded(map_.astype(np.float64))}


def _rounded(points: Floats) -> list[list[float]]:
    rounded: list[list[float]] = (points.round(DIGITS) + 0.0).tolist()  # + 0.0: no -0.0
    return rounded
