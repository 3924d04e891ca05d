"""What a route is: one value that router, OpenAPI document and tests read. Not for any route itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from bancada.domain.base import Entity, parse
from bancada.engine import Platform
from bancada.engine.authorize import Principal
from bancada.engine.core import Document
from bancada.errors import Forbidden, Invalid, Problem
from bancada.faces.http import Stopping, etag, in_thread, json_response, query_number, read_json

__all__ = [
    "LONGEST_WAIT_S",
    "PAGE_QUERIES",
    "PREFIX",
    "Answer",
    "Call",
    "Operation",
    "Query",
    "page_queries",
    "wait_queries",
]

PREFIX = "/api/v1"
LONGEST_WAIT_S = 60.0  # a long poll that outlives this is cut; clients ask again
LARGEST_PAGE = 1000
DEFAULT_PAGE = 100

Answer = Literal["document", "page", "bytes", "events", "nothing"]
T = TypeVar("T")


@dataclass(frozen=True)
class Query:
    """One word of the query: its name, JSON type and meaning."""

    name: str
    type: Literal["string", "integer", "number", "boolean"]
    help: str
    values: tuple[str, ...] = ()


PAGE_QUERIES = (
    Query("limit", "integer", f"Most items of a page (up to {LARGEST_PAGE})."),
    Query("cursor", "string", "Where the page begins: `next` of the page before."),
    Query(
        "list_view_type",
        "string",
        "Which items: not archived, archived, or all.",
        ("ActiveOnly", "ArchivedOnly", "All"),
    ),
)
WAIT_QUERIES = (
    Query("wait_s", "number", f"Wait so long (up to {LONGEST_WAIT_S:.0f} s) until the revision is newer."),
    Query("revision", "integer", "The revision that the caller knows (ETag)."),
)


def page_queries(*more: Query) -> tuple[Query, ...]:
    """Return the query of a list."""
    return (*PAGE_QUERIES, *more)


def wait_queries(*more: Query) -> tuple[Query, ...]:
    """Return the query of a long poll."""
    return (*WAIT_QUERIES, *more)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: Literal["GET", "PUT", "POST", "PATCH", "DELETE"]
    # Below PREFIX; `{name}` is one segment, `{path:path}` the rest.
    path: str
    run: Callable[[Call], Awaitable[Response]]
    summary: str
    tag: str
    # An entity class or a union of them describes body and answer; a mapping is a JSON schema itself.
    body: Any = None
    answer: Any = None
    form: Answer = "document"
    query: tuple[Query, ...] = ()
    # Whether a job's own token may call it. A job reads jobs, assets and endpoints of its workspace; what watches over
    # the platform (costs, loads, events, what deployments log) and is not a job's to know says False.
    open_to_jobs: bool | None = None

    @property
    def jobs_may_call(self) -> bool:
        """Whether an attempt's token is enough."""
        return self.method == "GET" if self.open_to_jobs is None else self.open_to_jobs

    @property
    def operation_id(self) -> str:
        """A stable name for generated clients: `get_workspaces_ws_jobs_name`."""
        words = re.sub(r"[^a-z0-9]+", "_", self.path.replace(":path", "").lower()).strip("_")
        return f"{self.method.lower()}_{words}"


