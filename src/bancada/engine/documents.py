"""Reading parts of JSON documents that were checked when they came in. Not for checking them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

__all__ = ["iso_time", "part"]


def part(document: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    """Return the object under a key; an empty one when it is missing, null, or no object."""
    value = None if document is None else document.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def iso_time(at: float) -> str:
    """Return a time in seconds since the epoch as Azure writes it: ISO 8601 in UTC, microseconds."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{stamp}.{int(at % 1 * 1e6):06d}Z"
