"""Masks, keypoints and 3D boxes are drawn where the labels say."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor
from pycocotools import mask as coco_mask

from pipeline.draw import EDGE_COLOUR, TRUE_COLOUR
from pipeline.overlay import FILL, colour_of, draw_labels, tint_masks
from pipeline.project import box_edges, distort, project, radius_of

CAMERA: dict[str, Any] = {
    "kind": "perspective",
    "intrinsics": [[10, 0, 39.5], [0, 10, 29.5], [0, 0, 1]],  # of 80x60 px
    "distortion": [0, 0, 0, 0, 0],
}


def rle(mask: npt.NDArray[np.bool_]) -> Any:
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))


def where(picture: Image.Image, colour: str) -> set[tuple[int, int]]:
    """(x, y) of all pixels of a colour."""
    rows, columns = np.nonzero((np.asarray(picture) == ImageColor.getrgb(colour)).all(axis=-1))
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def grey(width_px: int, height_px: int) -> npt.NDArray[np.uint8]:
    return np.full((height_px, width_px, 3), 128, np.uint8)


@pytest.mark.parametrize("scale", [1, 3])
def test_masks_are_tinted_within_a_border_of_full_colour(scale: int) -> None:
    """A mask of 4x5 px in a picture of 7x11: the border is one pixel wide at any scale."""
    mask = np.zeros((11, 7), bool)
    mask[2:7, 1:5] = True
    picture = Image.fromarray(grey(7 * scale, 11 * scale))
    drawn = np.asarray(tint_masks(picture, [rle(mask)])).astype(int)
    colour = np.array(ImageColor.getrgb(colour_of(0)))
    inner, outer = np.zeros((2, 11 * scale, 7 * scale), bool)
    outer[2 * scale : 7 * scale, scale : 5 * scale] = True
    inner[2 * scale + 1 : 7 * scale - 1, scale + 1 : 5 * scale - 1] = True
    assert (drawn[outer & ~inner] == colour).all()
    assert np.abs(drawn[inner] - ((1 - FILL) * 128 + FILL * colour)).max() <= 0.5
    assert (drawn[~outer] == 128).all()


def test_a_mask_cut_by_the_border_has_no_border_line_there() -> None:
    mask = np.zeros((11, 7), bool)
    mask[:, :4] = True
    drawn = tint_masks(Image.fromarray(grey(7, 11)), [rle(mask)])
    assert where(drawn, colour_of(0)) == {(3, y) for y in range(11)}


def test_every_annotation_has_its_colour_and_the_picture_stays() -> None:
    masks = [np.zeros((11, 7), bool) for _ in range(2)]
    masks[0][1:3, 1:3], masks[1][5:7, 4:6] = True, True
    picture = grey(7, 11)
    drawn = tint_masks(Image.fromarray(picture), [rle(masks[0]), None, rle(masks[1])])
    assert where(drawn, colour_of(0)) == {(1, 1), (2, 1), (1, 2), (2, 2)}
    assert where(drawn, colour_of(2)) == {(4, 5), (5, 5), (4, 6), (5, 6)}
    assert (picture == 128).all()


def annotation(**fields: Any) -> dict[str, Any]:
    return {"category_id": 1, "bbox": [30, 20, 20, 20], **fields}


def test_keypoints_seen_are_dots_hidden_ones_rings_and_others_left_out() -> None:
    """COCO's (19.5, 9.5) is the point (20, 10) between four pixels; at scale 2 it is (40, 20)."""
    points = [19.5, 9.5, 2, 49.5, 9.5, 1, 0, 0, 0]
    drawn = draw_labels(grey(80, 60), [annotation(keypoints=points)], {1: ""}, scale=2)
    coloured = where(drawn, colour_of(0))
    assert {(40, 20), (41, 20), (39, 20), (40, 22)} <= coloured
    assert not {(100, 20), (99, 20), (100, 21)} & coloured and {(97, 20), (103, 20)} <= coloured
    assert all(35 <= x <= 45 or 95 <= x <= 105 for x, _ in coloured)
    assert where(drawn, EDGE_COLOUR)


def test_boxes_are_scaled() -> None:
    drawn = draw_labels(grey(80, 60), [annotation()], {1: ""}, scale=2)
    assert sorted(x for x, y in where(drawn, TRUE_COLOUR) if y == 50) == [57, 58, 101, 102]  # around 60 .. 99


def cube(z_m: float) -> dict[str, Any]:
    """A cube with sides of 2 m, turned half about the optical axis, its front z_m - 1 before the camera."""
    pose = {"rotation": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]], "translation_m": [0, 0, z_m]}
    return annotation(pose=pose, bbox_3d={"centre_m": [0, 0, 0], "size_m": [2, 2, 2]})


