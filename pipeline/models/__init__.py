"""Networks by name. `build` makes them; `weights` is what they start from; `checkpoint` saves and loads them."""

from collections.abc import Callable, Mapping

from torch import nn

from pipeline.errors import lookup
from pipeline.models import centernet, segmenters, two_stage
from pipeline.models.changes import change
from pipeline.models.changes.preprocessing import change_preprocessing
from pipeline.models.classifiers import CLASSIFIERS
from pipeline.models.detectors import check_choice, rcnn, torchvisions
from pipeline.params import Classifier, Detector, Fit, Segmenter, Task

__all__ = ["CLASSIFIERS", "DETECTORS", "NETWORKS", "SEGMENTERS", "build"]

# (number of categories, channels of the input, section of params.yaml) -> network with torchvision's interface: in
# training a dict of losses from (images, targets), else for each image a dict of boxes (xyxy, px), labels (from 1) and
# scores
DETECTORS: dict[str, Callable[[int, int, Detector], nn.Module]] = {
    "centernet_tiny": centernet.centernet_tiny,
    "center_two_stage": two_stage.center_two_stage,
    "rcnn": rcnn.rcnn,
    "fast_rcnn": rcnn.fast_rcnn,
    "fasterrcnn": torchvisions.fasterrcnn,
    "maskrcnn": torchvisions.maskrcnn,
    "keypointrcnn": torchvisions.keypointrcnn,
    "retinanet": torchvisions.retinanet,
    "fcos": torchvisions.fcos,
    "ssd": torchvisions.ssd,
    "ssdlite": torchvisions.ssdlite,
}

# the same interface with class maps: targets have `class_map` [1, H, W] (0 background, 255 ignored), as what is found
SEGMENTERS: dict[str, Callable[[int, int, Segmenter], nn.Module]] = {
    "fcn_tiny": segmenters.fcn_tiny,
    "fcn_resnet50": segmenters.torchvisions("fcn_resnet50", aux_loss=True),
    "fcn_resnet101": segmenters.torchvisions("fcn_resnet101", aux_loss=True),
    "deeplabv3_resnet50": segmenters.torchvisions("deeplabv3_resnet50", aux_loss=True),
    "deeplabv3_resnet101": segmenters.torchvisions("deeplabv3_resnet101", aux_loss=True),
    "deeplabv3_mobilenet_v3_large": segmenters.torchvisions("deeplabv3_mobilenet_v3_large", aux_loss=True),
    "lraspp_mobilenet_v3_large": segmenters.torchvisions("lraspp_mobilenet_v3_large"),
}

NETWORKS: dict[Task, Mapping[str, Callable[..., nn.Module]]] = {
    "classifier": CLASSIFIERS,
    "detector": DETECTORS,
    "segmenter": SEGMENTERS,
}


def build(task: Task, fit: Fit, categories: int, channels: int) -> nn.Module:
    """The network that `fit` names, changed as it says, with fresh weights.

    Raises InputError for a name that the task does not know, and for a change that finds nothing to change.
    """
    make = lookup(NETWORKS[task], fit.model, f"params.yaml: {task}.model")
    if isinstance(fit, Detector):
        check_choice(fit)
    network = make(categories, channels, fit)
    if isinstance(fit, Classifier):
        change_preprocessing(network, fit, channels)
    change(network, fit.network, f"params.yaml: {task}.network")
    return network
