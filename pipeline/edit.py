"""Read and change single values in the text of a parameter file: every comment and every other byte stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InputError, lookup
from pipeline.params import Yaml


def with_value(text: str, setting: str, where: str) -> str:
    """The text of a YAML mapping with `a.b.c=value` set, the value as YAML has it; the key must be there.

    A number is a place in a list: `a.uniform.1` is the upper end of {uniform: [low, high]}.

    `where` (a file) starts the error.
    """
    key, equals, value = setting.partition("=")
    if not (equals and value):
        raise InputError(f"SET: expected KEY=VALUE, found '{setting}'.")
    node = _node(text, key, where)
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        raise InputError(f"{where}: {key}: expected a key with a value of one line, found a section.")
    start, end = node.start_mark.index, node.end_mark.index
    return text[:start] + (" " if start == end else "") + value + text[end:]  # start == end: nothing after the colon


def _node(text: str, key: str, where: str) -> Any:
    """The YAML node at `key`."""
    node = yaml.compose(text, Loader=Yaml)
    path = key.split(".")
    for depth, part in enumerate(path):
        children = _children(node)
        if not children:
            raise InputError(f"{where}: {'.'.join(path[:depth])}: expected a section that has '{part}', found a value.")
        node = lookup(children, part, f"{where}: {'.'.join(path[: depth + 1])}")
    return node


def _children(node: Any) -> dict[str, Any]:
    """The nodes of a section by key, those of a list by place from 0."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: value for key, value in node.value}
    return {str(n): value for n, value in enumerate(node.value)} if isinstance(node, yaml.SequenceNode) else {}


def differences(one: Path, other: Path) -> list[str]:
    """Keys a.b.c whose values differ between two parameter files, in the order of the first, then the second.

    Text that is not YAML differs as a whole.
    """
    first, second = _flat(one), _flat(other)
    return [key for key in first | second if key not in first or key not in second or first[key] != second[key]]


def _flat(path: Path) -> dict[str, Any]:
    try:
        return dict(_leaves(yaml.load(path.read_text(encoding="utf-8"), Loader=Yaml), ""))
    except (yaml.YAMLError, UnicodeDecodeError):
        return {"everything": "not YAML"}


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key or "everything", value
