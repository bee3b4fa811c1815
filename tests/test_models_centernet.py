"""The detector's arithmetic on hand-made heat maps and boxes, on grids that are not square."""

import math

import pytest
import tiny
import torch

from pipeline.models.centernet import STRIDE_PX, _decode_sides, _targets, detections, losses, pad

HEIGHT, WIDTH = 7, 11  # cells
COLD = -20.0  # logit of no object


def target(boxes: list[list[float]], labels: list[int]) -> dict[str, torch.Tensor]:
    return {"boxes": torch.tensor(boxes).reshape(-1, 4), "labels": torch.tensor(labels, dtype=torch.long)}


def heat(*cells_yx: tuple[int, int]) -> torch.Tensor:
    """Logits [7, 11] that name these cells."""
    made = torch.full((HEIGHT, WIDTH), COLD)
    for y, x in cells_yx:
        made[y, x] = 6.0
    return made


def test_sides_become_boxes() -> None:
    """Cell (row 2, column 5) has its centre at (44, 20); logarithms of 0.5, 1, 2, 3 strides are 4, 8, 16, 24 px."""
    raw = torch.zeros(1, 4, HEIGHT, WIDTH)
    raw[0, :, 2, 5] = torch.tensor([0.5, 1.0, 2.0, 3.0]).log()
    assert _decode_sides(raw)[0, 2, 5].tolist() == pytest.approx([40, 12, 60, 44], abs=1e-4)


def test_peaks_become_detections() -> None:
    """Two peaks, the better one first; the box is cut at the border of a picture of 85 x 50 px; labels from 1."""
    boxes = torch.zeros(HEIGHT, WIDTH, 4)
    boxes[2, 5], boxes[6, 10] = torch.tensor([40.0, 12, 60, 44]), torch.tensor([70.0, 40, 99, 66])
    logits = torch.zeros(3, HEIGHT, WIDTH)
    logits[2, 2, 5], logits[0, 6, 10] = 9.0, 3.0
    found = detections(heat((2, 5), (6, 10)), logits, boxes, size_hw=(50, 85))
    first, second = [40, 12, 60, 44], [70, 40, 85, 50]
    assert found["boxes"].tolist() == [first, second, second, second]
    assert found["labels"].tolist() == [3, 1, 2, 3]
    peak = 1 / (1 + math.exp(-6))
    sure, guess = [math.exp(9) / (math.exp(9) + 2), math.exp(3) / (math.exp(3) + 2)], 1 / (math.exp(3) + 2)
    assert found["scores"].tolist() == pytest.approx([peak * s for s in [*sure, guess, guess]], abs=1e-5)


def test_a_neighbour_of_a_peak_is_no_detection() -> None:
    warm = heat((2, 5))
    warm[2, 6] = 5.0
    boxes = torch.tensor([0.0, 0, 8, 8]).expand(HEIGHT, WIDTH, 4)
    assert len(detections(warm, torch.zeros(1, HEIGHT, WIDTH), boxes, (56, 88))["scores"]) == 1


def test_a_cell_of_the_padding_is_no_detection() -> None:
    """A box that lies beside the picture has nothing left when it is cut at the border."""
    boxes = torch.tensor([60.0, 8, 80, 24]).expand(HEIGHT, WIDTH, 4)
    assert len(detections(heat((2, 9)), torch.zeros(3, HEIGHT, WIDTH), boxes, size_hw=(56, 60))["scores"]) == 0


def test_targets_of_two_boxes() -> None:
    """Middles (20, 12) and (76, 46): cells (row 1, column 2) and (row 5, column 9)."""
    boxes = [[12.0, 4, 28, 20], [70.0, 40, 82, 52]]
    wanted, weight, label, box = _targets(torch.zeros(1, HEIGHT, WIDTH), [target(boxes, [2, 3])])
    assert wanted[0, 1, 2] == 1 and wanted[0, 5, 9] == 1
    assert (wanted == 1).sum() == 2
    assert (label[0, 1, 2], label[0, 5, 9]) == (1, 2)
    assert box[0, 1, 2].tolist() == boxes[0] and box[0, 5, 9].tolist() == boxes[1]
    assert (weight[wanted <= 0.5] == 0).all()
    assert wanted[0, 1, 3] == pytest.approx(math.exp(-((STRIDE_PX / (STRIDE_PX / 2)) ** 2) / 2))  # a cell beside it


def test_better_predictions_cost_less() -> None:
    """Of each part: nearly nothing when right, more when a bit off, most when wrong."""
    truth = [[12.0, 4, 28, 20], [70.0, 40, 82, 52]]
    one = target(truth, [1, 3])
    _, _, label, box = _targets(torch.zeros(1, HEIGHT, WIDTH), [one])
    right = torch.nn.functional.one_hot(label, 3).permute(0, 3, 1, 2) * 20.0
    peaks, wrong = heat((1, 2), (5, 9))[None], heat((0, 0))[None]
    perfect = losses(peaks, right, box, [one])
    assert all(0 <= float(v) < 0.01 for v in perfect.values()), perfect
    a_bit_off = losses(peaks * 0.3, right * 0.1, box + 2, [one])
    all_wrong = losses(wrong, -right, box + 40, [one])
    assert all(perfect[k] < a_bit_off[k] < all_wrong[k] for k in perfect)


def test_pictures_without_objects_have_a_loss() -> None:
    """Only the heat map is told anything: nothing is there."""
    parts = losses(heat()[None], torch.zeros(1, 3, HEIGHT, WIDTH), torch.zeros(1, HEIGHT, WIDTH, 4), [target([], [])])
    assert {k: round(float(v), 6) for k, v in parts.items()} == {"where": 0, "what": 0, "box": 0}


def test_padding_is_right_and_below() -> None:
    batch, sizes_hw = pad([torch.ones(3, 33, 47), torch.ones(3, 16, 56)])
    assert batch.shape == (2, 3, 40, 56)
    assert sizes_hw == [(33, 47), (16, 56)]
    assert (batch[0, :, :33, :47] == 1).all() and (batch[0, :, 33:] == 0.5).all() and (batch[0, :, :, 47:] == 0.5).all()


def test_a_larger_neighbour_moves_no_boxes() -> None:
    """Alone and beside a larger picture: the same cells give the same boxes, far from the padding."""
    torch.manual_seed(0)
    network = tiny.network("detector", "centernet_tiny", 3, 3).eval()
    for head in (network.where, network.what, network.sides):
        torch.nn.init.normal_(head[-1].weight, std=0.3)
    small, large = torch.rand(3, 120, 200), torch.rand(3, 200, 240)
    with torch.no_grad():
        alone, beside = network([small])[0], network([small, large])[0]
    inner = [
        {tuple(b) for b in f["boxes"].round(decimals=2).tolist() if b[2] < 120 and b[3] < 60} for f in (alone, beside)
    ]
    assert len(inner[0]) >= 3
    assert inner[0] == inner[1]
