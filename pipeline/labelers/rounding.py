"""How many decimals labels keep: enough for any use, and no digits of 64-bit noise in the files."""

from collections.abc import Iterable

PX = 2
FRACTION = 4
METRES = 6  # also rotations and what belongs to a camera


def rounded(values: Iterable[float], decimals: int) -> list[float]:
    """A list for JSON; -0.0 becomes 0.0."""
    return [round(v, decimals) + 0.0 for v in values]
