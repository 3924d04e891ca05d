"""What comes back over HTTP: an answer, or a line that broke. Knows no library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bancada.core.exceptions import DecodeError

__all__ = ["Answer", "LineBroken"]


class LineBroken(Exception):
    """No answer came. was_sent: whether the server may have acted on the request all the same."""

    def __init__(self, reason: str, *, was_sent: bool) -> None:
        super().__init__(reason)
        self.was_sent = was_sent


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers, bytes."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def json(self) -> Any:
        """Return the body as JSON; None when it is empty. Raises DecodeError."""
        if not self.data:
            return None
        try:
            return json.loads(self.data)
        except ValueError as reason:
            begins = self.data[:80].decode("utf-8", "replace")
            raise DecodeError(f"The server answered with something that is not JSON: `{begins}`.") from reason

    @property
    def revision(self) -> int:
        """The revision of the document, from the ETag; 0 when there is none."""
        tag = self.headers.get("ETag", "").strip('W/"')
        return int(tag) if tag.isdigit() else 0
