"""AlexNet's lighting: colours move along the principal components of the training pixels (Krizhevsky et al. 2012)."""

import torch
from torch import Tensor

MOST = 2000  # crops that the components are found from


class Lighting:
    """Adds sum_i p_i a_i l_i to all pixels of a picture.

    p and l are eigenvectors and eigenvalues of the covariance of the values 0 .. 1 of all pixels of the training
    crops, and each a is drawn from N(0, deviation²) for each picture; the paper has a deviation of 0.1.
    """

    def __init__(self, crops: Tensor, deviation: float) -> None:
        self.axes, self.deviation = principal_axes(crops), deviation

    def __call__(self, pictures: Tensor) -> Tensor:
        """Pictures [N, C, H, W] in 0 .. 1."""
        drawn = self.deviation * torch.randn(len(pictures), len(self.axes))
        return (pictures + (drawn @ self.axes.T)[:, :, None, None]).clamp(0, 1)


def principal_axes(crops: Tensor) -> Tensor:
    """uint8 [N, C, H, W] -> [C, C], whose columns are the eigenvectors of the covariance times their eigenvalues."""
    some = crops[:: -(-len(crops) // MOST)]
    pixels = some.float().div(255).transpose(0, 1).flatten(1)  # [C, pixels]
    covariance = torch.cov(pixels).reshape(len(pixels), -1)  # of one channel it is a number
    values, vectors = torch.linalg.eigh(covariance)
    axes: Tensor = vectors * values
    return axes
