"""Four crops in one, and objects that a square hides."""

import pytest
import torch

from pipeline.augment.mosaic import mosaic
from pipeline.augment.targets import beside, within

SIDE_PX = 40


def pairs(number: int) -> list[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """The n-th crop is n all over, with objects of 4 x 4 px everywhere, of category n."""
    places = torch.cartesian_prod(torch.arange(0, SIDE_PX, 4), torch.arange(0, SIDE_PX, 4)).float()
    boxes = torch.cat([places, places + 4], dim=1)
    return [
        (
            torch.full((3, SIDE_PX, SIDE_PX), n, dtype=torch.uint8),
            {"boxes": boxes, "labels": torch.full((len(boxes),), n)},
        )
        for n in range(number)
    ]


def test_boxes_lie_on_their_own_piece() -> None:
    torch.manual_seed(0)
    for n, (crop, target) in enumerate(mosaic(pairs(6), 1.0)):
        assert n in crop and len(crop.unique()) <= 4
        for box, label in zip(target["boxes"].int().tolist(), target["labels"].tolist(), strict=True):
            x0, y0, x1, y1 = box
            assert (crop[:, y0:y1, x0:x1] == label).all()
            assert (x1 - x0) * (y1 - y0) >= 0.6 * 16
        assert len(target["boxes"]) >= 49  # all but those at the seams


def test_pieces_meet_in_a_point_of_the_middle() -> None:
    """0.2 to 0.8 of the side."""
    torch.manual_seed(0)
    meets = []
    for crop, _ in mosaic(pairs(8), 1.0):
        seams = [crop[0].float().diff(dim=d).abs().amax(1 - d).nonzero().flatten() + 1 for d in (1, 0)]
        assert all(len(s) <= 1 for s in seams)
        meets += [int(s[0]) for s in seams if len(s)]
    assert len(set(meets)) > 5 and min(meets) >= 8 and max(meets) <= 32


def test_a_part_of_the_crops() -> None:
    torch.manual_seed(0)
    made = mosaic(pairs(200), 0.3)
    whole = [len(crop.unique()) == 1 for crop, _ in made]
    assert 115 < sum(whole) < 165
    some = pairs(2)
    assert mosaic(some, 0.0) is some


def test_masks_points_and_empty_crops_go_along() -> None:
    torch.manual_seed(0)
    crop = torch.zeros(3, SIDE_PX, SIDE_PX, dtype=torch.uint8)
    one = {
        "boxes": torch.tensor([[0.0, 0, 40, 40]]),
        "labels": torch.tensor([1]),
        "masks": torch.ones(1, SIDE_PX, SIDE_PX),
        "keypoints": torch.tensor([[[1.0, 1, 2], [39, 39, 2]]]),
    }
    cut = within(one, (0, 0, 36, 30))
    assert cut["boxes"].tolist() == [[0, 0, 36, 30]] and int(cut["masks"].sum()) == 36 * 30
    assert cut["keypoints"].tolist() == [[[1, 1, 2], [0, 0, 0]]]
    none = {name: t[:0] for name, t in one.items()}
    for _, target in mosaic([(crop, one), (crop, none)], 1.0):
        assert len({len(t) for t in target.values()}) == 1


@pytest.mark.parametrize(("right", "stays"), [(4, True), (5, False)])
def test_an_object_that_is_mostly_hidden_is_no_target(right: int, stays: bool) -> None:
    """A square hides 4 or 5 of its 10 columns; the other object is elsewhere."""
    target = {"boxes": torch.tensor([[0.0, 0, 10, 6], [20, 20, 30, 30]]), "labels": torch.tensor([1, 2])}
    left = beside(target, torch.tensor([-2, -2, right, 9]))
    assert left["labels"].tolist() == ([1, 2] if stays else [2])
    assert left["boxes"][-1].tolist() == [20, 20, 30, 30]