def test_3d_boxes_are_drawn_edge_by_edge() -> None:
    """The front at 2 m is 10 px wide about the middle (40, 30), the back at 4 m 5 px."""
    drawn = draw_labels(grey(80, 60), [cube(3.0)], {1: ""}, camera=CAMERA)
    coloured = where(drawn, colour_of(0))
    assert {(35, 30), (45, 30), (40, 25), (40, 35)} <= coloured
    assert any((x, 30) in coloured for x in (37, 38)) and any((x, 30) in coloured for x in (42, 43))
    assert {x for x, _ in coloured} <= set(range(35, 46)) and {y for _, y in coloured} <= set(range(25, 36))


def test_without_a_camera_or_3d_labels_no_3d_box_is_drawn() -> None:
    for labels, camera in ((cube(3.0), None), (annotation(), CAMERA)):
        assert not where(draw_labels(grey(80, 60), [labels], {1: ""}, camera=camera), colour_of(0))


def test_edges_behind_the_camera_are_left_out() -> None:
    """The camera stands within the cube: the four edges before it are drawn, without an error."""
    coloured = where(draw_labels(grey(80, 60), [cube(0.0)], {1: ""}, camera=CAMERA), colour_of(0))
    assert coloured and {x for x, _ in coloured} <= set(range(30, 51))


def test_projection_in_perspective() -> None:
    points = project([(0, 0, 2), (0.2, -0.4, 2), (1, 1, 0), (1, 1, -1)], CAMERA)
    np.testing.assert_allclose(points[:2], [(40, 30), (41, 28)])
    assert np.isnan(points[2:]).all()


def test_projection_without_perspective() -> None:
    points = project([(1, -2, 5), (1, -2, -5)], CAMERA | {"kind": "orthographic"})
    np.testing.assert_allclose(points, [(50, 10), (50, 10)])


def test_distortion_by_hand() -> None:
    """At (0.5, 0): r2 = 0.25, so k1 = 0.4 gives 1.1, k2 = 0.16 0.01 more, k3 = 0.64 another 0.01."""
    point = np.array([[0.5, 0.0]])
    np.testing.assert_allclose(distort(point, (0.4, 0, 0, 0, 0)), [[0.55, 0]])
    np.testing.assert_allclose(distort(point, (0.4, 0.16, 0, 0, 0.64)), [[0.56, 0]])
    np.testing.assert_allclose(distort(point, (0, 0, 0.1, 0.2, 0)), [[0.5 + 0.2 * 0.75, 0.1 * 0.25]])


@pytest.mark.parametrize(
    ("distortion", "radius"),
    [
        ((0, 0, 0, 0, 0), np.inf),
        ((0.4, 0.1, 0, 0, 0.1), np.inf),
        ((-1, 0, 0, 0, 0), 3**-0.5),  # 1 - 3 r² = 0
        ((0, -0.2, 0, 0, 0), 1),  # 1 - 5 r⁴ = 0
        ((0, 0, 0.3, 0.4, 0), 1 / 3),  # 1 - 6 * 0.5 r = 0
    ],
)
def test_where_a_lens_ends(distortion: tuple[float, ...], radius: float) -> None:
    assert radius_of(distortion) == pytest.approx(radius)


def test_beyond_the_lens_nothing_folds_back_into_the_picture() -> None:
    """At k1 = -1 the lens ends at 0.577; the formula alone would put 0.9 m at depth 1 to 0.9 * 0.19, next to 0.18 m."""
    barrel = CAMERA | {"distortion": [-1, 0, 0, 0, 0]}
    points = project([(0.5, 0, 1), (0.9, 0, 1)], barrel)
    np.testing.assert_allclose(points, [(40 + 10 * 0.375, 30), (np.nan, np.nan)])


def test_edges_beyond_the_lens_are_left_out() -> None:
    """The cube's back, at depth 4, reaches the radius 0.35, its front, at depth 2, the radius 0.71."""
    near = {"intrinsics": [[40, 0, 39.5], [0, 40, 29.5], [0, 0, 1]], "distortion": [-1, 0, 0, 0, 0]}
    drawn = draw_labels(grey(80, 60), [cube(3.0)], {1: ""}, camera=CAMERA | near)
    side_px = 40 * 0.25 * (1 - 0.0625)  # to the middle of the back's edges; the front's would lie at 15
    coloured = where(drawn, colour_of(0))
    assert coloured and max(abs(x - 40) for x, _ in coloured) <= side_px + 1


def test_edges_of_a_box() -> None:
    edges = box_edges((1, 2, 3), (2, 4, 6), steps=2)
    assert edges.shape == (12, 3, 3)
    lengths = np.linalg.norm(edges[:, 2] - edges[:, 0], axis=1)
    assert sorted(lengths) == [2] * 4 + [4] * 4 + [6] * 4
    np.testing.assert_allclose(edges[:, 1], edges[:, [0, 2]].mean(axis=1))
    assert {tuple(p) for p in edges[:, 0]} | {tuple(p) for p in edges[:, 2]} == {
        (x, y, z) for x in (0, 2) for y in (0, 4) for z in (0, 6)
    }
