"""Where a sweep searches: choices and distributions, with Azure's bounds and formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import Field

from bancada.domain.base import CrossProblem, Entity, as_mapping
from bancada.domain.fields import ANY_CASE, NEEDED, OneOf

__all__ = [
    "Choice",
    "Distribution",
    "LogNormal",
    "LogUniform",
    "Normal",
    "QLogNormal",
    "QLogUniform",
    "QNormal",
    "QUniform",
    "Randint",
    "SearchSpace",
    "Uniform",
    "check_search_space",
]

Number = Annotated[int | float, OneOf("number")]


class Range(Entity):
    """Base of the distributions between two bounds."""

    positional = ("min_value", "max_value")

    min_value: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)
    max_value: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class Uniform(Range):
    """Uniform between min_value and max_value."""

    type: Annotated[Literal["uniform"], ANY_CASE] = Field(default="uniform")


class LogUniform(Range):
    """exp(u), u uniform between min_value and max_value: the bounds are logarithms."""

    type: Annotated[Literal["loguniform"], ANY_CASE] = Field(default="loguniform")


class QUniform(Range):
    """round(u / q) * q, u uniform between min_value and max_value."""

    positional = ("min_value", "max_value", "q")

    type: Annotated[Literal["quniform"], ANY_CASE] = Field(default="quniform")
    q: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class QLogUniform(Range):
    """round(exp(u) / q) * q, u uniform between min_value and max_value."""

    positional = ("min_value", "max_value", "q")

    type: Annotated[Literal["qloguniform"], ANY_CASE] = Field(default="qloguniform")
    q: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class Bell(Entity):
    """Base of the normal distributions."""

    positional = ("mu", "sigma")

    mu: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)
    sigma: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class Normal(Bell):
    """Normal with mean mu and standard deviation sigma."""

    type: Annotated[Literal["normal"], ANY_CASE] = Field(default="normal")


class LogNormal(Bell):
    """exp(n), n normal with mu and sigma."""

    type: Annotated[Literal["lognormal"], ANY_CASE] = Field(default="lognormal")


class QNormal(Bell):
    """round(n / q) * q, n normal with mu and sigma."""

    positional = ("mu", "sigma", "q")

    type: Annotated[Literal["qnormal"], ANY_CASE] = Field(default="qnormal")
    q: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class QLogNormal(Bell):
    """round(exp(n) / q) * q, n normal with mu and sigma."""

    positional = ("mu", "sigma", "q")

    type: Annotated[Literal["qlognormal"], ANY_CASE] = Field(default="qlognormal")
    q: Annotated[Number | None, NEEDED] = Field(default=None, validate_default=True)


class Randint(Entity):
    """A whole number from 0 to upper - 1."""

    positional = ("upper",)

    type: Annotated[Literal["randint"], ANY_CASE] = Field(default="randint")
    upper: Annotated[int | None, NEEDED] = Field(default=None, validate_default=True)


Plain = Uniform | LogUniform | QUniform | QLogUniform | Normal | LogNormal | QNormal | QLogNormal | Randint
"""The distributions that hold no others."""


class Choice(Entity):
    """One of the listed values. A value may be a mapping from names to values or distributions."""

    positional = ("values",)

    type: Annotated[Literal["choice"], ANY_CASE] = Field(default="choice")
    # Written out, for a name that is defined below would leave the class incomplete until it is first used.
    values: Annotated[
        list[
            Annotated[
                bool
                | int
                | float
                | str
                | dict[str, Annotated[Choice | Plain | bool | int | float | str, OneOf("distribution")]],
                OneOf("value"),
            ]
        ]
        | None,
        NEEDED,
    ] = Field(default=None, validate_default=True)


Distribution = Annotated[Choice | Plain, OneOf("distribution")]
SearchSpace = dict[str, Distribution]


def check_search_space(space: Mapping[str, Any]) -> Iterable[CrossProblem]:
    """Yield what is wrong with the numbers of a search space; values may be raw mappings or distributions."""
    for name, value in space.items():
        for field, message in _number_problems(as_mapping(value)):
            yield (name, field), message


def _number_problems(one: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    least, most = one.get("min_value"), one.get("max_value")
    if _is_number(least) and _is_number(most) and least >= most:
        yield "min_value", f"is {least}, but must be below `max_value` ({most})."
    for field in ("sigma", "q", "upper"):
        value = one.get(field)
        if _is_number(value) and value <= 0:
            yield field, f"is {value}, but must be above 0."
    if one.get("values") == []:
        yield "values", "is an empty list; a choice needs at least one value."


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
