"""HTTP by urllib3: the only module of the SDK that knows the library, and loaded late (it costs 0.06 s of CPU)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError

from bancada.ml.answers import Answer, LineBroken

__all__ = ["Pool", "Streamed"]

CONNECT_TIMEOUT_S = 5.0
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Streamed:
    """An answer whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


# A program that scores in so many threads opens no connection twice; others get one each time, and a warning of it.
MOST_KEPT = 32


class Pool:
    """Connections, kept open between requests. Concurrency: any thread may call."""

    def __init__(self) -> None:
        self._manager = urllib3.PoolManager(num_pools=4, maxsize=MOST_KEPT, retries=False)

    def send(self, method: str, url: str, body: Any, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Send a request and return the whole answer, of any status. Raises LineBroken."""
        try:
            response = self._request(method, url, body, headers, timeout_s, preload_content=True)
            return Answer(response.status, response.headers, response.data)
        except (HTTPError, OSError) as reason:
            raise _broken(reason) from reason

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str], timeout_s: float) -> Generator[Streamed]:
        """Get something large. Raises LineBroken, also when the body breaks off."""
        try:
            response = self._request("GET", url, None, headers, timeout_s, preload_content=False)
            try:
                yield Streamed(response.status, response.headers, response.stream(CHUNK_BYTES))
            finally:
                response.close()
        except HTTPError as reason:
            raise _broken(reason) from reason

    def _request(
        self, method: str, url: str, body: Any, headers: Mapping[str, str], timeout_s: float, *, preload_content: bool
    ) -> urllib3.BaseHTTPResponse:
        return self._manager.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=timeout_s),
            redirect=False,
            preload_content=preload_content,
        )

    def close(self) -> None:
        """Close all connections."""
        self._manager.clear()


def _broken(reason: Exception) -> LineBroken:
    inner = reason.__cause__ or reason.__context__
    text = str(inner if isinstance(reason, HTTPError) and inner else reason)
    # "…: Failed to establish a new connection: [Errno 111] Connection refused": the end is what people understand.
    last = text.rpartition(": ")[2].rpartition("] ")[2].rstrip(".") or type(reason).__name__
    return LineBroken(last, was_sent=not isinstance(reason, NewConnectionError))
