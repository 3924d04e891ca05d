"""Operations on workspaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bancada.core.polling import LROPoller
from bancada.domain.display import without_empty
from bancada.domain.workspace import Workspace
from bancada.ml.scope import ROOT, Scope
from bancada.ml.transport import LONG_TIMEOUT_S, segment

__all__ = ["WorkspaceOperations"]


class WorkspaceOperations:
    """`ml_client.workspaces`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get(self, name: str | None = None) -> Workspace:
        """Return a workspace, the client's own when no name is given.

        Raises ResourceNotFoundError naming those that exist.
        """
        return self._read(self._scope.transport.document("GET", self._path(name or self._scope.workspace)))

    def list(self, *, scope: str = "resource_group", filtered_kinds: Any = None) -> Iterable[Workspace]:
        """List the workspaces."""
        del scope, filtered_kinds
        return self._scope.listed(ROOT, self._read)

    def begin_create(
        self, workspace: Workspace, update_dependent_resources: bool = False, **options: Any
    ) -> LROPoller[Workspace]:
        """Create a workspace; of one that is there already change what is given and keep the rest, as Azure does."""
        del update_dependent_resources, options
        if any(one.name == workspace.name for one in self.list()):
            return self._written("PATCH", str(workspace.name), without_empty(self._scope.sent(workspace)))
        return self._written("PUT", str(workspace.name), self._scope.sent(workspace))

    def begin_create_or_update(self, workspace: Workspace, **options: Any) -> LROPoller[Workspace]:
        """Do the same as `begin_create`."""
        return self.begin_create(workspace, **options)

    def begin_update(
        self, workspace: Workspace, *, update_dependent_resources: bool = False, **options: Any
    ) -> LROPoller[Workspace]:
        """Change a workspace. Raises ResourceNotFoundError when there is none of this name."""
        del update_dependent_resources, options
        self.get(workspace.name)
        return self._written("PUT", str(workspace.name), self._scope.sent(workspace))

    def begin_delete(
        self, name: str, *, delete_dependent_resources: bool = False, permanently_delete: bool = False, **options: Any
    ) -> LROPoller[None]:
        """Delete a workspace with everything in it, and free the disk. It is always permanent here."""
        del delete_dependent_resources, permanently_delete, options
        self.get(name)

        def run(say: Any) -> None:
            say("Deleting")
            self._scope.transport.request("DELETE", self._path(name), timeout_s=LONG_TIMEOUT_S)

        return LROPoller(run, name=f"delete {name}", must_finish=True)

    def _written(self, method: str, name: str, body: dict[str, Any]) -> LROPoller[Workspace]:
        return LROPoller.finished(self._read(self._scope.transport.document(method, self._path(name), body=body)))

    def _path(self, name: str) -> str:
        return f"{ROOT}/{segment(name)}"

    def _read(self, document: dict[str, Any]) -> Workspace:
        return self._scope.read(Workspace, document)
