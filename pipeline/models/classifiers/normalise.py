"""What the networks do first with pictures in 0 .. 1."""

import torch
from torch import Tensor, nn


class Standardise(nn.Module):
    """Each picture to mean 0 and deviation 1: light and contrast of the photo no longer matter."""

    def forward(self, pictures: Tensor) -> Tensor:
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        centred = pictures - mean
        deviation = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()  # torch.std warns of an empty batch
        return centred / (deviation + 1e-3)


class Normalise(nn.Module):
    """Mean and deviation of red, green and blue, the same for all pictures; grey ones by the mean over the three."""

    def __init__(self, channels: int, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("deviation", deviation)):
            own = values if channels == 3 else (sum(values) / 3,) * channels
            self.register_buffer(name, torch.tensor(own)[:, None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures - torch.as_tensor(self.mean)) / torch.as_tensor(self.deviation)


class ImageNetNormalise(Normalise):
    """As most of torchvision's networks know pictures."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class HalfNormalise(Normalise):
    """To -1 .. 1, as GoogLeNet and Inception v3 know pictures, whose weights came from TensorFlow."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
