"""Which pixel centres lie in a set of triangles: numpy only, as exact as the path tracer's id pass.

Scan conversion: each row of pixel centres meets a triangle in one interval, and the intervals of all triangles are
added up as differences along the row. The cost is that of the rows that triangles span, not of their pixels.
"""

import numpy as np
import numpy.typing as npt

SPANS = 500_000  # rows of triangles at a time, and
CELLS = 2_000_000  # pixels at a time: bound the memory to about 100 MB

Floats = npt.NDArray[np.float64]
Window = tuple[int, int, int, int]  # x0, y0, x1, y1 in px


def covered_px(triangles_px: Floats, window: Window) -> int:
    """How many pixels of a window, as large as it may be, the union of triangles [N, 3, 2] has."""
    x0, y0, x1, y1 = window
    if x1 <= x0 or y1 <= y0:
        return 0
    rows = max(1, CELLS // (x1 - x0))
    bands = ((y, min(y1, y + rows)) for y in range(y0, y1, rows))
    return sum(int(fill_triangles(triangles_px - [x0, top], (x1 - x0, end - top)).sum()) for top, end in bands)


def fill_triangles(triangles_px: Floats, size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Union of triangles [N, 3, 2] (x, y in px) as a mask [H, W]; the centre of pixel (0, 0) is (0.5, 0.5).

    Triangles may leave the mask. Those without area have no pixels, even if their line meets a centre.
    """
    width_px, height_px = (max(0, side) for side in size_wh)
    by_y = np.argsort(triangles_px[..., 1], axis=1)
    triangles = np.take_along_axis(triangles_px, by_y[..., None], axis=1)[_doubled_area(triangles_px) != 0]
    first = np.ceil(triangles[:, 0, 1] - 0.5).clip(0, height_px).astype(np.int64)
    last = np.floor(triangles[:, 2, 1] - 0.5).clip(-1, height_px - 1).astype(np.int64)
    rows = (last - first + 1).clip(0)  # [N]
    starts_less_ends = np.zeros(height_px * (width_px + 1), np.int64)
    for part in np.array_split(np.arange(len(triangles)), 1 + int(rows.sum()) // SPANS):
        starts_less_ends += _differences(triangles[part], first[part], rows[part], (width_px, height_px))
    return np.asarray(starts_less_ends.reshape(height_px, width_px + 1).cumsum(axis=1)[:, :-1] > 0)


def _doubled_area(triangles_px: Floats) -> Floats:
    """[N], negative for those that turn the other way."""
    (ax, ay), (bx, by) = ((triangles_px[:, i] - triangles_px[:, 0]).T for i in (1, 2))
    return np.asarray(ax * by - ay * bx)


def _differences(
    triangles: Floats, first: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], size_wh: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """How many intervals start at each pixel, less those that end before it: [H * (W + 1)]."""
    width_px, height_px = size_wh
    owner = np.repeat(np.arange(len(rows)), rows)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(rows) - rows - first, rows)
    low, middle, high = np.moveaxis(triangles[owner], 1, 0)  # [spans, 2] each, by y
    y = row + 0.5
    beside = np.where((middle[:, 1] > low[:, 1]) & (y <= middle[:, 1]), _cut(low, middle, y), _cut(middle, high, y))
    across = _cut(low, high, y)
    start = np.ceil(np.minimum(across, beside) - 0.5).clip(0, width_px).astype(np.int64)
    end = np.floor(np.maximum(across, beside) - 0.5).clip(-1, width_px - 1).astype(np.int64) + 1
    row, start, end = (a[end > start] for a in (row, start, end))
    count, wide = height_px * (width_px + 1), width_px + 1
    return np.bincount(row * wide + start, minlength=count) - np.bincount(row * wide + end, minlength=count)


def _cut(a: Floats, b: Floats, y: Floats) -> Floats:
    """x at which the lines from a to b (which is not above a) meet y: two triangles get the same x on a shared side."""
    with np.errstate(divide="ignore", invalid="ignore"):  # level sides: never chosen
        return np.asarray(a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1]))
