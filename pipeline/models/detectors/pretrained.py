"""Where the tensors of torchvision's classifiers go in a detector: by its backbone."""

from collections.abc import Callable

from torchvision import models

from pipeline.models.detectors import ON_A_BACKBONE
from pipeline.models.detectors.backbones import RESNETS, layers_of
from pipeline.params import Detector

C4 = 13  # the block of MobileNet v3 large that torchvision's SSDlite cuts in two
POOL4 = 23  # the layer of VGG-16 at which torchvision's SSD cuts it in two
WITH_IMAGENET = (*ON_A_BACKBONE, "ssd", "ssdlite")
PREFIXES = {"rcnn": "roi_heads.box_head.body.", "fast_rcnn": "backbone."}
NameOf = Callable[[str], str | None]


def pretrained(fit: Detector) -> tuple[models.WeightsEnum, NameOf] | None:
    """Weights of ImageNet, and their tensors' names in the detector, None for those without a place there."""
    if fit.model == "ssd":
        return models.VGG16_Weights.IMAGENET1K_FEATURES, in_ssd  # those of the paper
    if fit.model == "ssdlite":
        return models.MobileNet_V3_Large_Weights.DEFAULT, in_ssdlite
    if fit.model not in ON_A_BACKBONE or fit.backbone is None:
        return None
    layers_of(fit.backbone)
    return models.get_model_weights(fit.backbone).DEFAULT, name_in(
        fit.backbone, PREFIXES.get(fit.model, "backbone.body.")
    )


def name_in(backbone: str, prefix: str) -> NameOf:
    """Names of a classifier -> names under a prefix, without its last layers: those name categories of ImageNet."""
    if backbone in RESNETS:
        return lambda name: None if name.startswith("fc.") else prefix + name
    return lambda name: prefix + name.removeprefix("features.") if name.startswith("features.") else None


def in_ssd(name: str) -> str | None:
    """Names of VGG-16 -> names in torchvision's SSD, whose second part begins with the fourth pooling."""
    part, number, *rest = name.split(".")
    if part != "features":
        return None
    after = int(number) - POOL4
    return ".".join(["backbone", *(["features", number] if after < 0 else ["extra", "0", str(after)]), *rest])


def in_ssdlite(name: str) -> str | None:
    """Names of MobileNet v3 large -> names in torchvision's SSDlite, which regroups its blocks."""
    part, number, *rest = name.split(".")
    if part != "features":
        return None
    after = int(number) - C4
    if after:
        place = ["0", number] if after < 0 else ["1", str(after)]
    else:
        _, layer, *rest = rest  # of the block: the first is the end of one group, the others are the start of the next
        place = ["0", number] if layer == "0" else ["1", "0", layer]
    return ".".join(["backbone.features", *place, *rest])
