"""What a distribution of params.yaml may give, said in the Params of a scene or randomizer:

    size_m: Annotated[Distribution, numbers(low=0)]

so that a value that cannot work stops before the first frame, with its key.
"""

import math
from collections.abc import Iterable
from functools import partial
from typing import Any

from pydantic import AfterValidator

from pipeline.errors import nearest
from pipeline.section import Distribution

CONTINUOUS = ("uniform", "loguniform", "normal")
DEVIATIONS = 6  # of a normal distribution that must lie within the range: all draws but one in 500 million


def numbers(low: float = -math.inf, high: float = math.inf) -> AfterValidator:
    """Marks a Distribution of finite numbers within low .. high."""
    return AfterValidator(partial(_check_numbers, (int, float), low, high))


def integers(low: float = -math.inf, high: float = math.inf) -> AfterValidator:
    """Marks a Distribution of whole numbers within low .. high: `integer`, `choice` or a bare value."""
    return AfterValidator(partial(_check_numbers, (int,), low, high))


def names(known: Iterable[str]) -> AfterValidator:
    """Marks a Distribution of known names: `choice` or a bare name."""
    return AfterValidator(partial(_check_names, tuple(known)))


def _check_numbers(types: tuple[type, ...], low: float, high: float, given: Distribution) -> Distribution:
    whole = types == (int,)
    fitting = all(type(a) in types for a in given.args) and not (whole and given.kind in CONTINUOUS)
    if not fitting or not all(low <= value <= high and math.isfinite(value) for value in _extremes(given)):
        what = "whole numbers" if whole else "numbers"
        raise ValueError(f"expected {what} from {low:g} to {high:g}, found {given.kind} {given.args}")
    return given


def _extremes(given: Distribution) -> list[Any]:
    """The lowest and highest values that are drawn, or all of them."""
    if given.kind != "normal":
        return given.args
    mean, deviation = given.args
    return [mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation]


def _check_names(known: tuple[str, ...], given: Distribution) -> Distribution:
    for name in given.args:
        if given.kind not in ("constant", "choice") or name not in known:
            raise ValueError(f"expected a known name, found {name!r}.{nearest(str(name), known)}")
    return given
