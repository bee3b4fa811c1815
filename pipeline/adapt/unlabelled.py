"""Real train images as adaptation sees them: their labels are gone before anything looks at them."""

from pathlib import Path

from pipeline.coco import Coco, subset
from pipeline.dataset import read_real_train
from pipeline.errors import InputError
from pipeline.params import Adapt, Classifier, Fit, fit_task

LEAST = 2  # images or crops: a variance wants two
ANY = 1  # the category of every crop: that of its true name is not looked at


def wanted(adapt: Adapt) -> list[str]:
    """The keys of `adapt` that are on."""
    on = {"batch_norm": adapt.batch_norm, "self_training.rounds": adapt.self_training.rounds}
    return [key for key, value in on.items() if value]


def read_unlabelled(fit: Fit, train: Coco, real: Path | None, images: Path) -> Coco | None:
    """Real train images without labels; None where `adapt` is off, or `train` is real itself.

    A classifier's keep their boxes: it is told where something is, not what.

    Raises:
        InputError: where there are too few, or `real` is another split.
    """
    on = wanted(fit.adapt)
    if not on or all(image.get("domain") == "real" for image in train["images"]):
        return None
    key = f"params.yaml: {fit_task(fit)}.adapt.{on[0]}"
    coco = without_labels(read_real_train(key, real, images), boxes=isinstance(fit, Classifier))
    found = len(coco["annotations"] if isinstance(fit, Classifier) else coco["images"])
    if found < LEAST:
        raise InputError(f"{key}: expected at least {LEAST} objects and images in {real}, found {found}.")
    return coco


def without_labels(coco: Coco, boxes: bool) -> Coco:
    """The same images without annotations, or with boxes that have no name."""
    kept = [{k: a[k] for k in ("id", "image_id", "bbox")} | {"category_id": ANY} for a in coco["annotations"]]
    return {**coco, "annotations": kept if boxes else []}


def unknown_to(train: Coco, unlabelled: Coco) -> Coco:
    """Those that `train` does not have with its labels, as mixed training has some."""
    known = {image["file_name"] for image in train["images"]}
    return subset(unlabelled, [image for image in unlabelled["images"] if image["file_name"] not in known])
