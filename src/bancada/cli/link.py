"""Calls to this home's own server, for `up`, `down` and `status`. Everything else goes through the SDK."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from bancada.errors import ServerUnreachable, error_from_document
from bancada.home import Home

__all__ = ["ServerLink"]


@dataclass(frozen=True)
class ServerLink:
    """The address of a home's server and the owner's token."""

    host: str
    port: int
    token: str

    @classmethod
    def of(cls, home: Home) -> ServerLink:
        """Return the link to the server that holds `home`. Raises ServerUnreachable when none does."""
        record = home.server()
        if record is None or not home.is_up:
            raise ServerUnreachable(f"No Bancada is up in {home.root}. Start it with `bancada up`.")
        # A server that listens everywhere is reached through the loopback.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(record.host, record.host)
        return cls(host, record.port, home.read_token())

    def call(self, method: str, path: str, body: Any = None, *, timeout_s: float = 30.0) -> dict[str, Any]:
        """Return the JSON answer. Raises the server's error as it was raised there."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as reason:
            raise ServerUnreachable(
                f"The server at {self.host}:{self.port} does not answer: {reason or type(reason).__name__}."
            ) from reason
        finally:
            connection.close()
        document: dict[str, Any] = json.loads(text) if text else {}
        if answer.status >= 400:
            raise error_from_document(document)
        return document
