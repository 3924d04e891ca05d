"""How values of ours become columns and back: JSON documents and page cursors. Not for any one table."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from bancada.errors import Invalid, Problem

__all__ = [
    "cursor_from_text",
    "cursor_to_text",
    "document",
    "json_text",
    "key_from_cursor",
    "optional_document",
    "optional_json_text",
]


def json_text(value: Any) -> str:
    """Return the stored text of a JSON value; NaN and infinity survive."""
    return json.dumps(value, separators=(",", ":"))


def optional_json_text(value: Mapping[str, Any] | None) -> str | None:
    """Return the stored text of a document, or None for none."""
    return None if value is None else json_text(value)


def document(text: str) -> dict[str, Any]:
    """Return the document of a column."""
    value: dict[str, Any] = json.loads(text)
    return value


def optional_document(text: str | None) -> dict[str, Any] | None:
    """Return the document of a column that may be NULL."""
    return None if text is None else document(text)


def cursor_to_text(position: Any) -> str:
    """Return an opaque page cursor for a position (a JSON value), safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def cursor_from_text(text: str) -> Any:
    """Return the position in a cursor. Raises Invalid for a text that was not made here."""
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as reason:
        raise _no_cursor(text) from reason


def key_from_cursor(text: str) -> int:
    """Return the row's key in a cursor. Raises Invalid for a text that was not made here."""
    position = cursor_from_text(text)
    if not isinstance(position, int):
        raise _no_cursor(text)
    return position


def _no_cursor(text: str) -> Invalid:
    return Invalid.of([Problem("cursor", f"`{text}` is no page cursor; take the one that the last page gave.")])
