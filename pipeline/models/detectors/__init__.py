"""Detectors of the lectures on a chosen backbone: torchvision's, and R-CNN and Fast R-CNN with its parts."""

from pipeline.errors import InputError
from pipeline.models.detectors.backbones import LAYERS
from pipeline.params import Detector

# what a network learns from beside boxes and labels: keys of its targets
WANTS: dict[str, frozenset[str]] = {
    "maskrcnn": frozenset({"masks"}),
    "keypointrcnn": frozenset({"keypoints"}),
    "fast_rcnn": frozenset({"proposals"}),
    "rcnn": frozenset({"proposals"}),
}
SHAPES = frozenset({"masks", "keypoints"})  # of those, what is found as well, beside boxes
# the others have a backbone of their own
ON_A_BACKBONE = ("rcnn", "fast_rcnn", "fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "fcos")


def wanted_by(fit: Detector) -> frozenset[str]:
    return WANTS.get(fit.model, frozenset())


def check_choice(fit: Detector) -> None:
    """Raises InputError for keys of `detector` that its network does not go with, or lacks."""
    if fit.model in ON_A_BACKBONE and fit.backbone is None:
        known = ", ".join(LAYERS)
        raise InputError(f"params.yaml: detector.backbone: expected one for {fit.model}, found null. Known: {known}.")
    if fit.model not in ON_A_BACKBONE and fit.backbone is not None:
        what = f"null, as {fit.model} has a backbone of its own"
        raise InputError(f"params.yaml: detector.backbone: expected {what}, found '{fit.backbone}'.")
    if (fit.model == "keypointrcnn") != (fit.keypoints is not None):
        what = "the number of points" if fit.model == "keypointrcnn" else f"null for {fit.model}"
        raise InputError(f"params.yaml: detector.keypoints: expected {what}, found {fit.keypoints}.")
    if fit.model == "keypointrcnn" and fit.augment.flips:
        why = "of a mirrored object nobody knows which of its points are which"
        raise InputError(f"params.yaml: detector.augment.flips: expected false for keypointrcnn, found true: {why}.")
