"""Operations on datastores, and (ours) uploads into them."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any

from bancada.domain.datastore import DEFAULT_DATASTORE, Datastore, DatastoreBase
from bancada.ml.scope import Scope
from bancada.ml.transport import segment
from bancada.ml.uploads import LocalFile, existing, walk

__all__ = ["DatastoreOperations"]


class DatastoreOperations:
    """`ml_client.datastores`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def create_or_update(self, datastore: DatastoreBase) -> DatastoreBase:
        """Create a datastore or change it."""
        document = self._scope.sent(datastore)
        path = self._scope.path("datastores", str(datastore.name))
        return self._read(self._scope.transport.document("PUT", path, body=document))

    def get(self, name: str, *, include_secrets: bool = False) -> DatastoreBase:
        """Return a datastore. Secrets are never given back. Raises ResourceNotFoundError naming those that exist."""
        del include_secrets
        return self._read(self._scope.transport.document("GET", self._scope.path("datastores", name)))

    def get_default(self, *, include_secrets: bool = False) -> DatastoreBase:
        """Return the workspace's own datastore."""
        return self.get(DEFAULT_DATASTORE, include_secrets=include_secrets)

    def list(self, *, include_secrets: bool = False) -> Iterable[DatastoreBase]:
        """List the datastores."""
        del include_secrets
        return self._scope.listed(self._scope.path("datastores"), self._read)

    def delete(self, name: str) -> None:
        """Delete a datastore; an Azure account or a folder behind it stays."""
        self._scope.transport.request("DELETE", self._scope.path("datastores", name))

    def upload(self, local_path: str | PathLike[str], *, name: str = DEFAULT_DATASTORE, path: str = "") -> str:
        """Upload a file or folder under `path` of a datastore; return its `azureml://datastores/…` address.

        A file keeps its name below `path`; a folder's content lies below `path`. Ours: Azure has storage clients.
        """
        source = existing(str(local_path))
        if source.is_file():
            files = [LocalFile(source.name, source, source.stat().st_size)]
        else:
            files = list(walk(source, None))
        tree = self._scope.uploads.tree(files, source)
        folder = path.strip("/")
        route = f"{self._scope.path('datastores', name)}/paths/{'/'.join(segment(part) for part in folder.split('/'))}"
        self._scope.transport.request("POST", route, body={"tree": tree})
        inner = f"{folder}/{source.name}".lstrip("/") if source.is_file() else folder
        return f"azureml://datastores/{name}/paths/{inner}"

    def list_files(self, name: str = DEFAULT_DATASTORE, *, prefix: str = "") -> list[dict[str, Any]]:
        """List files of a datastore below a path, each with path and size. Ours."""
        path = f"{self._scope.path('datastores', name)}/paths"
        return self._scope.transport.document("GET", path, query={"prefix": prefix or None})["items"]

    def _read(self, document: dict[str, Any]) -> DatastoreBase:
        return self._scope.read(Datastore, document)
