"""torchvision's detectors, for those with a GPU; `weights` can give them a backbone that knows ImageNet."""

from typing import Any

from torch import nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

from pipeline.errors import InputError
from pipeline.params import Detector

KEEP_SIZE = {"min_size": 240, "max_size": 1333}  # torchvision would scale every picture up to 800 px


def _need_rgb(channels: int) -> None:
    if channels != 3:
        raise InputError(f"params.yaml: detector.model: torchvision's detectors expect 3 channels, found {channels}.")


def fcos_resnet18(categories: int, channels: int, fit: Detector) -> nn.Module:
    """FCOS (Tian et al. 2019) on ResNet-18 with a feature pyramid."""
    _need_rgb(channels)
    backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5)
    sizes = ((8,), (16,), (32,), (64,), (128,))  # px, one for each level of the pyramid
    anchors = AnchorGenerator(sizes, ((1.0,),) * len(sizes))
    made: nn.Module = detection.FCOS(backbone, categories + 1, anchor_generator=anchors, **KEEP_SIZE)
    return made


def retinanet_resnet50(categories: int, channels: int, fit: Detector) -> nn.Module:
    """RetinaNet (Lin et al. 2017)."""
    return _builder("retinanet_resnet50_fpn_v2", categories, channels)


def fasterrcnn_resnet50(categories: int, channels: int, fit: Detector) -> nn.Module:
    """Faster R-CNN (Ren et al. 2015) with a feature pyramid."""
    return _builder("fasterrcnn_resnet50_fpn_v2", categories, channels)


def ssdlite_mobilenet(categories: int, channels: int, fit: Detector) -> nn.Module:
    """SSDlite on MobileNet v3 (Howard et al. 2019), at its own 320 px."""
    _need_rgb(channels)
    made: nn.Module = detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=categories + 1
    )
    return made


def _builder(name: str, categories: int, channels: int) -> nn.Module:
    _need_rgb(channels)
    build: Any = getattr(detection, name)
    made: nn.Module = build(weights=None, weights_backbone=None, num_classes=categories + 1, **KEEP_SIZE)
    return made
