"""Classifiers by name: torchvision's, with other stems for small pictures, and those that it does not have."""

from collections.abc import Callable
from functools import partial

from torch import nn

from pipeline.models.classifiers import bagnet, dense, lenet, mobilenet, residual, torchvisions, zfnet
from pipeline.models.classifiers.normalise import ImageNetNormalise, Standardise
from pipeline.models.classifiers.residual import tiny_residual
from pipeline.params import Classifier

__all__ = ["CLASSIFIERS", "ImageNetNormalise", "Standardise", "tiny_residual"]

# (number of categories, channels of the input, section of params.yaml) -> network from [N, C, S, S] to logits
# [N, categories]; with auxiliary classifiers it puts out AuxiliaryLogits in training
CLASSIFIERS: dict[str, Callable[[int, int, Classifier], nn.Module]] = {
    "linear": dense.linear,
    "lenet300": partial(dense.dense, (300,)),
    "lenet300_100": partial(dense.dense, (300, 100)),
    "highway": dense.highway,
    "lenet5": lenet.lenet5,
    "resnet_small": residual.resnet_small,
    "resnet_tiny": residual.resnet_tiny,
    "zfnet": partial(zfnet.zfnet, (384, 384, 256)),
    "zfnet_wide": partial(zfnet.zfnet, (512, 1024, 512)),
    "mobilenet_v1": mobilenet.mobilenet_v1,
    **{f"bagnet{field_px}": partial(bagnet.bagnet, field_px) for field_px in bagnet.STAGES_THAT_LOOK},
    **{name: partial(torchvisions.build, name) for name in torchvisions.STEMS},
}
