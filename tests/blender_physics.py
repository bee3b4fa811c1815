"""Things that fall come to rest, on the ground and on each other, and never in each other. Run by test_blender.py."""

import itertools
import math

import bpy
import numpy as np
import numpy.typing as npt
import pytest
from worlds import start

from blender.objects.hulls import DIRECTIONS, centroid, fibonacci_sphere, support_points
from blender.objects.physics import settle

Floats = npt.NDArray[np.float64]

BOX: Floats = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
BALL: Floats = fibonacci_sphere(2000) / 2
DEEP = 0.02  # of a size: how far things may sink into each other


@pytest.fixture(autouse=True)
def blender() -> None:
    start((40, 30))


def stack(count: int, step_m: float, scale: float = 1.0) -> list[Floats]:
    """Places above each other, each a little aside and turned in its own way."""
    rng = np.random.default_rng(0)
    starts = []
    for number in range(count):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        pose = np.eye(4)
        pose[:3, :3] = turn * np.linalg.det(turn)
        pose[:3, 3] = scale * np.array([*rng.uniform(-0.1, 0.1, 2), (number + 1) * step_m])
        starts.append(pose)
    return starts


def at_rest(poses: list[Floats | None]) -> list[Floats]:
    found = [p for p in poses if p is not None]
    assert len(found) == len(poses)
    return found


def points_of(pose: Floats, cloud: Floats) -> Floats:
    return cloud @ pose[:3, :3].T + pose[:3, 3]


def depth_of_boxes(a: Floats, b: Floats, edge_m: float) -> float:
    """How far two cubes sink into each other, m; negative for the gap between them: by the separating axis theorem,
    over the normals of their faces and the cross products of their edges."""
    crossed = [np.cross(x, y) for x in a[:3, :3].T for y in b[:3, :3].T]
    axes = [*a[:3, :3].T, *b[:3, :3].T, *(c / np.linalg.norm(c) for c in crossed if np.linalg.norm(c) > 1e-3)]
    one, other = points_of(a, BOX * edge_m), points_of(b, BOX * edge_m)
    return float(min(min((one @ n).max() - (other @ n).min(), (other @ n).max() - (one @ n).min()) for n in axes))


@pytest.mark.parametrize("edge_m", [0.01, 0.5])
def test_a_heap_of_cubes_rests_without_overlap(edge_m: float) -> None:
    poses = at_rest(settle([BOX * edge_m] * 12, stack(12, step_m=2.0, scale=edge_m)))
    assert min(points_of(p, BOX * edge_m)[:, 2].min() for p in poses) > -DEEP * edge_m
    assert max(depth_of_boxes(a, b, edge_m) for a, b in itertools.combinations(poses, 2)) < DEEP * edge_m
    again = at_rest(settle([BOX * edge_m] * 12, poses))
    moved = max(np.abs(a[:3, 3] - b[:3, 3]).max() for a, b in zip(poses, again, strict=True))
    assert moved < 2 * DEEP * edge_m  # what rests stays


def test_balls_rest_side_by_side() -> None:
    poses = at_rest(settle([BALL * 0.1] * 8, stack(8, step_m=1.2, scale=0.1)))
    places = np.array([p[:3, 3] for p in poses])
    assert places[:, 2] == pytest.approx(0.05, abs=0.05 * 2 * DEEP)
    assert min(math.dist(a, b) for a, b in itertools.combinations(places, 2)) > 0.1 * (1 - DEEP)


def test_the_same_start_gives_the_same_end() -> None:
    clouds, starts = [BOX, BALL] * 3, stack(6, step_m=1.5)
    first, second = (at_rest(settle(clouds, starts)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_a_card_falls_flat_and_not_through() -> None:
    """Cards without any thickness, one upright; each twice as long as wide."""
    card = BOX * (2.0, 1.0, 0.0)
    poses = at_rest(settle([card] * 4, stack(4, step_m=1.5)))
    for pose in poses:
        assert points_of(pose, card)[:, 2].min() > -DEEP


def test_things_of_any_origin_fall_by_their_centre_of_mass() -> None:
    """A cube whose origin is a corner of its foot: it falls straight down, and its origin comes to rest at height 0."""
    begin = np.eye(4)
    begin[:3, 3] = (0.2, 0.3, 1.0)
    (pose,) = at_rest(settle([BOX + 0.5], [begin]))
    np.testing.assert_allclose(pose[:2, 3], (0.2, 0.3), atol=0.01)
    assert pose[2, 3] == pytest.approx(0.0, abs=0.03)
    np.testing.assert_allclose(pose[:3, :3], np.eye(3), atol=0.01)


def test_nothing_of_the_simulation_is_left() -> None:
    def counts() -> dict[str, int]:
        kinds = ("scenes", "objects", "meshes", "collections", "actions", "node_groups")
        return {kind: len(getattr(bpy.data, kind)) for kind in kinds}

    before, frame = counts(), bpy.context.scene.frame_current
    settle([BOX] * 3, stack(3, step_m=2.0))
    assert counts() == before
    assert bpy.context.scene.rigidbody_world is None and bpy.context.scene.frame_current == frame


def test_the_centre_of_mass_of_a_cone_is_a_quarter_up() -> None:
    """And the mean of its points is not: they are at the foot, but for one."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    cone = np.vstack([np.column_stack([np.cos(turn), np.sin(turn), np.zeros(64)]), [[0.0, 0.0, 1.0]]])
    np.testing.assert_allclose(centroid(cone), (0.0, 0.0, 0.25), atol=1e-9)
    np.testing.assert_allclose(centroid(cone[:-1] + 0.5), (0.5, 0.5, 0.5), atol=1e-9)  # flat


def test_support_points_keep_corners_and_thin_out_what_is_round() -> None:
    filled = np.vstack([BOX, BOX * 0.9, np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3))])
    np.testing.assert_allclose(support_points(filled), np.unique(BOX, axis=0))
    assert 100 <= len(support_points(BALL)) <= DIRECTIONS
