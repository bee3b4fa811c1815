"""Typed sections of params.yaml: what keys, types and ranges they allow, and errors that name the key."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.errors import InputError, nearest

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
NonNegative = Annotated[int, Field(ge=0)]


def _ordered(pair: list[float]) -> list[float]:
    if pair[0] > pair[1]:
        raise ValueError(f"expected [low, high] with low <= high, found {pair}")
    return pair


# [low, high]
Range = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(_ordered)]
RangeFromZero = Annotated[
    list[Annotated[float, Field(ge=0)]], Field(min_length=2, max_length=2), AfterValidator(_ordered)
]
Parts = Annotated[
    list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=2, max_length=2), AfterValidator(_ordered)
]
Quality = Annotated[  # of JPEG
    list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=2, max_length=2), AfterValidator(_ordered)
]


class Section(BaseModel):
    """Part of params.yaml: unknown keys are errors, values keep their type (no '3' for 3)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Distribution(Section):
    """What a value is drawn from: `{uniform: [low, high]}`, or a bare value, which is constant."""

    kind: Literal["constant", "uniform", "loguniform", "normal", "integer", "choice"]
    args: list[Any]

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: Any) -> Any:
        if isinstance(value, Distribution) or not isinstance(value, dict):
            return value if isinstance(value, Distribution) else {"kind": "constant", "args": [value]}
        if set(value) == {"kind", "args"}:
            return value
        kinds = ("uniform", "loguniform", "normal", "integer", "choice", "constant")
        if len(value) != 1:
            raise ValueError(f"expected one distribution, found the keys {sorted(map(str, value))}")
        kind, args = next(iter(value.items()))
        if kind not in kinds:
            raise ValueError(f"expected a known distribution, found '{kind}'.{nearest(str(kind), kinds)}")
        return {"kind": kind, "args": [args] if kind == "constant" else args}

    @model_validator(mode="after")
    def _check(self) -> "Distribution":
        if self.kind == "choice":
            if not self.args:
                raise ValueError("choice: expected at least one value, found none")
        elif self.kind != "constant":
            self._check_pair()
        return self

    def _check_pair(self) -> None:
        number = int if self.kind == "integer" else (int, float)
        if len(self.args) != 2 or not all(isinstance(a, number) and not isinstance(a, bool) for a in self.args):
            raise ValueError(f"{self.kind}: expected two numbers, found {self.args}")
        low, high = self.args
        if self.kind == "normal":
            if high < 0:
                raise ValueError(f"normal: expected [mean, deviation >= 0], found {self.args}")
        elif low > high or (self.kind == "loguniform" and low <= 0):
            raise ValueError(f"{self.kind}: expected [low, high] with low <= high, found {self.args}")


class Named(BaseModel):
    """A section whose other keys are declared by the entry that its `name` picks from a registry."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str


SectionT = TypeVar("SectionT", bound=BaseModel)


def validate(model: type[SectionT], values: Any, where: str) -> SectionT:
    """Check `values` against `model`; `where` (a file or key) starts every line of the error."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError("\n  ".join(_explain(model, e, where) for e in error.errors())) from None


def _explain(model: type[BaseModel], error: ErrorDetails, where: str) -> str:
    place = [str(part) for part in error["loc"]]
    key = f"{where}: {'.'.join(place)}" if place else where
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key.{nearest(place[-1], _keys(model, place[:-1]))}"
    if error["type"] == "missing":
        return f"{key}: missing."
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "value_error":
        return f"{key}: {message}"
    return f"{key}: expected {message}, found {error['input']!r}."


def _keys(model: type[BaseModel], place: list[str]) -> list[str]:
    """The keys that the section at `place` knows."""
    for part in place:
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return list(model.model_fields)


def extras(section: Named) -> dict[str, Any]:
    """The keys of a named section that its registry entry declares."""
    return dict(section.model_extra or {})
