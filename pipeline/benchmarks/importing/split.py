"""Which photo goes to train and which to test: never two of one group to different sides."""

import hashlib
from collections.abc import Sequence

from pipeline.errors import InputError

SIDES = ("train", "test")
LEAST = {"train": 2, "test": 1}  # photos; val comes from train too


def by_chance(groups: Sequence[Sequence[int]], hashes: Sequence[str], part: float, seed: int) -> dict[str, list[int]]:
    """Photos of both sides, `part` of them in train, in an order by chance.

    A group's place depends on the pixels of its photos and on the seed: names, and the order of files, change nothing,
    and more photos move few.

    Raises:
        InputError: when the sides cannot have their least numbers of photos.
    """
    total = sum(len(group) for group in groups)
    wanted = min(max(round(total * (1 - part)), LEAST["test"]), total - LEAST["train"])
    sides: dict[str, list[int]] = {side: [] for side in SIDES}
    for group in sorted(groups, key=lambda g: _chance(min(hashes[n] for n in g), seed)):
        fits = len(sides["test"]) + len(group) <= wanted
        sides["test" if fits else "train"] += group
    check_sides(sides, "photos that are not copies of one another")
    return sides


def _chance(pixels: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {pixels}".encode()).hexdigest()


def as_found(
    groups: Sequence[Sequence[int]], splits: Sequence[str | None], hashes: Sequence[str]
) -> dict[str, list[int]]:
    """The source's own sides, in an order by chance; a group that lies on both goes to train.

    Raises:
        InputError: when the sides do not have their least numbers of photos.
    """
    test = "test" if "test" in splits else "val"
    sides: dict[str, list[int]] = {side: [] for side in SIDES}
    for group in sorted(groups, key=lambda g: _chance(min(hashes[n] for n in g), 0)):
        tests = all(splits[n] == test for n in group)
        sides["test" if tests else "train"] += group
    check_sides(sides, "photos in the splits of the source")
    return sides


def has_sides(splits: Sequence[str | None]) -> bool:
    """Whether a source comes split: photos of test, or of val, and others."""
    found = set(splits)
    return len(found) > 1 and bool(found & {"test", "val"})


def check_sides(sides: dict[str, list[int]], what: str) -> None:
    for side, least in LEAST.items():
        if len(sides[side]) < least:
            raise InputError(f"{side}: expected at least {least} {what}, found {len(sides[side])}.")
