"""The fields of a request, from a JSON body or a query string, read as MLflow's protocol types them.

int64 may come as a number or as text, a double also as "NaN", "Infinity" and "-Infinity", an enum as its name or its
number; unknown fields are ignored; an empty text is a missing one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from pydantic_core import from_json

from bancada.domain.tracking import Metric
from bancada.errors import Invalid
from bancada.faces.mlflow.problems import BadRequest

__all__ = ["Fields", "body_fields", "query_fields"]

_HINT = " See the API docs for more information about request parameters."
_DOUBLES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "inf": math.inf, "-inf": -math.inf}


class Fields:
    """One message of the protocol."""

    __slots__ = ("_query", "_values", "_within")

    def __init__(
        self,
        values: Mapping[str, Any],
        within: tuple[Fields, str, int | None] | None = None,
        *,
        query: Mapping[str, list[str]] | None = None,
    ) -> None:
        self._values = values
        # The message around this one, the field there, and the place in it when it is repeated: for errors.
        self._within = within
        # Set for a query string, which does not tell a text from a list of one.
        self._query = query

    def has(self, name: str) -> bool:
        """Say whether a field was sent."""
        return self._values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or `default`."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            # A number where an id is expected is common in hand-written requests; protobuf refuses it, and so do we.
            raise self._invalid(name, value)
        return value

    def required(self, name: str) -> str:
        """Return a text that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise self.missing(name)
        return value

    def run_id(self) -> str:
        """Return the run's id, which old clients send as `run_uuid`."""
        return self.text("run_id") or self.text("run_uuid") or self.required("run_id")

    def integer(self, name: str) -> int | None:
        """Return an int64 that came as number or text; None when it was not sent."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        try:
            if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
                raise ValueError
            return int(value)
        except (TypeError, ValueError, OverflowError) as reason:
            raise self._invalid(name, value) from reason

    def required_integer(self, name: str) -> int:
        """Return an int64 that must be there."""
        value = self.integer(name)
        if value is None:
            raise self.missing(name)
        return value

    def required_number(self, name: str) -> float:
        """Return a double that must be there; NaN and infinities come as texts."""
        value = self._values.get(name)
        if type(value) is float:  # nearly always
            return value
        if value is None or value == "":
            raise self.missing(name)
        try:
            return _DOUBLES[value] if value in _DOUBLES else float(value)
        except (TypeError, ValueError, OverflowError) as reason:
            raise self._invalid(name, value) from reason

    def plain_metrics(self, name: str) -> list[Metric] | None:
        """Return repeated messages Metric in their usual form, of which a batch has a thousand; None for any other."""
        found: list[Metric] = []
        for one in self._list(name):
            try:
                key, value, timestamp, step = one["key"], one["value"], one["timestamp"], one["step"]
            except (TypeError, KeyError):
                return None
            is_plain = type(key) is str and type(value) is float and type(timestamp) is int and type(step) is int
            if not (key and is_plain and len(one) == 4):
                return None
            found.append(Metric(key, value, timestamp, step))
        return found

    def flag(self, name: str) -> bool:
        """Return a truth value, False when it was not sent."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if str(value).lower() not in ("true", "false"):
            raise Invalid(f"Invalid boolean value: {value}, must be 'true' or 'false'.")
        return str(value).lower() == "true"

    def enum(self, name: str, names: Mapping[int, str]) -> str | None:
        """Return the name of an enum's value that came as name or number; None when it was not sent."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            found = names.get(int(value))
            if found is None:
                raise self._invalid(name, value)
            return found
        if value not in names.values():
            raise self._invalid(name, value)
        return str(value)

    def texts(self, name: str) -> list[str]:
        """Return repeated texts."""
        values = self._list(name)
        for one in values:
            if not isinstance(one, str):
                raise self._invalid(name, values)
        return values

    def records(self, name: str) -> list[Fields]:
        """Return repeated messages."""
        values = self._list(name)
        found: list[Fields] = []
        for number, one in enumerate(values):
            if not isinstance(one, dict):
                raise self._invalid(name, values)
            found.append(Fields(one, (self, name, number)))  # pyright: ignore[reportUnknownArgumentType]
        return found

    def record(self, name: str) -> Fields:
        """Return a nested message, empty when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return Fields({}, (self, name, None))
        if not isinstance(value, dict):
            raise self._invalid(name, value)
        return Fields(value, (self, name, None))  # pyright: ignore[reportUnknownArgumentType]

    def pairs(self, name: str) -> dict[str, str]:
        """Return repeated messages of key and value; the last value of a key wins."""
        return {one.required("key"): one.text("value") for one in self.records(name)}

    def missing(self, name: str) -> Invalid:
        """Return the error for a field that must be there."""
        return Invalid(f"Missing value for required parameter '{self._place(name)}'.{_HINT}")

    def _list(self, name: str) -> list[Any]:
        if self._query is not None:
            return self._query.get(name, [])
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._invalid(name, value)
        return value  # pyright: ignore[reportUnknownVariableType]

    def _place(self, name: str) -> str:
        if self._within is None:
            return name
        around, own, number = self._within
        place = around._place(own)
        return f"{place}.{name}" if number is None else f"{place}[{number}].{name}"

    def _invalid(self, name: str, value: object) -> Invalid:
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        return Invalid(
            f"Invalid value {shown[:200]} for parameter '{self._place(name)}' supplied:"
            f" Hint: Value was of type '{type(value).__name__}'.{_HINT}"
        )


def body_fields(body: bytes, content_type: str) -> Fields:
    """Return the fields of a JSON body; an empty body has none.

    Raises BadRequest for another content type (a browser's form cannot pose as a client) or what is not an object.
    """
    if not body.strip():
        return Fields({})
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise BadRequest(f"Bad Request. Content-Type must be one of ['application/json'], not '{content_type}'.")
    try:
        value: Any = from_json(body)
        if isinstance(value, str):  # old clients encode twice
            value = from_json(value)
    except ValueError as reason:
        raise BadRequest(f"The body is not JSON: {reason}. Send one JSON object.") from reason
    if value is None:
        return Fields({})
    if not isinstance(value, dict):
        raise BadRequest(f"The body is a JSON {type(value).__name__}; send one JSON object.")
    return Fields(value)  # pyright: ignore[reportUnknownArgumentType]


def query_fields(query: bytes) -> Fields:
    """Return the fields of a query string; a repeated field comes several times."""
    found = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    return Fields({name: values[-1] for name, values in found.items()}, query=found)
