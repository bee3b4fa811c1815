"""Other values for keys of params.yaml: put in, read, and checked before anything runs."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

import yaml

from pipeline.edit import with_value
from pipeline.params import Params, Yaml
from pipeline.section import validate


def with_settings(text: str, settings: dict[str, Any], where: str) -> str:
    """The text of a params file with other values; comments stay. Raises InputError for a key that it does not have."""
    for key, value in settings.items():
        text = with_value(text, f"{key}={json.dumps(value)}", where)
    return text


def check_settings(settings: dict[str, Any], params: Path, where: str) -> None:
    """Raises InputError for a key that the params file does not have, or a value that it does not allow."""
    text = with_settings(params.read_text(encoding="utf-8"), settings, where)
    validate(Params, yaml.load(text, Loader=Yaml), where)


def value_at(params: dict[str, Any], key: str) -> Any:
    """Of a.b.c in params.yaml; of a list at a place, as a.uniform.1."""
    return functools.reduce(lambda section, part: section[place(section, part)], key.split("."), params)


def place(section: Any, part: str) -> Any:
    return int(part) if isinstance(section, list) else part


def replaced(params: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A copy of the values of params.yaml with others; the keys must be there."""
    values = copy.deepcopy(params)
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        inside: Any = value_at(values, section) if section else values
        inside[place(inside, name)] = value
    return values
