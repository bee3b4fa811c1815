"""BagNets: a ResNet-50 that sees only small patches of the picture and adds up what each of them says."""

import torch
from torch import Tensor, nn

from pipeline.models.classifiers.ends import at_even_chances
from pipeline.models.classifiers.normalise import ImageNetNormalise
from pipeline.models.classifiers.stems import SMALL_PX
from pipeline.params import Classifier

# side of the patch in px -> how many of the four stages look at neighbours, by one 3 x 3 convolution each
STAGES_THAT_LOOK = {9: 2, 17: 3, 33: 4}
STAGES = [(64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1)]  # width, blocks, stride
EXPANSION = 4


class Bottleneck(nn.Module):
    """A bottleneck of ResNet without padding, beside a short cut that loses as much at the right and below."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.convs = nn.Sequential(
            *_conv(inputs, width),
            nn.ReLU(inplace=True),
            *_conv(width, width, kernel, stride),
            nn.ReLU(inplace=True),
            *_conv(width, outputs),
        )
        same = inputs == outputs and stride == 1
        self.short_cut = nn.Identity() if same else nn.Sequential(*_conv(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        found = self.convs(x)
        height, width = found.shape[-2:]
        return torch.relu(found + self.short_cut(x)[..., :height, :width])


def bagnet(field_px: int, categories: int, channels: int, fit: Classifier) -> nn.Module:
    """BagNet (Brendel and Bethge 2019) of patches of 9, 17 or 33 px, one every 8 px.

    The mean of features goes through the last layer, which is the mean of what the layer says of each patch. Under
    64 px the picture gets an edge of 1 px, so that one of 32 px holds a patch of 33.
    """
    padding = 1 if fit.input_px < SMALL_PX else 0
    stem = [*_conv(channels, 64)[:1], *_conv(64, 64, 3, padding=padding), nn.ReLU(inplace=True)]
    last = at_even_chances(nn.Linear(512 * EXPANSION, categories))
    stages = _stages(STAGES_THAT_LOOK[field_px])
    layers = [ImageNetNormalise(channels), *stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def _stages(that_look: int) -> list[nn.Module]:
    blocks: list[nn.Module] = []
    inputs = 64
    for number, (width, count, stride) in enumerate(STAGES):
        kernel = 3 if number < that_look else 1
        blocks.append(Bottleneck(inputs, width, kernel, stride))
        inputs = width * EXPANSION
        blocks += [Bottleneck(inputs, width, 1, 1) for _ in range(count - 1)]
    return blocks


def _conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, padding: int = 0) -> list[nn.Module]:
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return [layer, nn.BatchNorm2d(outputs)]
