"""Points and faces of things that are turned on a lathe, with few faces: for files that stay small."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Faces = list[tuple[int, ...]]

SEGMENTS = 24  # around
ANGLES = np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS


def turned(outline: list[tuple[float, float]], corners: Floats | None = None) -> tuple[Floats, Faces]:
    """What an outline of (radius, z), which starts and ends on the axis, leaves when it turns; ring after ring.

    `corners` [SEGMENTS]: the radius around of rings of which the outline's is below 0, for -1.
    """
    circle = np.ones(SEGMENTS)
    around = [(r * circle if r >= 0 or corners is None else -r * corners, z) for r, z in outline[1:-1]]
    rings = [np.column_stack([r * np.cos(ANGLES), r * np.sin(ANGLES), np.full(SEGMENTS, z)]) for r, z in around]
    poles = [(0.0, 0.0, outline[0][1]), (0.0, 0.0, outline[-1][1])]
    foot, top = len(rings) * SEGMENTS, len(rings) * SEGMENTS + 1
    last, steps = foot - SEGMENTS, [(k, (k + 1) % SEGMENTS) for k in range(SEGMENTS)]
    faces: Faces = [(b, a, foot) for a, b in steps]
    faces += bands(len(rings))
    return np.concatenate([*rings, poles]), faces + [(last + a, last + b, top) for a, b in steps]


def bands(rings: int) -> Faces:
    """Squares between each ring and the next."""
    steps = [(k, (k + 1) % SEGMENTS) for k in range(SEGMENTS)]
    starts = [r * SEGMENTS for r in range(rings - 1)]
    return [(s + a, s + b, s + SEGMENTS + b, s + SEGMENTS + a) for s in starts for a, b in steps]
