"""torchvision's weights of ImageNet for classifiers, and what their tensors are called here."""

import re
from collections.abc import Callable

from torchvision import models

from pipeline.models.classifiers.torchvisions import STEMS

NameOf = Callable[[str], str | None]


def _behind_normalisation(*last: str) -> NameOf:
    """Names of a network of torchvision -> names in ours, without its last layers, which name ImageNet's categories."""
    return lambda name: None if name.startswith(last) else f"1.{name}"


def _in_densenet(name: str) -> str | None:
    """The file has names of an older torchvision: norm.1 and conv.2 of a dense layer instead of norm1 and conv2."""
    newer = re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)
    return _behind_normalisation("classifier.")(newer)


# beginning of torchvision's name -> names of tensors
FAMILIES: dict[str, NameOf] = {
    **dict.fromkeys(("alexnet", "vgg"), _behind_normalisation("classifier.6.")),
    "googlenet": _behind_normalisation("fc.", "aux"),  # its auxiliary classifiers were never trained
    "inception_v3": _behind_normalisation("fc.", "AuxLogits.fc."),
    **dict.fromkeys(("resnet", "resnext", "wide_resnet", "shufflenet"), _behind_normalisation("fc.")),
    "densenet": _in_densenet,
    **dict.fromkeys(("mobilenet_v2", "efficientnet"), _behind_normalisation("classifier.1.")),
    "mobilenet_v3": _behind_normalisation("classifier.3."),
}


def _name_of(network: str) -> NameOf:
    return next(rule for family, rule in FAMILIES.items() if network.startswith(family))


PRETRAINED: dict[str, tuple[models.WeightsEnum, NameOf]] = {
    name: (models.get_model_weights(name).DEFAULT, _name_of(name)) for name in STEMS
}
