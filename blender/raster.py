"""Which pixel centres lie in a set of triangles: numpy only, as exact as the path tracer's id pass."""

import numpy as np
import numpy.typing as npt

GRID = 500_000  # pixels tried at a time, of all triangles together: bounds the memory to about 60 MB


def fill_triangles(triangles_px: npt.NDArray[np.float64], size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Union of triangles [N, 3, 2] (x, y in px) as a mask [H, W]; the centre of pixel (0, 0) is (0.5, 0.5).

    Triangles may leave the mask. Those without area have no pixels, even if their line meets a centre.
    """
    width_px, height_px = (max(0, side) for side in size_wh)
    mask = np.zeros((height_px, width_px), bool)
    first = np.floor(triangles_px.min(axis=1) + 0.5).astype(np.int64).clip(0)  # [N, 2] first pixel centre inside
    last = np.floor(triangles_px.max(axis=1) - 0.5).astype(np.int64)
    last = np.minimum(last, [width_px - 1, height_px - 1])
    span = (last - first + 1).clip(0)  # [N, 2]
    sides = np.exp2(np.ceil(np.log2(span.max(axis=1).clip(1)))).astype(np.int64)
    real = (span > 0).all(axis=1) & (_doubled_area(triangles_px) != 0)
    for side in np.unique(sides[real]):  # triangles of like size together, each on a grid of side x side pixels
        chosen = np.flatnonzero((sides == side) & real)
        rows = min(int(side), max(1, GRID // int(side)))
        for part in np.array_split(chosen, 1 + len(chosen) * side * rows // GRID):
            for row in range(0, side, rows):
                _fill(mask, triangles_px[part], first[part] + [0, row], last[part], (int(side), rows))
    return mask


def _doubled_area(triangles_px: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[N], negative for those that turn the other way."""
    (ax, ay), (bx, by) = ((triangles_px[:, i] - triangles_px[:, 0]).T for i in (1, 2))
    return np.asarray(ax * by - ay * bx)


def _fill(
    mask: npt.NDArray[np.bool_],
    triangles_px: npt.NDArray[np.float64],
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    grid_wh: tuple[int, int],
) -> None:
    """Fill the pixels of triangles within a grid from `first` on, by the signs of edge functions."""
    grid = np.stack(np.meshgrid(*map(np.arange, grid_wh), indexing="xy"), axis=-1).reshape(1, -1, 2)
    pixels = first[:, None] + grid  # [N, W * H of the grid, 2]
    centres = pixels + 0.5
    edges = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        start, along = triangles_px[:, a, None], (triangles_px[:, b] - triangles_px[:, a])[:, None]
        to_centre = centres - start
        edges.append(along[..., 0] * to_centre[..., 1] - along[..., 1] * to_centre[..., 0])
    signs = np.stack(edges)  # [3, N, W * H of the grid]
    inside = (signs >= 0).all(axis=0) | (signs <= 0).all(axis=0)
    inside &= (pixels <= last[:, None]).all(axis=-1)
    hit = pixels[inside]
    mask[hit[:, 1], hit[:, 0]] = True
