"""Folders that a stage writes whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yields an empty folder of the same name to write into, which takes the place of `out` at the end.

    When the body raises, `out` stays as it was and nothing is left over.
    """
    room = out.with_name(f".{out.name}.part")
    shutil.rmtree(room, ignore_errors=True)
    new = room / out.name
    new.mkdir(parents=True)
    try:
        yield new
        if out.exists():
            out.rename(room / f"{out.name}.old")
        new.rename(out)
    finally:
        shutil.rmtree(room, ignore_errors=True)
