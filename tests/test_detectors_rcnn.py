"""R-CNN and Fast R-CNN: proposals, which of them teach what, and what is cut out, by hand."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

from pipeline.augment.pictures import PictureAugment
from pipeline.dataset import read_split
from pipeline.models.detectors import proposals
from pipeline.models.detectors.proposals import SelectiveSearch, pixels, selective_search, thinned
from pipeline.models.detectors.rcnn import CONTEXT, WARPED_PX, Pooled, Warped
from pipeline.models.detectors.torchvisions import NativeScale
from pipeline.models.layers import widened
from pipeline.work import training_pictures

HEIGHT, WIDTH = 48, 70
BOX = [20.0, 10, 44, 26]


def picture() -> Tensor:
    """A bright rectangle on a dark ground, both a little noisy: uint8 [3, H, W]."""
    noise = torch.randint(0, 20, (3, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    noise[:, 10:26, 20:44] += 200
    return noise


def test_selective_search_finds_what_looks_alike() -> None:
    found = selective_search(picture())
    assert box_iou(torch.tensor([BOX]), found).max() > 0.8
    assert (found[:, :2] >= 0).all() and (found[:, 2:] <= torch.tensor([WIDTH, HEIGHT])).all()
    assert ((found[:, 2:] - found[:, :2]) >= proposals.LEAST_PX).all()


def test_a_search_is_repeated_exactly() -> None:
    """Although OpenCV ranks regions by random numbers, which go on from call to call."""
    assert torch.equal(selective_search(picture()), selective_search(picture()))


@pytest.mark.parametrize("size", [(3, 1, 1), (3, 11, 7)])
def test_pictures_of_nothing(size: tuple[int, ...]) -> None:
    found = selective_search(torch.full(size, 127, dtype=torch.uint8))
    assert found.tolist() == ([] if size[1] < proposals.LEAST_PX else [[0, 0, 7, 11]])


def test_too_many_are_thinned_out_over_all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "TOP", 3)
    sides = torch.tensor([9.0, 5, 1, 7, 3])
    boxes = torch.stack([sides * 0, sides * 0, sides, sides], dim=1)
    assert thinned(boxes)[:, 2].tolist() == [1, 5, 9]
    assert torch.equal(thinned(boxes[:3]), boxes[:3])


def normalised(image: Tensor) -> ImageList:
    transform = NativeScale(1, 1, proposals.MEAN, proposals.DEVIATION)
    batch: ImageList = transform([image.float() / 255])[0]
    return batch


def test_pixels_come_back_from_a_normalised_batch() -> None:
    batch = normalised(picture())
    assert batch.tensors.shape[-2:] == (64, 96)
    assert torch.equal(pixels(batch.tensors[0], batch.image_sizes[0]), picture())


def test_a_picture_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last proposal is the whole picture; of three pictures, two are remembered."""
    seen: list[tuple[int, ...]] = []
    monkeypatch.setattr(proposals, "selective_search", lambda image: seen.append(image.shape) or torch.zeros(0, 4))
    monkeypatch.setattr(proposals, "KNOWN", 2)
    search = SelectiveSearch()
    for n in (0, 0, 1, 2, 1, 0):
        (found,), losses = search(normalised(picture() + n), {})
        assert found.tolist() == [[0, 0, WIDTH, HEIGHT]] and losses == {}
    assert len(seen) == 4
    given = [{"proposals": torch.tensor([BOX])}]
    (found,), _ = search(normalised(picture() + 9), {}, given)
    assert found.tolist() == [BOX, [0, 0, WIDTH, HEIGHT]] and len(seen) == 4


def test_training_pictures_bring_their_proposals(tmp_path: Path) -> None:
    """Searched once, and moved with the crops."""
    data, fit = tiny.write_data(tmp_path / "data"), tiny.fit_of("detector", "rcnn", crop_px=32)
    found = training_pictures(read_split(data / "synthetic" / "detector" / "val.json", data), data, fit)
    assert torch.equal(found.target(0)["proposals"], selective_search(found.images[0]))
    torch.manual_seed(0)
    _, moved = PictureAugment(fit)(found.images, [found.target(n) for n in range(3)])
    assert all(((t["proposals"] >= 0) & (t["proposals"] <= 32)).all() for t in moved)
    assert sum(len(t["proposals"]) for t in moved) > 0


def assigned(name: str, true: list[list[float]], offered: list[list[float]]) -> list[int]:
    """What each proposal is learned as: a category, 0 for background, -1 for nothing."""
    with torch.device("meta"):
        heads: Any = tiny.network("detector", name, 3, 3).roi_heads
    boxes, labels = torch.tensor(true).reshape(-1, 4), torch.full((len(true),), 2)
    _, (found,) = heads.assign_targets_to_proposals([torch.tensor(offered)], [boxes], [labels])
    return [int(n) for n in found]


OFFERED = [[0.0, 0, 10, 10], [0.0, 0, 10, 5], [0.0, 0, 10, 4], [0.0, 0, 10, 1], [0.0, 0, 9, 1], [50.0, 50, 60, 60]]


def test_fast_rcnns_backgrounds_touch_an_object() -> None:
    """IoU with (0, 0, 10, 10): 1, 0.5, 0.4, 0.1, 0.09, 0. Where there is no object, all are backgrounds."""
    assert assigned("fast_rcnn", OFFERED[:1], OFFERED) == [2, 2, 0, 0, -1, -1]
    assert assigned("fast_rcnn", [], OFFERED) == [0] * 6


def test_rcnns_backgrounds_are_all_others() -> None:
    assert assigned("rcnn", OFFERED[:1], OFFERED) == [2, 2, 0, 0, 0, 0]


def test_roi_pooling_takes_whole_features() -> None:
    """Stride 8: (8, 16) to (56, 64) are the features 1 to 7 of the rows 2 to 8, a cell each; four px do not matter."""
    features = torch.arange(12 * 12.0).reshape(1, 1, 12, 12)
    for box in ([8.0, 16, 56, 64], [5.0, 19, 59, 61]):
        found = Pooled()({"0": features}, [torch.tensor([box])], [(96, 96)])
        assert torch.equal(found[0, 0], features[0, 0, 2:9, 1:8])


def test_context() -> None:
    """A proposal of 195 px has 16 px around it, as in the paper."""
    assert widened(torch.tensor([[16.0, 16, 211, 211]]), CONTEXT)[0].tolist() == pytest.approx(
        [0, 0, 227, 227], abs=1e-4
    )


def test_proposals_are_warped_to_squares() -> None:
    """x of pixel middles is what the picture holds: the crop rises evenly over the widened box, 12 to 40 px."""
    ramp = (torch.arange(64.0) + 0.5).expand(1, 3, 48, 64)
    wide = 28 / (227 / 195) / 2
    box = torch.tensor([[26 - wide, 20, 26 + wide, 26]])
    found = Warped()({"0": ramp}, [box], [(48, 64)])
    assert found.shape == (1, 3, WARPED_PX, WARPED_PX)
    steps = 28 / WARPED_PX
    assert found[0, 0, 5].tolist() == pytest.approx([12 + steps * (n + 0.5) for n in range(WARPED_PX)], abs=1e-3)
