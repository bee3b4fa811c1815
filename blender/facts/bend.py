"""Triangles seen through a lens: straight edges bend, so they are cut into pieces that are nearly straight."""

from collections.abc import Callable
from functools import partial

import numpy as np

from blender.picture.lens import Floats, Intrinsics, Lens, focal_and_centre, lens_of
from pipeline.frame import Camera

Bend = Callable[[Floats], Floats]  # triangles [N, 3, 2] in px -> [M, 3, 2]

PIECES = 32  # of a focal length: the bow of a piece's edge is then below a tenth of a pixel at 1000 px and k1 = -0.2
REACH = 2  # picture sides beyond the border: farther out nothing is cut, the pieces could be endlessly many


def bend_of(camera: Camera, size_wh: tuple[int, int]) -> Bend | None:
    """What the camera's lens does to projected triangles; None if nothing."""
    lens = lens_of(camera)
    return partial(bend, lens=lens, intrinsics=camera.intrinsics, size_wh=size_wh) if lens else None


def bend(triangles_px: Floats, lens: Lens, intrinsics: Intrinsics, size_wh: tuple[int, int]) -> Floats:
    """Undistorted triangles [N, 3, 2] in px -> distorted pieces [M, 3, 2].

    Pieces that reach beyond the lens's radius are left out.
    """
    longest_px = float(focal_and_centre(intrinsics)[0].min()) / PIECES
    reach_px = REACH * max(size_wh)
    window = np.array([[-reach_px, -reach_px], np.add(size_wh, reach_px)], np.float64)
    bent = lens.distort_px(subdivide(triangles_px, longest_px, window), intrinsics)
    return np.asarray(bent[np.isfinite(bent).all(axis=(1, 2))])


def subdivide(triangles_px: Floats, longest_px: float, window: Floats | None = None) -> Floats:
    """Halve the longest edges of triangles [N, 3, 2] until none is longer than `longest_px`: [M, 3, 2].

    Whether an edge is halved depends on its own length alone, so that neighbours stay without gaps. Triangles whose
    bounding box does not meet the window [[x0, y0], [x1, y1]] stay as they are.
    """
    done, todo = [], triangles_px
    while len(todo):
        edges = np.linalg.norm(np.roll(todo, -1, axis=1) - todo, axis=-1)  # [N, 3], edge i from corner i to i + 1
        large = edges.max(axis=1) > longest_px
        if window is not None:
            large &= ((todo.max(axis=1) >= window[0]) & (todo.min(axis=1) <= window[1])).all(axis=1)
        done.append(todo[~large])
        todo = _halve(todo[large], edges[large].argmax(axis=1))
    return np.concatenate(done) if done else triangles_px


def _halve(triangles_px: Floats, edge: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    """Cut each triangle at the middle of one edge: [N, 3, 2] -> [2 N, 3, 2]."""
    a, b, c = (np.take_along_axis(triangles_px, ((edge + i) % 3)[:, None, None], axis=1)[:, 0] for i in range(3))
    middle = (a + b) / 2
    return np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
