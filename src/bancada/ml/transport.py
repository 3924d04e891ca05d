"""The SDK's one way to the server: requests with the token, errors rebuilt, careful retries. Knows no resources."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

from bancada.core.exceptions import DecodeError, ServiceResponseError, as_azure
from bancada.errors import BancadaError, Internal, NotFound, ServerUnreachable, error_from_document
from bancada.ml.answers import Answer, LineBroken
from bancada.ml.connection import Connection

if TYPE_CHECKING:
    from bancada.ml.wire import Pool

__all__ = ["LONG_TIMEOUT_S", "READ_TIMEOUT_S", "Transport", "segment"]

READ_TIMEOUT_S = 60.0
# Deleting a workspace waits for its jobs to end; a large file takes its time.
LONG_TIMEOUT_S = 600.0
# A server that crashed is back in about a second when something restarts it.
PATIENCE_S = 3.0


def segment(name: str) -> str:
    """Return a name as one segment of a URL's path."""
    return quote(name, safe="")


class Transport:
    """Requests to one server.

    Concurrency: any thread may call. connect is asked again when the server does not answer: it may have moved.
    """

    def __init__(self, connect: Callable[[], Connection], *, patience_s: float = PATIENCE_S) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self.patience_s = patience_s

    @cached_property
    def pool(self) -> Pool:
        """The connections."""
        from bancada.ml.wire import Pool  # here: who only imports the SDK shall not pay for an HTTP library

        return Pool()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._where().url

    @property
    def is_down(self) -> bool:
        """Whether the home says that its server was stopped, so that waiting for it is in vain."""
        return self._where().is_down

    def _where(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def close(self) -> None:
        """Close all connections."""
        if "pool" in self.__dict__:
            self.pool.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        timeout_s: float = READ_TIMEOUT_S,
    ) -> Answer:
        """Send a request (body: JSON value, bytes, or a Path whose content is sent) and return its answer.

        Requests that change nothing twice (all but POST) are sent again while the server is away for a moment;
        a POST only when no connection was made. Raises the server's error as its own class, also one of Azure's.
        """
        target = _with_query(path, query)
        for attempt in _attempts(self.patience_s):
            try:
                with _payload(body) as (data, headers):
                    where = self._where()
                    headers["Authorization"] = f"Bearer {where.token}"
                    return _checked(self.pool.send(method, f"{where.url}{target}", data, headers, timeout_s))
            except LineBroken as reason:
                self._after_failure(reason, method, attempt)
            except NotFound:
                if method == "DELETE" and attempt.number > 1:  # an earlier try did it; only its answer was lost
                    return Answer(204, {}, b"")
                raise
        raise AssertionError("unreachable: the last attempt raises")

    def _after_failure(self, reason: LineBroken, method: str, attempt: Attempt) -> None:
        """Return when the request may be sent again; else raise why not."""
        before = self._connection
        self._connection = None
        if method == "POST" and reason.was_sent:
            raise ServiceResponseError(f"The server broke off during a request: {reason}.") from reason
        now = self._where()
        has_moved = before is not None and now != before
        if attempt.is_last or (now.is_down and not has_moved):
            text = f"No Bancada answers at {now.url} ({reason}). Start it with `bancada up`."
            raise as_azure(ServerUnreachable(text, url=now.url)) from reason
        time.sleep(attempt.pause_s)

    def document(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return the JSON of its answer."""
        return self.request(method, path, **options).json()

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all items of a list that is not long."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page, cursor = self.page(path, cursor, **query)
            found += page
            if cursor is None:
                return found

    def page(self, path: str, cursor: str | None, **query: Any) -> tuple[list[dict[str, Any]], str | None]:
        """Return one page of a list, and where the next one begins."""
        body = cast("dict[str, Any]", self.document("GET", path, query={**query, "cursor": cursor}))
        return list(body.get("items") or []), body.get("next")

    def download(self, path: str, destination: Path) -> None:
        """Write the bytes of an answer into a file; a download that broke off is begun again, or leaves nothing."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        temporary = destination.with_name(f".{destination.name}.part")
        for attempt in _attempts(self.patience_s):
            try:
                self._download(path, temporary)
                temporary.replace(destination)
                return
            except LineBroken as reason:
                self._after_failure(reason, "GET", attempt)
            finally:
                temporary.unlink(missing_ok=True)

    def _download(self, path: str, target: Path) -> None:
        where = self._where()
        headers = {"Authorization": f"Bearer {where.token}"}
        with self.pool.stream(f"{where.url}{path}", headers, READ_TIMEOUT_S) as answer:
            if answer.status >= 400:
                _checked(Answer(answer.status, answer.headers, b"".join(answer.chunks)))
            with target.open("wb") as file:
                for chunk in answer.chunks:
                    file.write(chunk)


@dataclass(frozen=True)
class Attempt:
    """One try: the how manieth, how long to pause after it, and whether it is the last."""

    number: int
    pause_s: float
    is_last: bool


def _attempts(patience_s: float) -> Iterator[Attempt]:
    number, waited, pause = 1, 0.0, 0.1
    while waited < patience_s:
        yield Attempt(number, pause, is_last=False)
        number, waited, pause = number + 1, waited + pause, min(pause * 2, 2.0)
    yield Attempt(number, 0.0, is_last=True)


def _with_query(path: str, query: Mapping[str, Any] | None) -> str:
    asked = {key: value for key, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(asked)}" if asked else path


@contextmanager
def _payload(body: Any) -> Generator[tuple[Any, dict[str, str]]]:
    if body is None:
        yield None, {}
    elif isinstance(body, Path):
        size = body.stat().st_size
        with body.open("rb") as file:
            yield file, {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    elif isinstance(body, bytes):
        yield body, {"Content-Type": "application/octet-stream"}
    else:
        yield json.dumps(body).encode(), {"Content-Type": "application/json"}


def _checked(answer: Answer) -> Answer:
    """Return an answer. Raises the error that it carries."""
    if answer.status < 400:
        return answer
    raise _error(answer)


def _error(answer: Answer) -> BancadaError:
    try:
        document = answer.json()
    except DecodeError:
        document = None
    if isinstance(document, dict) and isinstance(cast("dict[str, Any]", document).get("error"), dict):
        return as_azure(error_from_document(cast("dict[str, Any]", document)), answer.status)
    begins = answer.data[:200].decode("utf-8", "replace").strip() or "no text"
    return as_azure(Internal(f"The server answered {answer.status}: {begins}"), answer.status)
