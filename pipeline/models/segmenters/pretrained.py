"""torchvision's weights for its segmenters: of their backbones, trained on ImageNet, or of all, trained on COCO."""

from torchvision import models

from pipeline.models.detectors.pretrained import NameOf, name_in
from pipeline.params import Segmenter

# network -> its backbone, a classifier of torchvision
BACKBONES = {
    "fcn_resnet50": "resnet50",
    "fcn_resnet101": "resnet101",
    "deeplabv3_resnet50": "resnet50",
    "deeplabv3_resnet101": "resnet101",
    "deeplabv3_mobilenet_v3_large": "mobilenet_v3_large",
    "lraspp_mobilenet_v3_large": "mobilenet_v3_large",
}
# how the names begin of layers that count categories: those start fresh
COUNTING = ("classifier.4.", "aux_classifier.4.", "classifier.low_classifier.", "classifier.high_classifier.")


def backbone_on_imagenet(fit: Segmenter) -> tuple[models.WeightsEnum, NameOf] | None:
    """Weights, and their tensors' names in the segmenter, None for those without a place there."""
    if fit.model not in BACKBONES:
        return None
    backbone = BACKBONES[fit.model]
    return models.get_model_weights(backbone).DEFAULT, name_in(backbone, "network.backbone.")


def segmenter_on_coco(fit: Segmenter) -> tuple[models.WeightsEnum, NameOf] | None:
    """The same of a whole network, trained on the pictures of COCO that show a category of Pascal VOC."""
    if fit.model not in BACKBONES:
        return None
    return models.get_model_weights(fit.model).DEFAULT, in_segmenter


def in_segmenter(name: str) -> str | None:
    return None if name.startswith(COUNTING) else f"network.{name}"
