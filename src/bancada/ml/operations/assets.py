"""Operations on versioned assets: data, environments, models, code."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from bancada.core.exceptions import ResourceNotFoundError, as_azure
from bancada.core.paging import ItemPaged
from bancada.domain.data import CodeAsset, Data
from bancada.domain.environment import Environment
from bancada.domain.model import FOLDER_PROPERTY, Model
from bancada.domain.shared import Asset
from bancada.errors import Invalid, NotSupported, Problem
from bancada.ml.downloads import download_all
from bancada.ml.scope import Scope, version_text

__all__ = ["CodeOperations", "DataOperations", "EnvironmentOperations", "ModelOperations"]

A = TypeVar("A", bound=Asset)


class AssetOperations(Generic[A]):
    """What all versioned assets can do."""

    kind: str
    entity: type[A]

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def _create(self, asset: A) -> A:
        self._require_name(asset)
        document = self._scope.sent(asset)
        name, version = asset.name, asset.version
        if name and version:
            path, method = self._scope.path(self.kind, name, "versions", version), "PUT"
        else:
            path, method = self._scope.path(self.kind, *([name] if name else [])), "POST"
        return self._read(self._scope.transport.document(method, path, body=document))

    def _require_name(self, asset: A) -> None:
        """Refuse a name that the server will refuse before local files are sent to it."""
        problem = asset.new_name_problem()
        if problem is None:
            return
        try:
            self._get(str(asset.name), None, None)
        except ResourceNotFoundError:
            raise as_azure(Invalid.of([Problem("name", problem)])) from None

    def _read(self, document: dict[str, Any]) -> A:
        return cast("A", self._scope.read(self.entity, document))

    def _get(self, name: str, version: object, label: str | None) -> A:
        number = version_text(version)
        if number is not None:
            path = self._scope.path(self.kind, name, "versions", number)
            return self._read(self._scope.transport.document("GET", path))
        query = {"label": label or "latest"}
        return self._read(self._scope.transport.document("GET", self._scope.path(self.kind, name), query=query))

    def _list(self, name: str | None, list_view_type: str) -> ItemPaged[A]:
        path = self._scope.path(self.kind, name, "versions") if name else self._scope.path(self.kind)
        return self._scope.listed(path, self._read, list_view_type=list_view_type)

    def _mark(self, verb: str, name: str, version: object, label: str | None) -> None:
        number = version_text(version)
        if number is None and label is not None:
            number = self._get(name, None, label).version
        names = (name,) if number is None else (name, "versions", number)
        self._scope.transport.request("POST", f"{self._scope.path(self.kind, *names)}/{verb}")

    def archive(self, name: str, version: str | None = None, label: str | None = None) -> None:
        """Hide an asset, or one version of it, from lists."""
        self._mark("archive", name, version, label)

    def restore(self, name: str, version: str | None = None, label: str | None = None) -> None:
        """Show an archived asset, or one version of it, in lists again."""
        self._mark("restore", name, version, label)


class DataOperations(AssetOperations[Data]):
    """`ml_client.data`."""

    kind, entity = "data", Data

    def create_or_update(self, data: Data) -> Data:
        """Create a data asset; a local path is uploaded. Without a version: the next one, if the content is new."""
        return self._create(data)

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Data:
        """Return a version, or the one with a label; the latest when neither is given.

        Raises ResourceNotFoundError naming the versions that exist.
        """
        return self._get(name, version, label)

    def list(self, name: str | None = None, *, list_view_type: str = "ActiveOnly") -> ItemPaged[Data]:
        """List the latest version of each asset, or all versions of one; newest first."""
        return self._list(name, list_view_type)


class CodeOperations(AssetOperations[CodeAsset]):
    """Code folders kept under a name."""

    kind, entity = "codes", CodeAsset

    def create_or_update(self, code: CodeAsset) -> CodeAsset:
        """Upload a code folder under a name."""
        return self._create(code)

    def get(self, name: str, version: str | None = None, label: str | None = None) -> CodeAsset:
        """Return a version, or the latest."""
        return self._get(name, version, label)

    def list(self, name: str | None = None, *, list_view_type: str = "ActiveOnly") -> ItemPaged[CodeAsset]:
        """List code folders."""
        return self._list(name, list_view_type)


class EnvironmentOperations(AssetOperations[Environment]):
    """`ml_client.environments`."""

    kind, entity = "environments", Environment

    def create_or_update(self, environment: Environment) -> Environment:
        """Create an environment; its conda file is read here. It is built when a job or deployment first needs it."""
        return self._create(environment)

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """Return a version, or the one with a label; the latest when neither is given.

        Raises ResourceNotFoundError naming the versions that exist.
        """
        return self._get(name, version, label)

    def list(self, name: str | None = None, *, list_view_type: str = "ActiveOnly") -> ItemPaged[Environment]:
        """List the latest version of each environment, or all versions of one; newest first."""
        return self._list(name, list_view_type)


class ModelOperations(AssetOperations[Model]):
    """`ml_client.models`."""

    kind, entity = "models", Model

    def create_or_update(self, model: Model) -> Model:
        """Register a model from a local path, a job's output, a run or a datastore."""
        return self._create(model)

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Model:
        """Return a version, or the one with a label or alias; the latest when neither is given.

        Raises ResourceNotFoundError naming the versions that exist.
        """
        return self._get(name, version, label)

    def list(
        self, name: str | None = None, stage: str | None = None, *, list_view_type: str = "ActiveOnly"
    ) -> ItemPaged[Model]:
        """List the latest version of each model, or all versions of one; newest first. stage: only those in it."""
        found = self._list(name, list_view_type)
        if stage is None:
            return found
        return ItemPaged(lambda cursor: ([one for one in found if one.stage == stage], None))

    def download(self, name: str, version: str, download_path: PathLike[str] | str = ".") -> None:
        """Download a model's files to `<download_path>/<name>/`."""
        model = self._get(name, version, None)
        path = f"{self._scope.path(self.kind, name, 'versions', str(version))}/files"
        inner = str(model.properties.get(FOLDER_PROPERTY) or "")
        target = Path(download_path) / name / inner
        download_all(self._scope.transport, path, target)

    def package(self, name: str, version: str, package_request: Any) -> Environment:
        """Raise NotSupported: packages are container images, and there are no containers here."""
        del package_request
        text = f"Model `{name}:{version}` cannot be packaged: packages are container images, which are not built here."
        raise as_azure(NotSupported(text))
