"""The same photo twice: equal pixels, or a copy that was saved, scaled or brightened anew."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

HASH_PX = 8  # of dHash: 64 bits
HASH_BITS = 10  # that may differ between copies of one photo: N. Krawetz's advice, see `look_at`
SMALL_PX = 32
# The largest difference of grey levels on a picture of 32x32 px, without that of the means. Copies of 40 photos of
# dice, scaled to half and saved at JPEG quality 50, or 10 % brighter, came to 5 to 15; different photos of dice on one
# table to 45 and more, while dHash took many of them for copies.
SMALL_DIFFERENCE = 20


@dataclass(frozen=True)
class Look:
    """What a photo looks like, small enough to keep of all of them."""

    pixels: str  # SHA-256 of size and pixels
    bits: npt.NDArray[np.bool_]  # [64]
    small: npt.NDArray[np.float32]  # [32, 32], grey levels less their mean


def look_at(rgb: npt.NDArray[np.uint8]) -> Look:
    """Hashes of a photo [H, W, 3].

    `bits` is dHash: whether each pixel of a small grey picture is brighter than its left neighbour (N. Krawetz, Kind of
    Like That, 2013, hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html).
    """
    size = np.array(rgb.shape, np.int64).tobytes()
    grey = Image.fromarray(rgb).convert("L")
    columns = _shrunk(grey, HASH_PX + 1, HASH_PX)
    small = _shrunk(grey, SMALL_PX, SMALL_PX)
    return Look(
        pixels=hashlib.sha256(size + rgb.tobytes()).hexdigest(),
        bits=(columns[:, 1:] > columns[:, :-1]).ravel(),
        small=small - small.mean(),
    )


def _shrunk(grey: Image.Image, width_px: int, height_px: int) -> npt.NDArray[np.float32]:
    return np.asarray(grey.resize((width_px, height_px), Image.Resampling.BOX), np.float32)


def groups_of(looks: Sequence[Look]) -> list[list[int]]:
    """Places of photos that belong together, in their order; most groups are of one photo."""
    group = list(range(len(looks)))
    bits = np.array([look.bits for look in looks]).reshape(len(looks), -1)
    for n in range(len(looks)):
        for other in np.flatnonzero((bits[:n] != bits[n]).sum(axis=1) <= HASH_BITS):
            if np.abs(looks[n].small - looks[other].small).max() <= SMALL_DIFFERENCE:
                old, new = sorted((group[n], group[other]), reverse=True)
                group = [new if g == old else g for g in group]
    return [[n for n, g in enumerate(group) if g == first] for first in dict.fromkeys(group)]
