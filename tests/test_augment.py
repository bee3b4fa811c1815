"""Augmentation of pictures for detectors: boxes stay on their objects, and every draw can be repeated."""

from typing import Any

import pytest
import torch
from rendering import REPOSITORY

from pipeline.augment.pictures import GREY, PictureAugment, Target
from pipeline.params import DetectorAugment, load_params

DIGITS = load_params(REPOSITORY / "presets" / "digits.yaml").detector
CROP_PX = 32
BRIGHT = 220
SURE = 0.6  # brighter than the grey around pictures
CALM = {
    "brightness": 0.0,
    "contrast": 0.0,
    "saturation": 0.0,
    "hue": 0.0,
    "blur_sigma_px": [0.001, 0.001],
    "noise": 0.0,
    "scale": [1.0, 1.0],
    "flips": False,
    "quarter_turns": False,
    "on_object": 0.0,
}
Pictures = tuple[list[torch.Tensor], list[Target]]


def augment(**changes: Any) -> PictureAugment:
    """Only moved: light and focus as they are, unless `changes` say otherwise."""
    values = DetectorAugment(**{**DIGITS.augment.model_dump(), **CALM, **changes})
    return PictureAugment(DIGITS.model_copy(update={"crop_px": CROP_PX, "augment": values}))


def scene(box: tuple[int, int, int, int], number: int = 1, width: int = 70, height: int = 50) -> Pictures:
    """Equal dark pictures with a bright rectangle, whose upper corners lack green (left) and blue (right)."""
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = BRIGHT
    image[1, y0, x0] = image[2, y0, x1 - 1] = 0
    target = {"boxes": torch.tensor([box], dtype=torch.float32), "labels": torch.tensor([2])}
    return [image] * number, [target] * number


def test_the_box_stays_on_its_object() -> None:
    """Over many crops: each has the object as a bright rectangle that fills its box, or does not call it a target."""
    torch.manual_seed(0)
    kept = 0
    for crop, moved in zip(*augment()(*scene((30, 20, 42, 28), number=200)), strict=True):
        bright = crop[0] > SURE
        assert crop.shape == (3, CROP_PX, CROP_PX) and crop.dtype == torch.float32
        if len(moved["boxes"]) == 0:
            assert bright.sum() < 0.6 * 12 * 8
            continue
        kept += 1
        x0, y0, x1, y1 = moved["boxes"][0].int().tolist()
        assert bright[y0:y1, x0:x1].all() and bright.sum() == (y1 - y0) * (x1 - x0)
        assert bright.sum() >= 0.6 * 12 * 8
        assert moved["labels"].tolist() == [2]
    assert 50 < kept < 200


def way_of(crop: torch.Tensor, box: list[int]) -> tuple[Any, ...]:
    """Where in the box, which the object must fill, its upper corners have come to lie, left one first: x, y, x, y."""
    x0, y0, x1, y1 = box
    inside = crop[:, y0:y1, x0:x1] > SURE
    assert inside[0].all() and (crop[0] > SURE).sum() == inside[0].numel()
    corners = [(~inside[channel]).nonzero() for channel in (1, 2)]
    assert all(len(c) == 1 for c in corners)
    (left,), (right,) = corners
    return tuple(bool(place) for y, x in (left, right) for place in (x, y))


@pytest.mark.parametrize(("flips", "quarter_turns", "ways"), [(True, False, 2), (False, True, 4), (True, True, 8)])
def test_flips_and_quarter_turns(flips: bool, quarter_turns: bool, ways: int) -> None:
    """The object lies on its box in all ways, 12 x 8 or 8 x 12 px, with its corners where the turn takes them."""
    torch.manual_seed(0)
    turned = augment(flips=flips, quarter_turns=quarter_turns, on_object=1.0)(*scene((30, 20, 42, 28), number=100))
    found = set()
    for crop, moved in zip(*turned, strict=True):
        x0, y0, x1, y1 = moved["boxes"][0].int().tolist()
        way = way_of(crop, [x0, y0, x1, y1])
        upright = way[1] == way[3]  # its upper side is level
        assert (x1 - x0, y1 - y0) == ((12, 8) if upright else (8, 12))
        found.add(way)
    assert len(found) == ways


@pytest.mark.parametrize(("scale", "size_wh"), [(2.0, [16.0, 12.0]), (1.0, [8.0, 6.0]), (0.5, [4.0, 3.0])])
def test_scale(scale: float, size_wh: list[float]) -> None:
    """At 0.5 the crop shows 64 px, more than the picture's height: grey lies above and below."""
    torch.manual_seed(0)
    made = augment(scale=[scale, scale], on_object=1.0, flips=True)(*scene((40, 30, 48, 36), number=20))
    for crop, moved in zip(*made, strict=True):
        x0, y0, x1, y1 = box = moved["boxes"][0].tolist()
        assert [x1 - x0, y1 - y0] == pytest.approx(size_wh)
        weight = crop[0].clamp(min=GREY / 255 + 0.01) - GREY / 255 - 0.01
        columns, rows = (weight.sum(d) @ (torch.arange(CROP_PX) + 0.5) / weight.sum() for d in (0, 1))
        middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
        assert [float(columns), float(rows)] == pytest.approx(middle, abs=0.5)  # soft edges end at the border
        assert crop.shape == (3, CROP_PX, CROP_PX)


