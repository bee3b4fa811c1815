"""Boxes, keypoints, masks and proposals of a target go where the picture goes: values by hand, a picture of 7 x 11."""

from typing import Any

import pytest
import tiny
import torch

from pipeline.augment.pictures import PictureAugment
from pipeline.augment.targets import Target, cropped, kept, mirrored, padded, turned

WIDTH, HEIGHT, SIDE = 7, 11, 4


def target() -> Target:
    """A box of 3 x 2 px at (2, 5) with its mask, a point in the middle of the pixel (3, 6), one not labelled."""
    mask = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.uint8)
    mask[0, 5:7, 2:5] = 1
    points = torch.tensor([[[3.5, 6.5, 2.0], [0.0, 0.0, 0.0]]])
    boxes, labels = torch.tensor([[2.0, 5, 5, 7]]), torch.tensor([3])
    return {"boxes": boxes, "labels": labels, "masks": mask, "keypoints": points, "proposals": boxes.clone()}


def crop() -> Target:
    """Columns 2 to 5, rows 4 to 7: the box is (0, 1) to (3, 3) there."""
    return cropped(target(), 2, 4, SIDE)


def assert_agrees(found: Target, box_xyxy: list[float], point_xy: list[float]) -> None:
    """The mask fills the box, in whole pixels, and nothing else."""
    assert found["boxes"].tolist() == found["proposals"].tolist() == [box_xyxy]
    assert found["keypoints"][0, 0].tolist() == [*point_xy, 2.0]
    x0, y0, x1, y1 = (int(v) for v in box_xyxy)
    assert found["masks"][0, y0:y1, x0:x1].all() and found["masks"].sum() == (x1 - x0) * (y1 - y0)


def test_a_crop() -> None:
    assert crop()["masks"].shape == (1, SIDE, SIDE)
    assert_agrees(crop(), [0, 1, 3, 3], [1.5, 2.5])


def test_padding() -> None:
    """Left 1, right 2, above 3, below 0."""
    found = padded(target(), (1, 2, 3, 0))
    assert found["masks"].shape == (1, HEIGHT + 3, WIDTH + 3)
    assert_agrees(found, [3, 8, 6, 10], [4.5, 9.5])


def test_mirrored() -> None:
    assert_agrees(mirrored(crop(), SIDE), [1, 1, 4, 3], [2.5, 2.5])


def test_turned_against_the_clock() -> None:
    """What was at the right is above."""
    assert_agrees(turned(crop(), SIDE), [1, 1, 3, 4], [2.5, 2.5])
    four = turned(turned(turned(turned(crop(), SIDE), SIDE), SIDE), SIDE)
    assert_agrees(four, [0, 1, 3, 3], [1.5, 2.5])


def test_kept_and_scaled() -> None:
    """Twice as large; the point that was not labelled is none."""
    found = kept(crop(), SIDE, 2 * SIDE)
    assert_agrees(found, [0, 2, 6, 6], [3, 5])
    assert found["keypoints"][0, 1].tolist() == [0, 0, 0] and found["masks"].dtype == torch.uint8


def test_points_outside_are_not_labelled() -> None:
    """The crop's left side is at 3.6: of the box 1.4 of 3 px would stay in, which is too little; at 2.6 2.4 px do."""
    at_three = kept(cropped(target(), 3, 4, SIDE), SIDE, SIDE)
    assert at_three["labels"].tolist() == [3] and at_three["boxes"].tolist() == [[0, 1, 2, 3]]
    assert at_three["keypoints"][0, 0].tolist() == [0.5, 2.5, 2]
    below = kept(cropped(target(), 2, 6, SIDE), SIDE, SIDE)
    assert [len(below[k]) for k in ("boxes", "labels", "masks", "keypoints")] == [0] * 4
    assert below["proposals"].tolist() == [[0, 0, 3, 1]]
    above = {**crop(), "keypoints": torch.tensor([[[4.0, 1.0, 2.0]]])}
    assert kept(above, SIDE, SIDE)["keypoints"].tolist() == [[[0, 0, 0]]]


def test_slivers_of_proposals_are_dropped() -> None:
    found = kept({**crop(), "proposals": torch.tensor([[-3.0, 0, 0.9, 4], [1.0, 1, 9, 9]])}, SIDE, SIDE)
    assert found["proposals"].tolist() == [[1, 1, 4, 4]]


@pytest.mark.parametrize("scale", [[1.0, 1.0], [0.5, 0.5]])
def test_augmented_masks_stay_on_their_objects(scale: list[float]) -> None:
    """Bright rectangles on dark pictures that are smaller than the crop, in all turns: the mask is what is bright."""
    fit = tiny.fit_of("detector", "centernet_tiny", crop_px=32)
    own: dict[str, Any] = {"scale": scale, "flips": True, "quarter_turns": True, "blur_sigma_px": [0.001, 0.001]}
    calm = fit.augment.model_copy(update={**own, "brightness": 0.0, "contrast": 0.0})
    augment = PictureAugment(fit.model_copy(update={"augment": calm}))
    image, mask = torch.zeros(3, 20, 28, dtype=torch.uint8), torch.zeros(1, 20, 28, dtype=torch.uint8)
    image[:, 4:12, 8:20], mask[:, 4:12, 8:20] = 255, 1
    one = {"boxes": torch.tensor([[8.0, 4, 20, 12]]), "labels": torch.tensor([1]), "masks": mask}
    torch.manual_seed(0)
    for seen, found in zip(*augment([image] * 20, [one] * 20), strict=True):
        bright = seen[0] > 0.8
        assert found["masks"].shape == (1, 32, 32)
        assert (found["masks"][0].bool() & bright).sum() >= 0.9 * bright.sum()
        assert found["masks"].sum() <= 1.5 * bright.sum() if scale == [0.5, 0.5] else found["masks"].sum() == 96


def test_pictures_without_objects() -> None:
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
    more = {"masks": torch.zeros(0, HEIGHT, WIDTH), "keypoints": torch.zeros(0, 2, 3)}
    found = kept(turned(cropped(padded({**none, **more}, (0, 1, 0, 0)), 1, 2, SIDE), SIDE), SIDE, 6)
    shapes = {"boxes": (0, 4), "labels": (0,), "masks": (0, 6, 6), "keypoints": (0, 2, 3)}
    assert {name: tuple(t.shape) for name, t in found.items()} == shapes
