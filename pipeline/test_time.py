"""Several views of one picture at test time, and one answer from all of them.

`with_views` wraps a network so that whoever asks it gets that answer: evaluation, cascade and prediction alike.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop, five_crop

from pipeline.errors import InputError
from pipeline.merging import Detections, merged
from pipeline.models.detectors import SHAPES, wanted_by
from pipeline.params import Classifier, Detector, Fit, Task, Views, fit_task

TEN_CROP_CONTEXT = 8 / 7  # 256 px of a picture for crops of 224, as in Krizhevsky et al. 2012
ONE_VIEW = Views(flips=False, ten_crop=False, scales=[1.0])
OWN_SIZE = ("ssd", "ssdlite")  # networks that scale every picture to it
TAKEN_BY: dict[Task, frozenset[str]] = {  # keys of evaluate.test_time that some network of the task takes
    "classifier": frozenset(Views.model_fields),
    "detector": frozenset({"flips", "scales"}),
    "segmenter": frozenset(),
}


def context_of(views: Views) -> float:
    """How much larger than the network's input the crops must be that `with_views` of a classifier gets."""
    return TEN_CROP_CONTEXT if views.ten_crop else 1.0


def is_merged(fit: Fit) -> bool:
    """Whether answers of such a network are put together: boxes and probabilities are, masks, keypoints, maps not."""
    return isinstance(fit, Classifier) or (isinstance(fit, Detector) and not wanted_by(fit) & SHAPES)


def taken(fit: Fit, views: Views) -> Views:
    """Those of `views` that the network of this section takes; the others are off.

    A network whose answers are not merged looks once.
    SSD brings every picture to its own size, so that it takes no scales, and only classifiers have crops.
    """
    if isinstance(fit, Classifier):
        return views
    if not is_merged(fit):
        return ONE_VIEW
    return Views(flips=views.flips, ten_crop=False, scales=[1.0] if fit.model in OWN_SIZE else views.scales)


def check_views(fit: Fit, views: Views, tasks: Sequence[Task]) -> None:
    """Says which `views` this network will not take. Raises InputError for one that no network of `tasks` could."""
    own, task = taken(fit, views), fit_task(fit)
    for key in [k for k in Views.model_fields if getattr(own, k) != getattr(views, k)]:
        others = [t for t in tasks if t != task and key in TAKEN_BY[t]]
        if not others:
            found = f"found {getattr(views, key)}"
            none = getattr(ONE_VIEW, key)
            raise InputError(f"params.yaml: evaluate.test_time.{key}: expected {none} for {fit.model}, {found}.")
        print(f"evaluate.test_time.{key}: not for {fit.model}, but for {' and '.join(others)}", flush=True)


def with_views(network: nn.Module, fit: Fit, views: Views) -> nn.Module:
    """The network itself, or around it one that looks at those of all `views` that it takes."""
    own = taken(fit, views)
    if own == ONE_VIEW:
        return network
    return ClassifierViews(network, fit.input_px, own) if isinstance(fit, Classifier) else DetectorViews(network, own)


class ClassifierViews(nn.Module):
    """Crops [N, C, T, T] -> logarithms of the mean of the views' probabilities [N, categories]."""

    def __init__(self, network: nn.Module, input_px: int, views: Views) -> None:
        super().__init__()
        self.network, self.input_px, self.views = network, input_px, views

    def forward(self, crops: Tensor) -> Tensor:
        seen = [v for scale in self.views.scales for v in self._at(zoomed(crops, scale))]
        return torch.stack([self.network(v).softmax(1) for v in seen]).mean(0).log()

    def _at(self, crops: Tensor) -> list[Tensor]:
        size_hw = [self.input_px, self.input_px]
        own = list(five_crop(crops, size_hw)) if self.views.ten_crop else [center_crop(crops, size_hw)]
        return own + [v.flip(-1) for v in own] if self.views.ten_crop or self.views.flips else own


def zoomed(crops: Tensor, scale: float) -> Tensor:
    """Crops [N, C, T, T], the content `scale` times as large about the middle; the border's pixels go on outside."""
    side_px = crops.shape[-1]
    scaled = resized(crops, scale)
    missing_px = max(0, side_px - scaled.shape[-1])
    before, after = missing_px // 2, missing_px - missing_px // 2
    return torch.as_tensor(center_crop(F.pad(scaled, (before, after, before, after), mode="replicate"), [side_px] * 2))


def resized(pictures: Tensor, scale: float) -> Tensor:
    """[N, C, H, W] with sides `scale` times as long, at least 1 px; the same at a scale of 1."""
    if scale == 1:
        return pictures
    size_hw = [max(1, round(s * scale)) for s in pictures.shape[-2:]]
    return F.interpolate(pictures, size_hw, mode="bilinear", antialias=True)


class DetectorViews(nn.Module):
    """Pictures, as a detector takes them -> the detections of all views, merged."""

    def __init__(self, network: nn.Module, views: Views) -> None:
        super().__init__()
        self.network = network
        self.views = [(s, mirrored) for s in views.scales for mirrored in ([False, True] if views.flips else [False])]

    def forward(self, images: list[Tensor]) -> list[Detections]:
        found = [self._seen(images, scale, mirrored) for scale, mirrored in self.views]
        return [merged(list(of_image)) for of_image in zip(*found, strict=True)]

    def _seen(self, images: list[Tensor], scale: float, mirrored: bool) -> list[Detections]:
        shown = [resized(i[None], scale)[0] for i in images]
        found = self.network([i.flip(-1) for i in shown] if mirrored else shown)
        return [back(f, s, i, mirrored) for f, s, i in zip(found, shown, images, strict=True)]


def back(found: Detections, shown: Tensor, image: Tensor, mirrored: bool) -> Detections:
    """Detections in a view [C, h, w], as they lie in the picture [C, H, W]; boxes xyxy, px."""
    boxes = found["boxes"]
    if mirrored:
        x0, y0, x1, y1 = boxes.unbind(1)
        boxes = torch.stack([shown.shape[-1] - x1, y0, shown.shape[-1] - x0, y1], dim=1)
    ratio_xy = [image.shape[-1] / shown.shape[-1], image.shape[-2] / shown.shape[-2]]
    return {"boxes": boxes * boxes.new_tensor(ratio_xy * 2), "labels": found["labels"], "scores": found["scores"]}
