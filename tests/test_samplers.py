"""Draws from distributions: ranges, kinds, and streams that depend on nothing but their name."""

from typing import Annotated, Any

import numpy as np
import pytest

from blender.allowed import integers, names, numbers
from blender.samplers import Part, centre, draw, end, stream
from pipeline.errors import InputError
from pipeline.section import Distribution, Section, validate


def distribution(value: Any) -> Distribution:
    return Distribution.model_validate(value)


def draws(value: Any, count: int = 4000) -> list[Any]:
    rng = np.random.default_rng(0)
    return [draw(distribution(value), rng) for _ in range(count)]


def test_uniform() -> None:
    values = draws({"uniform": [2.0, 6.0]})
    assert 2 <= min(values) < 2.1 and 5.9 < max(values) <= 6
    assert np.mean(values) == pytest.approx(4, abs=0.1)


def test_loguniform_is_even_over_ratios() -> None:
    values = draws({"loguniform": [0.01, 100.0]})
    assert min(values) >= 0.01 and max(values) <= 100
    assert np.histogram(np.log10(values), bins=4, range=(-2, 2))[0] == pytest.approx([1000] * 4, abs=120)


def test_normal() -> None:
    values = draws({"normal": [5.0, 0.5]})
    assert (np.mean(values), np.std(values)) == (pytest.approx(5, abs=0.05), pytest.approx(0.5, abs=0.05))


def test_integer_includes_both_ends() -> None:
    values = draws({"integer": [3, 5]})
    assert set(values) == {3, 4, 5} and all(type(v) is int for v in values)


def test_choice_weighs_by_repetition() -> None:
    values = draws({"choice": ["a", "a", "a", "b"]})
    assert values.count("a") == pytest.approx(3000, abs=120) and values.count("b") == 4000 - values.count("a")


@pytest.mark.parametrize("value", [0.3, 4, "plain", True])
def test_a_bare_value_is_constant(value: Any) -> None:
    assert draws(value, 3) == [value] * 3 == draws({"constant": value}, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"uniform": [1.0, 4.0]}, 2.5),
        ({"loguniform": [1.0, 16.0]}, 4.0),
        ({"normal": [0.2, 9.0]}, 0.2),
        ({"integer": [0, 5]}, 2),
        ({"choice": ["b", "a"]}, "b"),
        (7, 7),
    ],
)
def test_centre(value: Any, expected: Any) -> None:
    found = centre(distribution(value))
    assert found == pytest.approx(expected) and type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "ends"),
    [
        ({"uniform": [1.0, 4.0]}, [1.0, 2.5, 4.0]),
        ({"loguniform": [1.0, 16.0]}, [1.0, 4.0, 16.0]),
        ({"normal": [0.5, 0.25]}, [0.0, 0.5, 1.0]),
        ({"integer": [0, 5]}, [0, 2, 5]),
        ({"choice": ["a", "a", "a", "b", "c"]}, ["a", "b", "c"]),
        ({"choice": ["a", "a", "b"]}, ["a", "b", "b"]),
        ({"choice": [[0, 1], [2, 3], [4, 5]]}, [[0, 1], [2, 3], [4, 5]]),
        ("plain", ["plain"] * 3),
    ],
)
def test_ends(value: Any, ends: list[Any]) -> None:
    parts: tuple[Part, ...] = ("low", "middle", "high")
    found = [end(distribution(value), part) for part in parts]
    assert found == ends and [type(f) for f in found] == [type(e) for e in ends]


def test_streams_depend_on_seed_split_frame_and_name_alone() -> None:
    """All different from each other; the same again in another order, and whatever was drawn before."""
    keys = [(s, p, i, n) for s in (0, 1) for p in ("train", "val") for i in (0, 1, 900) for n in ("light", "camera")]
    first = {key: stream(*key).random(3).tolist() for key in keys}
    assert len({tuple(v) for v in first.values()}) == len(keys)
    assert first == {key: stream(*key).random(3).tolist() for key in reversed(keys)}


class Example(Section):
    size_m: Annotated[Distribution, numbers(0, 2)]
    count: Annotated[Distribution, integers(0)]
    shape: Annotated[Distribution, names(["cube", "sphere"])]


VALID: dict[str, Any] = {"size_m": {"normal": [1.0, 0.1]}, "count": {"integer": [0, 3]}, "shape": {"choice": ["cube"]}}


@pytest.mark.parametrize(
    "changes",
    [
        {"size_m": {"uniform": [0, 2]}},
        {"size_m": {"choice": [0.5, 1]}},
        {"size_m": {"integer": [1, 2]}},
        {"size_m": 2},
        {"count": 3},
        {"count": {"choice": [3, 300]}},
        {"shape": "sphere"},
    ],
)
def test_allowed(changes: dict[str, Any]) -> None:
    validate(Example, VALID | changes, "example")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("size_m", {"uniform": [0, 2.1]}, "numbers from 0 to 2"),
        ("size_m", {"normal": [1.0, 0.2]}, "numbers from 0 to 2"),  # six deviations leave the range
        ("size_m", {"choice": [1, "two"]}, "numbers from 0 to 2"),
        ("size_m", "large", "numbers from 0 to 2"),
        ("size_m", float("nan"), "numbers from 0 to 2"),
        ("size_m", True, "numbers from 0 to 2"),
        ("count", 2.0, "whole numbers from 0 to inf"),
        ("count", {"uniform": [1, 3]}, "whole numbers from 0 to inf"),
        ("count", -1, "whole numbers from 0 to inf"),
        ("shape", {"choice": ["cube", "spher"]}, "'spher'. Did you mean 'sphere'?"),
        ("shape", 3, "Known: cube, sphere"),
        ("shape", {"uniform": [0, 1]}, "Known: cube, sphere"),
    ],
)
def test_not_allowed(key: str, value: Any, words: str) -> None:
    with pytest.raises(InputError) as error:
        validate(Example, VALID | {key: value}, "example")
    assert str(error.value).startswith(f"example: {key}: ") and words in str(error.value)
