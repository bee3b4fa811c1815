"""What a user gets to see when an input is wrong: one line that names it."""

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class InputError(Exception):
    """Something the user gave is wrong. The message names the file or key, what was expected and what was found."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known name, if one is near, and the list of all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"{hint} Known: {', '.join(names)}."


def lookup(registry: Mapping[str, T], name: str, key: str) -> T:
    """The entry `name` of a registry; `key` says where the user wrote the name."""
    if name not in registry:
        raise InputError(f"{key}: expected a known name, found '{name}'.{nearest(name, registry)}")
    return registry[name]


def run(main: Callable[[], None]) -> None:
    """Run a stage: an InputError, or a disk without room, ends it with one line and exit code 1."""
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno is None:
            raise
        sys.exit(f"error: {error.filename or 'file system'}: {error.strerror}")
