"""torchvision's detectors: its newer recipes (v2), on any backbone, for pictures as small as they are here.

Those recipes are built for photos scaled to 800 px. Here pictures keep their size, in training and in use, and anchors
are half as large. With resnet50 every tensor has torchvision's name and shape. `ssd` and `ssdlite` scale every picture
to their own size.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from pipeline.errors import InputError
from pipeline.models.detectors.backbones import FPN_WIDTH, with_pyramid
from pipeline.params import Detector

SIDES_PX = (16, 32, 64, 128, 256)  # of anchors, one for each level of a pyramid
RATIOS = (0.5, 1.0, 2.0)  # height / width
OCTAVES = (1, 2 ** (1 / 3), 2 ** (2 / 3))  # of RetinaNet's anchors


class NativeScale(GeneralizedRCNNTransform):  # type: ignore[misc]
    """torchvision's normalisation and batches without its scaling: a small crop and a picture show one scale."""

    def resize(self, image: Tensor, target: dict[str, Tensor] | None = None) -> tuple[Tensor, dict[str, Tensor] | None]:
        return image, target


def _native(network: Any) -> nn.Module:
    old = network.transform
    network.transform = NativeScale(old.min_size, old.max_size, old.image_mean, old.image_std)
    decode_in_32_bits(network)
    made: nn.Module = network
    return made


def decode_in_32_bits(network: Any) -> None:
    """Heads whose boxes are decoded in training give floats under autocast too.

    torchvision decodes in the type of what a head gives: bf16 has steps of 1 px from 128 px on and of 2 px from 256 px
    on, and so would have the boxes that a loss compares or the second stage looks at.
    """
    if isinstance(network, detection.RetinaNet | detection.FCOS):
        network.head.register_forward_hook(_float_maps)
    if hasattr(network, "rpn"):
        network.rpn.head.register_forward_hook(_float_levels)


def _float_maps(head: Any, inputs: tuple[list[Tensor]], output: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: values.float() for name, values in output.items()}  # with types, for TorchScript


def _float_levels(
    head: Any, inputs: tuple[list[Tensor]], output: tuple[list[Tensor], list[Tensor]]
) -> tuple[list[Tensor], list[Tensor]]:
    return [values.float() for values in output[0]], [values.float() for values in output[1]]


def need_rgb(channels: int) -> None:
    if channels != 3:
        raise InputError(f"params.yaml: detector.model: torchvision's detectors expect 3 channels, found {channels}.")


def _rcnn_parts(fit: Detector, norm: Callable[[int], nn.Module] | None = None) -> dict[str, Any]:
    """What the R-CNNs with a region proposal network share: levels at strides 4 to 64."""
    anchors = AnchorGenerator(tuple((side,) for side in SIDES_PX), (RATIOS,) * len(SIDES_PX))
    return {"backbone": with_pyramid(str(fit.backbone), 1, norm=norm), "rpn_anchor_generator": anchors}


def _v2_parts(fit: Detector) -> dict[str, Any]:
    """The same with the heads of torchvision's v2, and its normalisation in the pyramid."""
    heads = {
        "rpn_head": RPNHead(FPN_WIDTH, len(RATIOS), conv_depth=2),
        "box_head": FastRCNNConvFCHead((FPN_WIDTH, 7, 7), [FPN_WIDTH] * 4, [1024], norm_layer=nn.BatchNorm2d),
    }
    return {**_rcnn_parts(fit, nn.BatchNorm2d), **heads}


def fasterrcnn(categories: int, channels: int, fit: Detector) -> nn.Module:
    """Faster R-CNN (Ren et al. 2015) with a feature pyramid."""
    need_rgb(channels)
    return _native(detection.FasterRCNN(num_classes=categories + 1, **_v2_parts(fit)))


def maskrcnn(categories: int, channels: int, fit: Detector) -> nn.Module:
    """Mask R-CNN (He et al. 2017): a mask of 28 x 28 in each box."""
    need_rgb(channels)
    head = MaskRCNNHeads(FPN_WIDTH, [FPN_WIDTH] * 4, 1, norm_layer=nn.BatchNorm2d)
    return _native(detection.MaskRCNN(num_classes=categories + 1, mask_head=head, **_v2_parts(fit)))


def keypointrcnn(categories: int, channels: int, fit: Detector) -> nn.Module:
    """Mask R-CNN's form for keypoints (He et al. 2017, section 5): a heat map of 56 x 56 for each point of a box."""
    need_rgb(channels)
    parts = _rcnn_parts(fit)
    return _native(detection.KeypointRCNN(num_classes=categories + 1, num_keypoints=fit.keypoints, **parts))


def retinanet(categories: int, channels: int, fit: Detector) -> nn.Module:
    """RetinaNet (Lin et al. 2017): focal loss on every anchor, levels at strides 8 to 128."""
    need_rgb(channels)
    backbone = with_pyramid(str(fit.backbone), first=2, extra=lambda last: LastLevelP6P7(last, FPN_WIDTH))
    anchors = AnchorGenerator(tuple(tuple(int(side * o) for o in OCTAVES) for side in SIDES_PX), (RATIOS,) * 5)
    head = RetinaNetHead(FPN_WIDTH, len(OCTAVES) * len(RATIOS), categories + 1, partial(nn.GroupNorm, 32))
    head.regression_head._loss_type = "giou"  # as torchvision's v2 sets it
    return _native(detection.RetinaNet(backbone, categories + 1, anchor_generator=anchors, head=head))


def fcos(categories: int, channels: int, fit: Detector) -> nn.Module:
    """FCOS (Tian et al. 2019): no anchors but a place, whose `size` says which objects a level is for."""
    need_rgb(channels)
    sizes = tuple((side // 2,) for side in SIDES_PX)
    anchors = AnchorGenerator(sizes, ((1.0,),) * len(sizes))
    return _native(detection.FCOS(with_pyramid(str(fit.backbone), first=1), categories + 1, anchor_generator=anchors))


def ssd(categories: int, channels: int, fit: Detector) -> nn.Module:
    """SSD300 (Liu et al. 2016) on VGG-16, at its own 300 px."""
    need_rgb(channels)
    made: nn.Module = detection.ssd300_vgg16(weights=None, weights_backbone=None, num_classes=categories + 1)
    return made


def ssdlite(categories: int, channels: int, fit: Detector) -> nn.Module:
    """SSDlite on MobileNet v3 (Howard et al. 2019), at its own 320 px."""
    need_rgb(channels)
    made: nn.Module = detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=categories + 1
    )
    return made
