"""Which pixel centres lie in a set of triangles: numpy only, as exact as the path tracer's id pass."""

import numpy as np
import numpy.typing as npt

LARGEST_PX = 16384  # of a silhouette's side; a triangle that nearly touches the camera could be endless


def fill_triangles(triangles_px: npt.NDArray[np.float64], size_wh: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Union of triangles [N, 3, 2] (x, y in px) as a mask [H, W]; the centre of pixel (0, 0) is (0.5, 0.5)."""
    width_px, height_px = (min(LARGEST_PX, max(1, side)) for side in size_wh)
    mask = np.zeros((height_px, width_px), bool)
    first = np.floor(triangles_px.min(axis=1) + 0.5).astype(np.int64).clip(0)  # [N, 2] first pixel centre inside
    last = np.floor(triangles_px.max(axis=1) - 0.5).astype(np.int64)
    last = np.minimum(last, [width_px - 1, height_px - 1])
    span = (last - first + 1).clip(0)  # [N, 2]
    sides = np.exp2(np.ceil(np.log2(span.max(axis=1).clip(1)))).astype(np.int64)
    for side in np.unique(sides):  # triangles of like size together, each on a grid of side x side pixels
        chosen = np.flatnonzero((sides == side) & (span > 0).all(axis=1))
        for part in np.array_split(chosen, 1 + len(chosen) * side * side // 4_000_000):
            _fill(mask, triangles_px[part], first[part], last[part], int(side))
    return mask


def _fill(
    mask: npt.NDArray[np.bool_],
    triangles_px: npt.NDArray[np.float64],
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    side: int,
) -> None:
    """Fill triangles whose pixels lie in a grid of side x side from `first` on, by the signs of edge functions."""
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="xy"), axis=-1).reshape(1, -1, 2)
    pixels = first[:, None] + grid  # [N, side * side, 2]
    centres = pixels + 0.5
    edges = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        start, along = triangles_px[:, a, None], (triangles_px[:, b] - triangles_px[:, a])[:, None]
        to_centre = centres - start
        edges.append(along[..., 0] * to_centre[..., 1] - along[..., 1] * to_centre[..., 0])
    signs = np.stack(edges)  # [3, N, side * side]
    inside = (signs >= 0).all(axis=0) | (signs <= 0).all(axis=0)
    inside &= (pixels <= last[:, None]).all(axis=-1)
    hit = pixels[inside]
    mask[hit[:, 1], hit[:, 0]] = True
