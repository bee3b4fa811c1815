"""Values of params.yaml that may differ by category: one for all, or a mapping with `default` for those not named."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BeforeValidator

from pipeline.errors import InputError, nearest

Value = TypeVar("Value")

ALL = "default"


def _mapping(value: Any) -> Any:
    """A bare value speaks of every category, null of none."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else {ALL: value}


PER_CATEGORY = BeforeValidator(_mapping)  # marks a dict[str, ...] that may be written as one value


def value_of(values: Mapping[str, Value], category: str, otherwise: Value) -> Value:
    """What a mapping says of a category."""
    return values.get(category, values.get(ALL, otherwise))


def check_categories(key: str, values: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises InputError for a mapping of `key` in params.yaml that names something else than a category."""
    for name in values:
        if name not in (*known, ALL):
            raise InputError(f"{key}: expected a category, found '{name}'.{nearest(name, known)}")
