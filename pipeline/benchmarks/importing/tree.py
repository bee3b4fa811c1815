"""The files of a source, and the photo that a label means: tools name photos in many ways."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError

# HEIC is not read, but named in a clear message
PHOTOS = {".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".avif", ".heic", ".heif"}
SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Tree:
    """A folder and what is below it, without hidden files and those that macOS adds to archives."""

    root: Path

    @cached_property
    def files(self) -> list[Path]:
        found = (p for p in sorted(self.root.rglob("*")) if p.is_file())
        return [p for p in found if not any(part[0] == "." or part == "__MACOSX" for part in self.parts(p))]

    @cached_property
    def photos(self) -> list[Path]:
        return [p for p in self.files if p.suffix.lower() in PHOTOS]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found = defaultdict(list)
        for path in self.photos:
            found[path.name].append(path)
            found[path.stem].append(path)
        return dict(found)

    def parts(self, path: Path) -> tuple[str, ...]:
        return path.relative_to(self.root).parts

    def with_suffix(self, *suffixes: str) -> list[Path]:
        return [p for p in self.files if p.suffix.lower() in suffixes]

    def photo(self, name: str, where: str) -> Path:
        """The photo that a label calls `name`, with or without folders of the machine that it was made on.

        Raises:
            InputError: when there is none, or several fit equally well.
        """
        wanted = PurePosixPath(name.replace("\\", "/")).parts
        fitting = self._by_name.get(wanted[-1] if wanted else "", [])
        same = {path: _same_end(self.parts(path.with_suffix("")), _without_suffix(wanted)) for path in fitting}
        best = [path for path, length in same.items() if length == max(same.values())]
        if not best:
            raise InputError(f"{where}: expected the photo {name!r} in {self.root}, found none of that name.")
        if len(best) > 1:
            found = ", ".join(str(p.relative_to(self.root)) for p in best)
            raise InputError(f"{where}: expected one photo {name!r} in {self.root}, found {found}.")
        return best[0]

    def split_of(self, path: Path, stem: bool = False) -> str | None:
        """The split that the folders of a file name, or its own name too."""
        *folders, name = self.parts(path)
        words = re.split(r"[\W_]+", " ".join([*folders, *([Path(name).stem] if stem else [])]).lower())
        return next((SPLITS[word] for word in reversed(words) if word in SPLITS), None)


def _without_suffix(parts: tuple[str, ...]) -> tuple[str, ...]:
    last = PurePosixPath(parts[-1])
    return (*parts[:-1], last.stem if last.suffix.lower() in PHOTOS else last.name)


def _same_end(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """How many of the last parts agree."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))
