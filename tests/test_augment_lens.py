"""The lens of augmentation: Brown's formula by hand, and targets that stay on their objects."""

import pytest
import torch

from pipeline.augment.lens import bent, bent_boxes, bent_each, look_up, places, straight
from pipeline.augment.warp import displacements_px, warp
from pipeline.params import Elastic

OFF = Elastic(alpha_px=0.0, sigma_px=4.0)


def test_brown_by_hand() -> None:
    """In a square, r² = (x² + y²) / 2: corners move by k1, the middle of a side by half of it."""
    points = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    found = bent(points, torch.tensor(-0.1), 50, 50)
    assert found.flatten().tolist() == pytest.approx([0.9, 0.9, 0.95, 0.0, 0.0, 0.0])


def test_r_is_1_in_the_corners_of_any_picture() -> None:
    """3 x 4: x = 1 is 4 of the half diagonal's 5."""
    points = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert bent(points, torch.tensor(0.1), 3, 4).flatten().tolist() == pytest.approx([1.1, 1.1, 1 + 0.1 * 0.64, 0.0])


@pytest.mark.parametrize("k1", [-0.1, -0.03, 0.0, 0.1])
def test_straight_is_the_inverse(k1: float) -> None:
    strength = torch.tensor([k1])
    grid = places(7, 11)[None]
    assert torch.allclose(bent(straight(grid, strength), strength, 7, 11), grid, atol=1e-6)


def test_places_are_the_middles_of_pixels() -> None:
    assert places(1, 2).tolist() == [[[-0.5, 0.0], [0.5, 0.0]]]
    picture = torch.rand(1, 2, 7, 11)
    assert torch.allclose(look_up(picture, places(7, 11)[None]), picture, atol=1e-6)


@pytest.mark.parametrize("k1", [-0.1, 0.1])
def test_boxes_hold_what_the_lens_shows(k1: float) -> None:
    """Points all over a box lie in its bent box, and touch all of its sides."""
    boxes = torch.tensor([[4.0, 10, 30, 40], [0, 0, 64, 64], [31, 2, 33, 60]])
    found = bent_boxes(boxes, torch.tensor(k1), 64)
    along = torch.linspace(0, 1, 97)
    for box, outer in zip(boxes, found, strict=True):
        points = box[:2] + torch.cartesian_prod(along, along) * (box[2:] - box[:2])
        shown = (bent(points / 32 - 1, torch.tensor(k1), 64, 64) + 1) * 32
        assert torch.cat([shown.amin(0), shown.amax(0)]).tolist() == pytest.approx(outer.tolist(), abs=0.05)


def test_targets_follow_the_picture() -> None:
    """A bright square, its box, its mask and its middle; a strong draw moves it by several px."""
    torch.manual_seed(1)
    crop = torch.zeros(3, 80, 80, dtype=torch.uint8)
    crop[:, 6:18, 8:20] = 255
    target = {
        "boxes": torch.tensor([[8.0, 6, 20, 18]]),
        "labels": torch.tensor([2]),
        "masks": (crop[:1] > 0).to(torch.uint8),
        "keypoints": torch.tensor([[[14.0, 12.0, 2.0]]]),
    }
    moves = []
    for shown, moved in bent_each([(crop, target)] * 8, 0.1):
        bright = (shown[0] > 127).nonzero().flip(1)
        edges = torch.cat([bright.amin(0), bright.amax(0) + 1])
        assert (moved["boxes"][0] - edges).abs().max() < 1.0
        assert (moved["keypoints"][0, 0, :2] - (bright + 0.5).mean(0)).abs().max() < 0.6
        assert ((shown[0] > 127) != moved["masks"][0]).sum() < 20
        assert moved["labels"].tolist() == [2] and shown.dtype == torch.uint8
        moves.append(float(moved["boxes"][0, 0]) - 8)
    assert max(moves) - min(moves) > 2


def test_bent_pictures_without_objects() -> None:
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long), "masks": torch.zeros(0, 32, 32)}
    ((_, moved),) = bent_each([(torch.zeros(3, 32, 32, dtype=torch.uint8), none)], 0.1)
    assert moved["boxes"].shape == (0, 4) and moved["masks"].shape == (0, 32, 32)


def test_each_crop_has_its_own_lens() -> None:
    torch.manual_seed(0)
    made = warp(torch.rand(1, 1, 21, 21).expand(6, -1, -1, -1), 0.1, OFF)
    assert len({round(float(m[0, 2, 2]), 4) for m in made}) == 6
    assert torch.allclose(made[:, 0, 10, 10], made[0, 0, 10, 10], atol=1e-3)  # the middle stays


def test_displacements_are_simard_s() -> None:
    """A uniform value in -1 .. 1 has variance 1/3, a Gaussian of sigma adds up 1 / (4 pi sigma²) of it."""
    torch.manual_seed(0)
    fields = displacements_px(20, 44, 52, Elastic(alpha_px=34.0, sigma_px=4.0))
    assert fields.shape == (20, 44, 52, 2)
    middle = fields[:, 16:28, 16:36]  # far from the border
    assert float(middle.std()) == pytest.approx(34 * (1 / 3 / (4 * torch.pi * 16)) ** 0.5, rel=0.15)
    assert float(middle.diff(dim=2).abs().mean()) < 0.3  # neighbours move together


def test_elastic_moves_by_px() -> None:
    """A ramp of 1 per px from left to right changes by the displacement in x."""
    ramp = torch.arange(40.0).expand(1, 1, 30, 40)
    elastic = Elastic(alpha_px=20.0, sigma_px=3.0)
    torch.manual_seed(3)
    made = warp(ramp, 0.0, elastic)
    torch.manual_seed(3)
    moves = displacements_px(1, 30, 40, elastic)
    inside = (slice(None), slice(8, 22), slice(8, 32))
    assert torch.allclose((made - ramp)[:, 0][inside], moves[..., 0][inside], atol=1e-3)
    assert float(moves[..., 0][inside].abs().max()) > 1


def test_off_gives_the_crops_back() -> None:
    crops = torch.rand(2, 1, 7, 11)
    assert warp(crops, 0.0, OFF) is crops
