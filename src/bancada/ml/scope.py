"""What all operation groups share: the transport, the workspace's paths, reading documents, long polls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from bancada.core.exceptions import faced
from bancada.core.paging import ItemPaged
from bancada.domain.base import Entity, check, from_stored
from bancada.domain.kinds import KINDS
from bancada.ml.answers import Answer
from bancada.ml.transport import Transport, segment
from bancada.ml.uploads import Uploads

__all__ = ["PAGE", "ROOT", "Scope", "version_text"]

T = TypeVar("T")

ROOT = "/api/v1/workspaces"
# Items a page: one round trip for what people look at, bounded for what scripts walk through.
PAGE = 200
# One long poll; the server answers earlier when something changed.
WAIT_S = 20.0


@dataclass(frozen=True)
class Scope:
    """One workspace seen through one transport."""

    transport: Transport
    workspace: str

    @property
    def base(self) -> str:
        """The workspace's path on the server."""
        return f"{ROOT}/{segment(self.workspace)}"

    @cached_property
    def uploads(self) -> Uploads:
        """What brings local paths to the server."""
        return Uploads(self.transport, self.base)

    def path(self, kind: str, *names: str) -> str:
        """Return the path of a kind, or of one thing below it."""
        return "/".join([self.base, KINDS[kind].segment, *(segment(name) for name in names)])

    @faced()
    def sent(self, entity: Entity) -> dict[str, Any]:
        """Return the document to send for an entity: checked, local paths uploaded, without what the server sets.

        Raises Invalid with all problems before anything is sent.
        """
        check(entity)
        return self.uploads.staged(entity).document(read_only=False)

    def read(self, kind: Any, document: Any) -> Any:
        """Return the entity of an answer; fields of a newer server are ignored."""
        return from_stored(kind, cast("dict[str, Any]", document))

    def listed(
        self, path: str, read: Callable[[dict[str, Any]], T], *, limit: int = PAGE, **query: Any
    ) -> ItemPaged[T]:
        """Return the items of a list, fetched page by page."""

        def fetch(cursor: str | None) -> tuple[list[T], str | None]:
            items, following = self.transport.page(path, cursor, limit=limit, **query)
            return [read(one) for one in items], following

        return ItemPaged(fetch)

    def awaited(
        self, path: str, is_over: Callable[[dict[str, Any]], bool], say: Callable[[str], None] | None = None
    ) -> dict[str, Any]:
        """Return a document as soon as `is_over` holds of it, by long polls. `say` is told its state meanwhile."""
        answer = self.transport.request("GET", path)
        while True:
            document = cast("dict[str, Any]", answer.json())
            if is_over(document):
                return document
            if say is not None:
                say(str(document.get("status") or document.get("provisioning_state") or "InProgress"))
            answer = self.poll(path, answer.revision)

    def poll(self, path: str, revision: int, wait_s: float = WAIT_S) -> Answer:
        """Ask for a document that is newer than a revision; answers with the old one when time is over."""
        query = {"wait_s": wait_s, "revision": revision}
        return self.transport.request("GET", path, query=query, timeout_s=wait_s + 30)


def version_text(version: object) -> str | None:
    """Return a version as text; numbers are taken too."""
    return None if version is None else str(version)
