"""Detections of several sources as one answer, by hand."""

import pytest
import torch
from torch import Tensor

from pipeline.merging import merged

Found = list[tuple[list[float], int, float]]  # box xyxy, label, score


def given(found: Found) -> dict[str, Tensor]:
    boxes = torch.tensor([box for box, _, _ in found], dtype=torch.float).reshape(-1, 4)
    labels = torch.tensor([label for _, label, _ in found], dtype=torch.long)
    return {"boxes": boxes, "labels": labels, "scores": torch.tensor([score for _, _, score in found])}


def result(*sources: Found) -> Found:
    found = merged([given(source) for source in sources])
    return list(zip(*(found[key].tolist() for key in ("boxes", "labels", "scores")), strict=True))


def test_one_place_has_one_box_whatever_its_names() -> None:
    """Boxes 4 x 4 and 4 x 5 overlap by 0.8: name 1 has 0.9 in one source alone, name 2 has 0.7 and 0.3."""
    one: Found = [([0, 0, 4, 5], 1, 0.9), ([0, 0, 4, 4], 2, 0.3), ([10, 0, 17, 11], 3, 0.4)]
    other: Found = [([0, 0, 4, 4], 2, 0.7)]
    found = result(one, other)
    lower = (5 * 0.9 + 4 * 0.3 + 4 * 0.7) / 1.9
    assert [label for _, label, _ in found] == [2, 1, 3]
    assert [score for _, _, score in found] == pytest.approx([0.5, 0.45, 0.2])
    assert found[0][0] == found[1][0] == pytest.approx([0, 0, 4, lower])
    assert found[2][0] == pytest.approx([10, 0, 17, 11])


def test_the_best_score_of_a_source_counts() -> None:
    """Two boxes of one name at one place, as a detector without suppression gives them."""
    found = result([([0, 0, 4, 4], 1, 0.8), ([0, 0, 4, 4], 1, 0.2)], [([0, 0, 4, 4], 1, 0.6)])
    assert [(label, round(score, 6)) for _, label, score in found] == [(1, 0.7)]


def test_boxes_that_hardly_overlap_are_two_places() -> None:
    """Of 4 x 4, moved by 2: 8 / 24."""
    found = result([([0, 0, 4, 4], 1, 0.8)], [([2, 0, 6, 4], 1, 0.6)])
    assert [score for _, _, score in found] == pytest.approx([0.4, 0.3])


def test_one_source_stays_as_it_is() -> None:
    own: Found = [([0, 0, 4, 4], 1, 0.75), ([0, 0, 4, 5], 2, 0.5)]
    assert result(own) == own


def test_nothing() -> None:
    assert result([], []) == result([]) == []
    assert [label for _, label, _ in result([], [([1, 2, 3, 9], 2, 0.5)])] == [2]
