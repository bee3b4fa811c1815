"""Best, typical and worst photos, on made-up matches and on the tree of the report."""

from pathlib import Path

import pytest
import tiny
from PIL import Image
from report_tree import write_tree

from pipeline import ranked
from pipeline.errors import InputError
from pipeline.matching import Matched, match
from pipeline.runs import results_of


def image(objects: int, found: int, false: int = 0) -> Matched:
    """An image with objects in a row, the first ones found, and boxes where nothing is."""
    truth = [{"image_id": 1, "category_id": 1, "bbox": [20.0 * n, 0.0, 7.0, 11.0]} for n in range(objects)]
    boxes = [[20.0 * n, 0.0, 7.0, 11.0] for n in range(found)] + [[20.0 * n, 50.0, 7.0, 11.0] for n in range(false)]
    return match(truth, [{"image_id": 1, "category_id": 1, "bbox": b, "score": 0.9} for b in boxes])


def test_the_ranks_share_no_photo_and_more_objects_come_first() -> None:
    matches = {1: image(1, 1), 2: image(3, 3), 3: image(4, 3), 4: image(2, 1), 5: image(2, 0), 6: image(1, 0)}
    assert ranked.ranked(matches, 2) == {"best": [2, 1], "typical": [3, 4], "worst": [5, 6]}
    with pytest.raises(InputError, match="--count: expected at most 2 for 6 photos, found 3"):
        ranked.ranked(matches, 3)


def test_the_least_score_is_never_chosen_on_the_test_split(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    predictions = results_of(root / "results", "detector", "synthetic") / "predictions"
    before = ranked.least_score(root / "data", predictions)
    (predictions / "real_test.json").write_text("[]", encoding="utf-8")
    assert ranked.least_score(root / "data", predictions) == before


def test_the_command_draws_a_sheet(tmp_path: Path) -> None:
    root = write_tree(tmp_path)
    results = results_of(root / "results", "detector", "synthetic")
    out = tmp_path / "pictures" / "ranked.png"
    tiny.call(ranked.main, "--data", root / "data", "--results", results, "--count", 1, "--out", out)
    with Image.open(out) as sheet:
        assert sheet.width > 3 * 32
