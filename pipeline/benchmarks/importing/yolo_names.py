"""The names of YOLO's classes: every tool has another file for them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.benchmarks.importing.labels import text_of
from pipeline.benchmarks.importing.tree import Tree
from pipeline.errors import InputError

LISTS = ("classes.txt", "obj.names", "predefined_classes.txt")  # a name on each line
WANTED = "data.yaml or dataset.yaml with 'names', obj.names or another *.names, classes.txt"


@dataclass(frozen=True)
class Classes:
    """Names by index, and the files that say so."""

    by_index: dict[int, str]
    files: list[Path]
    keypoints: bool  # lines go on with keypoints after the box

    @property
    def names(self) -> list[str]:
        return [name for _, name in sorted(self.by_index.items())]

    @property
    def shown(self) -> str:
        return str(self.files[0])


def find_classes(tree: Tree) -> Classes:
    """The classes of a source. Raises InputError when no file, or an unreadable one, names them, or two disagree."""
    found = {path: names for path in tree.files if (names := _names_of(path)) is not None}
    if not found:
        raise InputError(f"{tree.root}: expected the names of the classes, found none of: {WANTED}.")
    (first, names), *others = found.items()
    for path, other in others:
        if other != names:
            raise InputError(f"{path}: expected the classes of {first}, {list(names.values())}, found {other}.")
    if not names or len(set(names.values())) < len(names):
        raise InputError(f"{first}: expected one name or more, each once, found {list(names.values())}.")
    return Classes(names, list(found), any("kpt_shape" in _yaml(path) for path in found))


def _names_of(path: Path) -> dict[int, str] | None:
    """Index -> name, or None for files that are something else."""
    if path.name.lower() in LISTS or path.suffix.lower() == ".names":
        return {n: line.strip() for n, line in enumerate(text_of(path).splitlines()) if line.strip()}
    names = _yaml(path).get("names")
    if isinstance(names, dict) and all(isinstance(index, int) for index in names):
        return {index: str(name) for index, name in sorted(names.items())}
    return {n: str(name) for n, name in enumerate(names)} if isinstance(names, list) else None


def _yaml(path: Path) -> dict[str, Any]:
    if path.suffix.lower() not in (".yaml", ".yml"):
        return {}
    try:
        found = yaml.safe_load(text_of(path))
    except yaml.YAMLError as error:
        raise InputError(f"{path}: expected YAML, found damaged one: {' '.join(str(error).split())}.") from None
    return found if isinstance(found, dict) else {}
