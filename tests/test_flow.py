"""Optical flow against values computed by hand: 11x7 px, focal length 10 px, everything 2 m before the camera."""

from typing import Any

import numpy as np
import pytest

from blender.facts.flow import optical_flow, pixels_of, unproject
from pipeline.frame import IDENTITY, Camera

FOCAL_PX, DEPTH_M = 10.0, 2.0
STILL = np.eye(4)


def camera(kind: Any = "perspective") -> Camera:
    """Its axes are those of the world."""
    return Camera(kind, ((FOCAL_PX, 0, 5), (0, FOCAL_PX, 3), (0, 0, 1)), (0,) * 5, IDENTITY)  # type: ignore[arg-type]


def shifted(x: float, y: float = 0.0, z: float = 0.0) -> Any:
    move = np.eye(4)
    move[:3, 3] = x, y, z
    return move


def flow(objects: list[Any], moved_camera: Any = STILL, kind: str = "perspective") -> Any:
    """Instance 1 covers rows 0 and 1, the rest stands still; nothing at all in the last row."""
    ids, depth_m = np.zeros((7, 11), np.uint16), np.full((7, 11), DEPTH_M, np.float32)
    ids[:2], depth_m[-1] = 1, np.inf
    return optical_flow(depth_m, ids, camera(kind), objects, moved_camera)


def test_object_that_slides() -> None:
    """0.4 m * 10 px / 2 m = 2 px to the right; 0.2 m down: 1 px."""
    found = flow([shifted(0.4, 0.2)])
    assert found.shape == (7, 11, 2) and found.dtype == np.float32
    np.testing.assert_allclose(found[:2], np.broadcast_to([2.0, 1.0], (2, 11, 2)), atol=1e-5)
    assert not found[2:].any()


def test_camera_that_slides_moves_everything_the_other_way() -> None:
    found = flow([STILL], shifted(0.2))
    np.testing.assert_allclose(found[:6], np.broadcast_to([-1.0, 0.0], (6, 11, 2)), atol=1e-5)
    assert not found[6].any()  # nothing is seen there


def test_object_and_camera_together_stay_where_they_are() -> None:
    found = flow([shifted(0.2)], shifted(0.2))
    np.testing.assert_allclose(found[:2], 0, atol=1e-5)
    np.testing.assert_allclose(found[2:6, :, 0], -1, atol=1e-5)


def test_coming_nearer_spreads_from_the_principal_point() -> None:
    """From 2 m to 1 m everything is twice as far from (5, 3)."""
    found = flow([STILL], shifted(0, 0, 1.0))
    np.testing.assert_allclose(found[4, 8], [3.0, 1.0], atol=1e-5)
    np.testing.assert_allclose(found[3, 5], [0.0, 0.0], atol=1e-5)


def test_what_passes_behind_the_camera_has_none() -> None:
    """The camera moves 3 m forward, past everything."""
    assert not flow([STILL], shifted(0, 0, 3.0)).any()


def test_quarter_turn_of_the_camera_about_its_axis() -> None:
    """From x towards y, clockwise as y is down: what was 3 px to the right is 3 px above the middle afterwards."""
    turn = np.eye(4)
    turn[:2, :2] = [[0, -1], [1, 0]]
    np.testing.assert_allclose(flow([STILL], turn)[3, 8], [-3.0, -3.0], atol=1e-5)


def test_orthographic_flow_does_not_depend_on_depth() -> None:
    np.testing.assert_allclose(flow([shifted(0.1, 0, 5.0)], kind="orthographic")[0], [[1.0, 0.0]] * 11, atol=1e-5)


@pytest.mark.parametrize("kind", ["perspective", "orthographic"])
def test_there_and_back(kind: str) -> None:
    depth_m = np.random.default_rng(0).uniform(1, 5, (7, 11)).astype(np.float32)
    points = unproject(depth_m, camera(kind))
    np.testing.assert_allclose(points[..., 2], depth_m)
    y, x = np.mgrid[:7, :11]
    np.testing.assert_allclose(pixels_of(points, camera(kind)), np.stack([x, y], axis=-1), atol=1e-9)