def test_scale_is_drawn_once_for_a_batch() -> None:
    torch.manual_seed(0)
    varied, pictures = augment(scale=[0.5, 2.0], on_object=1.0), scene((40, 30, 48, 36), number=4)
    widths = [{round(float(m["boxes"][0, 2] - m["boxes"][0, 0]), 2) for m in varied(*pictures)[1]} for _ in range(8)]
    assert all(len(w) == 1 and 4 <= min(w) <= 16 for w in widths)
    assert len(set.union(*widths)) > 5


@pytest.mark.parametrize(
    ("box", "places"), [((0, 0, 3, 2), 1), ((67, 45, 70, 50), 1), ((20, 9, 51, 40), 4), ((30, 20, 42, 28), 50)]
)
def test_on_object_shows_all_of_one(box: tuple[int, int, int, int], places: int) -> None:
    """It is there whole: in a corner of the picture, nearly as large as the crop (31 of 32 px), or small."""
    torch.manual_seed(0)
    _, moved = augment(on_object=1.0)(*scene(box, number=100))
    assert all(len(m["boxes"]) == 1 for m in moved)
    sizes = {tuple((m["boxes"][0, 2:] - m["boxes"][0, :2]).tolist()) for m in moved}
    assert sizes == {(box[2] - box[0], box[3] - box[1])}
    found = len({tuple(m["boxes"][0].tolist()) for m in moved})
    assert found == places if places < 50 else found > 50


def test_on_object_shows_the_middle_of_a_larger_one() -> None:
    """40 x 40 px in a crop of 32: 0.64 of it, enough to be a target."""
    _, moved = augment(on_object=1.0)(*scene((15, 5, 55, 45), number=9))
    assert [m["boxes"].tolist() for m in moved] == [[[0, 0, CROP_PX, CROP_PX]]] * 9


def test_on_object_is_a_part_of_the_crops() -> None:
    """A crop of 32 x 32 px of 600 x 400 finds the object by chance once in hundred."""
    torch.manual_seed(0)
    _, moved = augment(on_object=0.5)(*scene((300, 200, 312, 208), number=200, width=600, height=400))
    assert 75 < sum(len(m["boxes"]) for m in moved) < 130


def test_small_pictures_are_padded_with_grey() -> None:
    """A picture of 20 x 14 px in a crop of 32: the object is found where its box says, the rest is grey."""
    torch.manual_seed(0)
    (crop,), (moved,) = augment()(*scene((4, 2, 12, 10), width=20, height=14))
    assert moved["boxes"].tolist() == [[10, 11, 18, 19]]
    assert (crop[0, 11:19, 10:18] > SURE).all()
    assert crop.unique().tolist() == pytest.approx([0.0, GREY / 255, BRIGHT / 255], abs=0.01)
    assert (crop == GREY / 255).sum() == 3 * (32 * 32 - 20 * 14)


def test_without_strength_it_is_the_plain_crop() -> None:
    torch.manual_seed(0)
    image = torch.arange(50 * 70).reshape(1, 50, 70).remainder(256).to(torch.uint8).expand(3, -1, -1)
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
    places = [(y, x) for y in range(50 - CROP_PX + 1) for x in range(70 - CROP_PX + 1)]
    (crop,), _ = augment()([image], [target])
    assert any(torch.equal(crop, image[:, y : y + CROP_PX, x : x + CROP_PX] / 255) for y, x in places)


def test_a_picture_without_objects_has_an_empty_target() -> None:
    images, _ = scene((0, 0, 1, 1), number=2)
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
    _, moved = augment(on_object=1.0, flips=True, quarter_turns=True)(images, [none, none])
    assert [(m["boxes"].shape, m["labels"].shape) for m in moved] == [((0, 4), (0,))] * 2


def test_the_target_itself_is_not_changed() -> None:
    images, targets = scene((30, 20, 42, 28))
    before = images[0].clone()
    augment(brightness=0.5, flips=True, quarter_turns=True, noise=0.1)(images, targets)
    assert targets[0]["boxes"].tolist() == [[30, 20, 42, 28]]
    assert torch.equal(images[0], before)


def test_each_picture_has_its_own_light() -> None:
    torch.manual_seed(0)
    crops, _ = augment(brightness=0.5)(*scene((0, 0, 70, 50), number=8))
    assert len({round(float(c[0].mean()), 3) for c in crops}) > 4


@pytest.mark.parametrize(("number", "soft"), [(8, 4), (5, 2), (1, 1)])
def test_half_of_the_pictures_are_blurred(number: int, soft: int) -> None:
    """A blurred edge has values between dark and bright."""
    torch.manual_seed(0)
    crops, _ = augment(blur_sigma_px=[1.5, 1.5], on_object=1.0)(*scene((30, 20, 42, 28), number=number))
    assert sum(bool(((c[0] > 0.2) & (c[0] < 0.7)).any()) for c in crops) == soft


def test_noise_is_weaker_or_stronger() -> None:
    torch.manual_seed(0)
    crops, _ = augment(noise=0.1)(*scene((0, 0, 70, 50), number=16))
    deviations = [float(c[0].std()) for c in crops]
    assert max(deviations) < 0.11 and len({round(d, 2) for d in deviations}) > 4


def test_the_seed_decides() -> None:
    everything = augment(brightness=0.5, hue=0.5, noise=0.1, scale=[0.5, 2.0], flips=True, quarter_turns=True)

    def draw(seed: int) -> Pictures:
        torch.manual_seed(seed)
        return everything(*scene((30, 20, 42, 28), number=3))

    (first, boxes), (again, same), (other, _) = draw(1), draw(1), draw(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert [b["boxes"].tolist() for b in boxes] == [b["boxes"].tolist() for b in same]
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))