@dataclass
class Call:
    """One request on its way through an operation."""

    request: Request
    platform: Platform
    stopping: Stopping
    # What `server` operations need beside the platform; set by the composition root.
    server: Any = None
    _names: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self.request.state.principal

    @property
    def who(self) -> str:
        """Who asks, as the event log writes it."""
        return self.principal.name

    @property
    def workspace(self) -> str:
        """The workspace of the path."""
        return self.name("ws")

    def name(self, parameter: str) -> str:
        """Return a parameter of the path."""
        return str(self.request.path_params[parameter])

    def optional(self, parameter: str) -> str | None:
        """Return a parameter of the path that some routes of a handler do not have."""
        return self.name(parameter) if parameter in self.request.path_params else None

    def text(self, parameter: str, default: str | None = None) -> str | None:
        """Return a word of the query; an empty one counts as not given."""
        return self.request.query_params.get(parameter) or default

    def flag(self, parameter: str) -> bool:
        """Return a truth value of the query; one that is not given is false. Raises Invalid."""
        asked = (self.text(parameter) or "false").lower()
        if asked not in ("true", "false", "1", "0"):
            raise Invalid.of([Problem(parameter, f"`{asked}` is neither `true` nor `false`.")])
        return asked in ("true", "1")

    def choice(self, parameter: str, known: tuple[str, ...]) -> str:
        """Return a word of the query that is one of the `known`; the first when it is not given. Raises Invalid."""
        asked = self.text(parameter) or known[0]
        if asked not in known:
            raise Invalid.of([Problem(parameter, f"`{asked}` is none of {', '.join(known)}.")])
        return asked

    def admit(self, operation: Operation) -> None:
        """Raise Forbidden when a job's token asks for more than a job may."""
        if self.principal.kind == "owner":
            return
        if not operation.jobs_may_call:
            self.principal.require_owner()
        if "ws" not in self.request.path_params:
            raise Forbidden("A job's token works inside its workspace only.")
        self.principal.require_workspace(self.workspace)

    async def json(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises Invalid."""
        return await read_json(self.request)

    async def body(self, **named: str | None) -> dict[str, Any]:
        """Return the body with the fields that the path gives. Raises Invalid when they disagree."""
        return with_names(await self.json(), named)

    async def entity(self, kind: Any, **named: str) -> dict[str, Any]:
        """Return the body's document, checked against `kind`. Raises Invalid with all problems."""
        return await self.checked(kind, await self.body(**named))

    async def checked(self, kind: Any, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body's document, checked against `kind`. Raises Invalid with all problems."""
        entity: Entity = await in_thread(parse, kind, body)
        return entity.document(read_only=False)

    def limit(self) -> int:
        """Return the asked size of a page."""
        return int(query_number(self.request, "limit", DEFAULT_PAGE, low=1, high=LARGEST_PAGE))

    def archived(self) -> bool | None:
        """Return `list_view_type` in the store's words: False, True, or None for both."""
        words: Mapping[str, bool | None] = {"activeonly": False, "archivedonly": True, "all": None}
        asked = self.text("list_view_type", "ActiveOnly") or ""
        if asked.lower() not in words:
            known = "ActiveOnly, ArchivedOnly, All"
            raise Invalid.of([Problem("list_view_type", f"`{asked}` is none of {known}.")])
        return words[asked.lower()]

    def wait_s(self) -> float:
        """Return how long the caller wants to wait for news."""
        return query_number(self.request, "wait_s", 0.0, high=LONGEST_WAIT_S)

    async def wait(self, kind: str, name: str) -> None:
        """Wait until the thing's revision is above the caller's, or the asked time is over."""
        revision = int(query_number(self.request, "revision", 0))
        wait_s = self.wait_s()
        if wait_s > 0 and revision > 0 and not self.stopping.is_set:
            await self.stopping.cut_short(self.platform.wait(self.workspace, kind, name, revision, wait_s))

    def document(self, found: Document, status: int = 200) -> Response:
        """Answer with one document; its revision is the ETag."""
        return json_response(found.body, status, headers=etag(found.revision))

    def page(self, found: tuple[list[Document], str | None]) -> Response:
        """Answer with one page."""
        documents, cursor = found
        return json_response({"items": [one.body for one in documents], "next": cursor})

    def nothing(self) -> Response:
        """Answer that it is done, and there is nothing to say."""
        return Response(status_code=204)


def with_names(body: dict[str, Any], named: Mapping[str, str | None]) -> dict[str, Any]:
    """Return a body with the fields that the path gives. Raises Invalid when they say different things."""
    problems = [
        Problem(name, f"the body says `{body[name]}`, the address says `{value}`.")
        for name, value in named.items()
        if value is not None and body.get(name) is not None and str(body[name]) != value
    ]
    if problems:
        raise Invalid.of(problems)
    return {**body, **{name: value for name, value in named.items() if value is not None}}
