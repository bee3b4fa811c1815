"""Boxes are drawn around the right pixels, in the right colour, and names stay inside of the picture."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor

from pipeline.draw import (
    PREDICTED_COLOUR,
    TRUE_COLOUR,
    Box,
    contact_sheet,
    draw_boxes,
    predicted_boxes,
    true_boxes,
)

GREY = np.full((11, 7, 3), 128, dtype=np.uint8)  # 7 wide, 11 high


def pixels(picture: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(picture)


def where(picture: Image.Image, colour: str) -> set[tuple[int, int]]:
    """(x, y) of all pixels of a colour."""
    rows, columns = np.nonzero((pixels(picture) == ImageColor.getrgb(colour)).all(axis=-1))
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def test_object_is_left_as_it_is() -> None:
    drawn = pixels(draw_boxes(np.full((40, 60, 3), 128, np.uint8), [Box((20, 15, 8, 5))]))
    assert (drawn[15:20, 20:28] == 128).all()
    changed_y, changed_x = np.nonzero((drawn != 128).any(axis=-1))
    # one dark pixel, two coloured ones, one dark: four on each side
    assert (changed_x.min(), changed_x.max()) == (16, 31)
    assert (changed_y.min(), changed_y.max()) == (11, 23)


def test_coloured_lines_lie_two_and_three_pixels_outside() -> None:
    blue = where(draw_boxes(np.full((40, 60, 3), 128, np.uint8), [Box((20, 15, 8, 5))]), TRUE_COLOUR)
    row = sorted(x for x, y in blue if y == 17)
    column = sorted(y for x, y in blue if x == 23)
    assert row == [17, 18, 29, 30]
    assert column == [12, 13, 21, 22]


def test_predicted_box_is_seen_around_the_true_one() -> None:
    box_xywh = (20.0, 15.0, 8.0, 5.0)
    drawn = draw_boxes(np.full((40, 60, 3), 128, np.uint8), [Box(box_xywh), Box(box_xywh, predicted=True)])
    assert sorted(x for x, y in where(drawn, TRUE_COLOUR) if y == 17) == [17, 18, 29, 30]
    assert sorted(x for x, y in where(drawn, PREDICTED_COLOUR) if y == 17) == [14, 15, 32, 33]


def test_box_of_the_whole_picture_keeps_four_sides() -> None:
    blue = where(draw_boxes(GREY, [Box((0, 0, 7, 11))]), TRUE_COLOUR)
    assert {(0, 5), (6, 5), (3, 0), (3, 10)} <= blue


def test_scale_enlarges_picture_and_box() -> None:
    drawn = draw_boxes(np.full((11, 27, 3), 128, np.uint8), [Box((10, 5, 4, 2))], scale=3)
    assert drawn.size == (81, 33)
    row = sorted(x for x, y in where(drawn, TRUE_COLOUR) if y == 17)
    assert row == [27, 28, 43, 44]  # the box covers x from 30 to 41


def test_whole_scale_repeats_pixels_and_other_scales_keep_the_aspect() -> None:
    picture = np.arange(7 * 11, dtype=np.uint8).reshape(11, 7)
    twice = pixels(draw_boxes(picture, [], scale=2))
    assert (twice[..., 0] == picture.repeat(2, axis=0).repeat(2, axis=1)).all()
    assert draw_boxes(picture, [], scale=0.5).size == (4, 6)  # 3.5 and 5.5, to even


def test_picture_given_stays_as_it_is() -> None:
    image = Image.fromarray(GREY)
    draw_boxes(image, [Box((1, 1, 3, 3), "x")])
    draw_boxes(GREY, [Box((1, 1, 3, 3), "x")])
    assert (pixels(image) == 128).all()
    assert (GREY == 128).all()


@pytest.mark.parametrize("box_xywh", [(0, 0, 5, 5), (195, 0, 5, 5), (0, 95, 5, 5), (195, 95, 5, 5)])
@pytest.mark.parametrize("predicted", [False, True])
def test_names_in_corners_are_whole(box_xywh: tuple[int, int, int, int], predicted: bool) -> None:
    """The plate of a name in the middle is found again, pixel by pixel, in a corner."""
    grey = np.full((100, 200, 3), 128, np.uint8)
    middle = draw_boxes(grey, [Box((100, 50, 5, 5), "seven 0.98", predicted)])
    coloured = where(middle, PREDICTED_COLOUR if predicted else TRUE_COLOUR)
    right = max(x for x, _ in coloured)
    top, bottom = (min(y for _, y in coloured), 42) if predicted else (58, max(y for _, y in coloured))
    plate = pixels(middle)[top : bottom + 1, 100 : right + 1]  # beyond the lines around the box
    assert plate.shape[1] > 50
    corner = pixels(draw_boxes(grey, [Box(box_xywh, "seven 0.98", predicted)]))
    parts = np.lib.stride_tricks.sliding_window_view(corner, plate.shape)[:, :, 0]
    assert (parts == plate).all(axis=(2, 3, 4)).any()


def test_true_name_is_below_and_predicted_name_above() -> None:
    grey = np.full((100, 200, 3), 128, np.uint8)
    below = where(draw_boxes(grey, [Box((100, 50, 5, 5), "7")]), TRUE_COLOUR)
    above = where(draw_boxes(grey, [Box((100, 50, 5, 5), "7", predicted=True)]), PREDICTED_COLOUR)
    assert max(y for _, y in below) > 62
    assert min(y for _, y in below) >= 47
    assert min(y for _, y in above) < 38
    assert max(y for _, y in above) == 60  # the lower line


def test_boxes_from_coco() -> None:
    names = {1: "one", 2: "two"}
    annotation = {"bbox": [1, 2, 3, 4.5], "category_id": 2}
    other = annotation | {"bbox": [2, 2, 3, 4.5]}
    guess = annotation | {"score": 0.4, "category_id": 1}  # a second name for the same box
    results = [guess, annotation | {"score": 0.987}, other | {"score": 0.5, "category_id": 1}]
    assert true_boxes([annotation], names) == [Box((1.0, 2.0, 3.0, 4.5), "two")]
    assert [b.text for b in predicted_boxes(results, names)] == ["one 0.50", "two 0.99"]  # the best is drawn last
    assert all(b.predicted for b in predicted_boxes(results, names))


def test_contact_sheet_centres_pictures_in_equal_cells() -> None:
    red, blue = Image.new("RGB", (7, 11), "#ff0000"), Image.new("RGB", (15, 5), "#0000ff")
    sheet = contact_sheet([red, blue, red], columns=2)
    assert sheet.size == (2 * (15 + 8) + 8, 2 * (11 + 8) + 8)
    first = {(x, y) for x in range(12, 19) for y in range(8, 19)}
    third = {(x, y) for x in range(12, 19) for y in range(27, 38)}
    assert where(sheet, "#ff0000") == first | third
    assert where(sheet, "#0000ff") == {(x, y) for x in range(31, 46) for y in range(11, 16)}


def test_contact_sheet_of_fewer_pictures_than_columns() -> None:
    assert contact_sheet([Image.new("RGB", (7, 11))], columns=4).size == (7 + 16, 11 + 16)
