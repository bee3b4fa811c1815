"""torchvision's weights of whole detectors, trained on COCO."""

from torchvision.models import WeightsEnum, detection

from pipeline.models.detectors.pretrained import NameOf
from pipeline.params import Detector

BACKBONE = "resnet50"  # of those that torchvision trained on one
# network -> weights, and how the names begin of layers that count categories or points: those start fresh
WEIGHTS: dict[str, tuple[WeightsEnum, tuple[str, ...]]] = {
    "fasterrcnn": (detection.FasterRCNN_ResNet50_FPN_V2_Weights.DEFAULT, ("roi_heads.box_predictor.",)),
    "maskrcnn": (
        detection.MaskRCNN_ResNet50_FPN_V2_Weights.DEFAULT,
        ("roi_heads.box_predictor.", "roi_heads.mask_predictor.mask_fcn_logits."),
    ),
    "keypointrcnn": (
        detection.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT,
        ("roi_heads.box_predictor.", "roi_heads.keypoint_predictor."),
    ),
    "retinanet": (detection.RetinaNet_ResNet50_FPN_V2_Weights.DEFAULT, ("head.classification_head.cls_logits.",)),
    "ssd": (detection.SSD300_VGG16_Weights.DEFAULT, ("head.classification_head.",)),
    "ssdlite": (detection.SSDLite320_MobileNet_V3_Large_Weights.DEFAULT, ("head.classification_head.",)),
}
KNOWN = [f"{name} on {BACKBONE}" if "rcnn" in name or name == "retinanet" else name for name in WEIGHTS]


def trained_on_coco(fit: Detector) -> tuple[WeightsEnum, NameOf] | None:
    """Weights, and their tensors' names in the detector, None for those without a place there; None if there are none.

    torchvision's FCOS has another pyramid than `fcos` here: there are none for it.
    """
    if fit.model not in WEIGHTS or fit.backbone not in (BACKBONE, None):
        return None
    weights, fresh = WEIGHTS[fit.model]
    return weights, lambda name: None if name.startswith(fresh) else name
