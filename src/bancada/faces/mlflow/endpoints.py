"""What an endpoint is: a function from a request to an operation and the way to show its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from bancada.engine.tracking import Caller, Operation, Tracking
from bancada.faces.mlflow.fields import Fields
from bancada.faces.mlflow.translate import Document

__all__ = ["Answer", "Call", "Endpoint", "answer", "empty"]


@dataclass(frozen=True)
class Call:
    """One request: who asks, its fields, and what stood in its path where the table has a name in braces.

    `scope` is the request itself, for what only its address and headers say.
    """

    caller: Caller
    fields: Fields
    places: dict[str, str] = field(default_factory=dict[str, str])
    scope: Scope = field(default_factory=dict[str, Any])
    most_upload_bytes: int = 64 * 1024**3


@dataclass(frozen=True)
class Answer:
    """What shall be done, and the document that shows its result.

    A function makes the operation where that takes work on files; it is called in a thread.
    """

    operation: Operation[Any] | Callable[[], Operation[Any]]
    show: Callable[[Any], Document]


Endpoint = Callable[[Tracking, Call], Answer]


def _nothing(_: object) -> Document:
    return {}


def empty(operation: Operation[Any] | Callable[[], Operation[Any]]) -> Answer:
    """Answer with an empty message."""
    return Answer(operation, _nothing)


def answer(operation: Operation[Any], name: str, show: Callable[[Any], Any]) -> Answer:
    """Answer with a message of one field."""
    return Answer(operation, lambda result: {name: show(result)})
