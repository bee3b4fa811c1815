"""Views of a picture at test time: what is looked at, where boxes come back to, and what is made of them."""

from typing import Any

import pytest
import tiny
import torch
from torch import Tensor, nn

from pipeline.errors import InputError
from pipeline.models import DETECTORS
from pipeline.params import Views
from pipeline.test_time import OWN_SIZE, back, check_views, context_of, resized, taken, with_views, zoomed


def views(**changes: Any) -> Views:
    return Views(**{"flips": False, "ten_crop": False, "scales": [1.0], **changes})


class Corner(nn.Module):
    """Names a crop by the sum of its left half: logits (sum, 0). Keeps what it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, crops: Tensor) -> Tensor:
        self.seen.append(crops)
        left = crops[..., : crops.shape[-1] // 2].sum((1, 2, 3))
        return torch.stack([left, torch.zeros_like(left)], dim=1)


def classifier(**changes: Any) -> Any:
    return tiny.fit_of("classifier", "lenet5", **changes)


def test_no_views_are_the_network_itself() -> None:
    network = Corner()
    assert with_views(network, classifier(), views()) is network
    assert with_views(network, tiny.fit_of("detector", "centernet_tiny"), views(ten_crop=True)) is network
    assert (context_of(views(flips=True)), context_of(views(ten_crop=True))) == (1.0, 8 / 7)


def test_the_mean_of_a_crop_and_its_mirror_image() -> None:
    """Left sum 2, right sum -1: the mean of softmax(2, 0) and softmax(-1, 0)."""
    crops = torch.zeros(1, 1, 8, 8)
    crops[..., 0, 0], crops[..., 3, 7] = 2.0, -1.0
    wrapped = with_views(Corner(), classifier(input_px=8), views(flips=True))
    expected = (torch.tensor([2.0, -1.0]).sigmoid().mean()).item()
    assert wrapped(crops).softmax(1)[0].tolist() == pytest.approx([expected, 1 - expected])


def test_ten_crops() -> None:
    """Of a ramp of 16 px a side for an input of 14: corners start at 0 or 2, the middle at 1, each mirrored too."""
    ramp = torch.arange(16.0)[:, None] * 100 + torch.arange(16.0)
    network = Corner()
    with_views(network, classifier(input_px=14), views(ten_crop=True))(ramp[None, None])
    first = [float(seen[0, 0, 0, 0]) for seen in network.seen]
    assert first[:5] == [0, 2, 200, 202, 101]
    assert first[5:] == [13, 15, 213, 215, 114]
    assert {tuple(seen.shape) for seen in network.seen} == {(1, 1, 14, 14)}


def test_zooming_keeps_the_middle_and_the_size() -> None:
    """A square of 4 px in the middle of 12: twice as large it is 8 px, at half 2 px; the border goes on outside."""
    crop = torch.full((1, 1, 12, 12), 5.0)
    crop[..., 4:8, 4:8] = 9.0
    sides = {scale: float((zoomed(crop, scale) > 7).sum()) ** 0.5 for scale in (0.5, 1.0, 2.0)}
    assert sides == {0.5: 2.0, 1.0: 4.0, 2.0: 8.0}
    assert zoomed(crop, 0.5).shape == crop.shape and float(zoomed(crop, 0.5)[0, 0, 0, 0]) == 5.0
    assert torch.equal(zoomed(crop, 1.0), crop)
    network = Corner()
    with_views(network, classifier(input_px=12), views(scales=[0.5, 1.0, 2.0], flips=True))(crop)
    assert len(network.seen) == 6


def boxes_at(*boxes_xyxy: list[float], scores: list[float], labels: list[int] | None = None) -> dict[str, Tensor]:
    labels = labels or [1] * len(scores)
    return {"boxes": torch.tensor(boxes_xyxy), "labels": torch.tensor(labels), "scores": torch.tensor(scores)}


def test_boxes_come_back() -> None:
    """A picture 7 wide and 11 high, mirrored: x from the other side. At twice the size everything halves."""
    image = torch.zeros(3, 11, 7)
    found = boxes_at([1.0, 2.0, 3.0, 10.0], scores=[0.5])
    assert back(found, image, image, True)["boxes"].tolist() == [[4.0, 2.0, 6.0, 10.0]]
    twice = resized(image[None], 2.0)[0]
    assert twice.shape == (3, 22, 14)
    assert back(found, twice, image, False)["boxes"].tolist() == [[0.5, 1.0, 1.5, 5.0]]
    assert back(found, twice, image, True)["boxes"].tolist() == [[5.5, 1.0, 6.5, 5.0]]


class Brightest(nn.Module):
    """Finds the bright pixels as one box, with a lower score in larger pictures."""

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        return [self._one(i) for i in images]

    def _one(self, image: Tensor) -> dict[str, Tensor]:
        y, x = torch.nonzero(image[0] > 0.5, as_tuple=True)
        found = [float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1)]
        return boxes_at(found, scores=[1 / image.shape[-1]])


def test_a_detector_that_sees_mirrored_pictures_finds_the_same_box() -> None:
    """Pictures of two sizes; each object lies off the middle."""
    images = [torch.zeros(3, 11, 7), torch.zeros(3, 9, 16)]
    images[0][:, 2:5, 0:3] = 1.0
    images[1][:, 1:8, 9:15] = 1.0
    expected = Brightest()(images)
    wrapped = with_views(Brightest(), tiny.fit_of("detector", "centernet_tiny"), views(flips=True))
    for one, other in zip(wrapped(images), expected, strict=True):
        assert torch.allclose(one["boxes"], other["boxes"])


def test_a_detector_at_two_scales() -> None:
    """At half the size the score is 1/12 instead of 1/24, and the box still the same."""
    image = torch.zeros(3, 16, 24)
    image[:, 4:12, 8:20] = 1.0
    wrapped = with_views(Brightest(), tiny.fit_of("detector", "centernet_tiny"), views(scales=[1.0, 0.5]))
    found = wrapped([image])[0]
    assert found["scores"].tolist() == pytest.approx([1 / 16])
    assert found["boxes"][0].tolist() == pytest.approx([8.0, 4.0, 20.0, 12.0])


@pytest.mark.parametrize("name", DETECTORS)
def test_networks_that_undo_scales_are_known(name: str) -> None:
    with torch.device("meta"):
        network = tiny.network("detector", name, 3, 3)
    undone = getattr(getattr(network, "transform", None), "fixed_size", None) is not None
    assert undone == (name in OWN_SIZE)


ALL = views(flips=True, ten_crop=True, scales=[0.5, 1.0])


@pytest.mark.parametrize(
    ("task", "model", "expected"),
    [
        ("classifier", "lenet5", ALL),
        ("detector", "fcos", views(flips=True, scales=[0.5, 1.0])),
        ("detector", "ssdlite", views(flips=True)),
        ("detector", "maskrcnn", views()),
        ("detector", "keypointrcnn", views()),
        ("segmenter", "fcn_tiny", views()),
    ],
)
def test_what_each_network_takes(task: Any, model: str, expected: Views) -> None:
    fit = tiny.fit_of(task, model)
    assert taken(fit, ALL) == expected
    network = nn.Identity()
    assert (with_views(network, fit, ALL) is network) == (expected == views())


@pytest.mark.parametrize(
    ("model", "wanted", "tasks", "message"),
    [
        ("fcos", views(ten_crop=True), ["detector"], r"ten_crop: expected False for fcos, found True\."),
        ("ssd", views(scales=[0.5]), ["detector"], r"scales: expected \[1\.0\] for ssd, found \[0\.5\]\."),
        ("maskrcnn", views(flips=True), ["detector", "segmenter"], "flips: expected False for maskrcnn, found True"),
    ],
)
def test_views_that_nothing_takes_are_refused(model: str, wanted: Views, tasks: Any, message: str) -> None:
    """And left out where the classifier of the same run takes them."""
    fit = tiny.fit_of("detector", model)
    with pytest.raises(InputError, match=rf"params.yaml: evaluate\.test_time\.{message}"):
        check_views(fit, wanted, tasks)
    check_views(fit, wanted, ["classifier", *tasks])
    check_views(tiny.fit_of("classifier", "lenet5"), wanted, ["classifier"])


def test_what_is_left_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    check_views(tiny.fit_of("segmenter", "fcn_tiny"), views(flips=True), ["classifier", "detector", "segmenter"])
    assert capsys.readouterr().out == "evaluate.test_time.flips: not for fcn_tiny, but for classifier and detector\n"
