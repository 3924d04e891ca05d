"""The grammar of references: texts that name an asset, a path in a store, a job's output or a public address.

`parse` gives a frozen value, `str(value)` its one text; `parse(str(value)) == value`. Resolves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = [
    "AssetReference",
    "BadReference",
    "DatastorePath",
    "JobOutputPath",
    "LocalReference",
    "ModelUri",
    "Reference",
    "RegistryReference",
    "RunPath",
    "TreeReference",
    "UrlReference",
    "WasbsReference",
    "is_local",
    "parse",
    "parse_asset",
]


class BadReference(ValueError):
    """A text that looks like a reference, but is none; the message says what would be right."""


@dataclass(frozen=True)
class AssetReference:
    """`azureml:name:version`, `azureml:name@label` or `azureml:name`: version, label or neither is set."""

    name: str
    version: str | None = None
    label: str | None = None

    def __str__(self) -> str:
        return f"azureml:{self.short}"

    @property
    def short(self) -> str:
        """The reference without its scheme: `name:version`, `name@label` or `name`."""
        if self.version is not None:
            return f"{self.name}:{self.version}"
        return f"{self.name}@{self.label}" if self.label is not None else self.name


@dataclass(frozen=True)
class RegistryReference:
    """`azureml://registries/R/environments/N/versions/V` or `…/labels/L`; kind is the plural segment."""

    registry: str
    kind: str
    name: str
    version: str | None = None
    label: str | None = None

    def __str__(self) -> str:
        tail = f"versions/{self.version}" if self.version is not None else f"labels/{self.label}"
        return f"azureml://registries/{self.registry}/{self.kind}/{self.name}/{tail}"


@dataclass(frozen=True)
class DatastorePath:
    """`azureml://datastores/D/paths/P`; path may be empty. workspace: from the long form."""

    datastore: str
    path: str
    workspace: str | None = None

    def __str__(self) -> str:
        short = f"datastores/{self.datastore}/paths/{self.path}"
        return f"azureml://workspaces/{self.workspace}/{short}" if self.workspace else f"azureml://{short}"


@dataclass(frozen=True)
class JobOutputPath:
    """`azureml://jobs/J/outputs/O/paths/P`; the output `artifacts` is the run's own; path may be empty."""

    job: str
    output: str
    path: str = ""

    def __str__(self) -> str:
        return f"azureml://jobs/{self.job}/outputs/{self.output}/paths/{self.path}"


@dataclass(frozen=True)
class RunPath:
    """`runs:/R/P`, MLflow's way to name a run's artifact; path may be empty."""

    run: str
    path: str = ""

    def __str__(self) -> str:
        return f"runs:/{self.run}/{self.path}" if self.path else f"runs:/{self.run}"


@dataclass(frozen=True)
class ModelUri:
    """`models:/N/V`, `models:/N@alias`, or MLflow 3's `models:/m-…` (a logged model: neither is set)."""

    name: str
    version: str | None = None
    alias: str | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"models:/{self.name}/{self.version}"
        return f"models:/{self.name}@{self.alias}" if self.alias is not None else f"models:/{self.name}"


@dataclass(frozen=True)
class TreeReference:
    """`azureml:trees/H` (an uploaded folder) or `azureml:trees/H/P` (one file or folder in it)."""

    tree: str
    path: str = ""

    def __str__(self) -> str:
        return f"azureml:trees/{self.tree}/{self.path}" if self.path else f"azureml:trees/{self.tree}"


@dataclass(frozen=True)
class WasbsReference:
    """`wasbs://container@account.blob.core.windows.net/path` (or `abfss://`); host follows the `@`."""

    container: str
    host: str
    path: str = ""
    scheme: str = "wasbs"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.container}@{self.host}/{self.path}"

    @property
    def account(self) -> str:
        """The storage account: the host's first label."""
        return self.host.partition(".")[0]


@dataclass(frozen=True)
class UrlReference:
    """`https://…` or `http://…`, as it is."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class LocalReference:
    """A path on the user's machine, as written (also `file://…`)."""

    path: str

    def __str__(self) -> str:
        return self.path


Reference = (
    AssetReference
    | RegistryReference
    | DatastorePath
    | JobOutputPath
    | RunPath
    | ModelUri
    | TreeReference
    | WasbsReference
    | UrlReference
    | LocalReference
)

_NAME = r"[^/:@]+"
_VERSION = r"[^/:@]+"
_LONG = (
    r"(?:subscriptions/[^/]*/resource[gG]roups/[^/]*/"
    r"(?:providers/Microsoft\.MachineLearningServices/)?)?(?:workspaces/(?P<workspace>[^/]+)/)?"
)
_DATASTORE = re.compile(rf"azureml://{_LONG}datastores/(?P<datastore>[^/]+)(?:/paths(?:/(?P<path>.*))?)?", re.DOTALL)
# Azure's own examples leave `paths/` out: `azureml://jobs/J/outputs/artifacts/outputs/mlflow-model`.
_JOB = re.compile(
    rf"azureml://{_LONG}jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?", re.DOTALL
)
_REGISTRY = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/(?P<kind>[a-z]+)/(?P<name>[^/]+)"
    r"/(?:versions/(?P<version>[^/]+)|labels/(?P<label>[^/]+))"
)
_ARM = re.compile(
    r"(?:(?:azureml:)?(?:azureml:/)?/subscriptions/[^/]+/resource[gG]roups/[^/]+/(?:providers/[^/]+/)?"
    r"|azureml://locations/[^/]+/)workspaces/[^/]+"
    r"/(?P<kind>[A-Za-z]+)/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+))?"
)
_TREE = re.compile(r"azureml:trees/(?P<tree>[0-9a-f]{8,64})(?:/(?P<path>.*))?", re.DOTALL)
_ASSET = re.compile(rf"azureml:(?P<name>{_NAME})(?::(?P<version>{_VERSION})|@(?P<label>{_NAME}))?")
_PLAIN_ASSET = re.compile(rf"(?P<name>{_NAME})(?::(?P<version>{_VERSION})|@(?P<label>{_NAME}))?")
_WASBS = re.compile(r"(?P<scheme>wasbs?|abfss?)://(?P<container>[^@/]+)@(?P<host>[^/]+)(?:/(?P<path>.*))?", re.DOTALL)
_RUN = re.compile(r"runs:/+(?P<run>[^/]+)(?:/(?P<path>.*))?", re.DOTALL)
_MODEL = re.compile(r"models:/+(?P<name>[^/@]+)(?:/(?P<version>[^/@]+)|@(?P<alias>[^/@]+))?")

_FORMS = (
    "`azureml:<name>:<version>`, `azureml:<name>@latest`, `azureml://datastores/<datastore>/paths/<path>` "
    "or `azureml://jobs/<job>/outputs/<output>/paths/<path>`"
)


def parse(text: str) -> Reference:
    """Return what a text refers to; without a scheme it is a local path (for `name:version`: `parse_asset`).

    Raises BadReference when the text has a reference's scheme but not its form.
    """
    for prefix, read in _READERS:
        if text.startswith(prefix):
            return read(text)
    return LocalReference(text)


def parse_asset(text: str, kind: str = "asset") -> AssetReference | RegistryReference:
    """Return the asset that a text names, where only assets can stand: also plain `name:version`.

    kind is for the message. Raises BadReference.
    """
    if text.startswith(("azureml:", "/subscriptions/")):
        found = _read_azureml(text)
        if isinstance(found, (AssetReference, RegistryReference)):
            return found
    match = _PLAIN_ASSET.fullmatch(text)
    if match and "\\" not in text and text.strip() == text and not text.startswith("."):
        return AssetReference(**match.groupdict())
    raise BadReference(
        f"`{text}` names no {kind}; use `<name>:<version>`, `<name>@latest` or `azureml:<name>:<version>`."
    )


def is_local(text: str) -> bool:
    """Tell whether a text is a path on the user's machine."""
    return not text.startswith(tuple(prefix for prefix, read in _READERS if read is not _read_file))


def _read_azureml(text: str) -> Reference:
    match = _TREE.fullmatch(text)
    if match:
        return TreeReference(match["tree"], match["path"] or "")
    match = _ARM.fullmatch(text)
    if match:
        return AssetReference(match["name"], match["version"], match["label"])
    if text.startswith("azureml://"):
        return _read_long(text)
    match = _ASSET.fullmatch(text)
    if match:
        return AssetReference(**match.groupdict())
    raise BadReference(f"`{text}` is no reference; use {_FORMS}.")


def _read_long(text: str) -> Reference:
    match = _DATASTORE.fullmatch(text)
    if match:
        return DatastorePath(match["datastore"], match["path"] or "", match["workspace"])
    match = _JOB.fullmatch(text)
    if match:
        return JobOutputPath(match["job"], match["output"], match["path"] or "")
    match = _REGISTRY.fullmatch(text)
    if match:
        return RegistryReference(**match.groupdict())
    raise BadReference(f"`{text}` is no reference; use {_FORMS}.")


def _read_wasbs(text: str) -> Reference:
    match = _WASBS.fullmatch(text)
    if not match:
        form = "wasbs://<container>@<account>.blob.core.windows.net/<path>"
        raise BadReference(f"`{text}` is no storage address; use `{form}`.")
    return WasbsReference(match["container"], match["host"], match["path"] or "", match["scheme"])


def _read_run(text: str) -> Reference:
    match = _RUN.fullmatch(text)
    if not match:
        raise BadReference(f"`{text}` names no run's artifact; use `runs:/<run>/<path>`.")
    return RunPath(match["run"], match["path"] or "")


def _read_model(text: str) -> Reference:
    match = _MODEL.fullmatch(text)
    if not match:
        raise BadReference(f"`{text}` names no model; use `models:/<name>/<version>` or `models:/<name>@<alias>`.")
    return ModelUri(**match.groupdict())


def _read_file(text: str) -> Reference:
    return LocalReference(unquote(text.removeprefix("file://")))


_READERS: tuple[tuple[str, Callable[[str], Reference]], ...] = (
    ("azureml:", _read_azureml),
    ("/subscriptions/", _read_azureml),
    ("runs:/", _read_run),
    ("models:/", _read_model),
    ("wasbs://", _read_wasbs),
    ("wasb://", _read_wasbs),
    ("abfss://", _read_wasbs),
    ("abfs://", _read_wasbs),
    ("https://", UrlReference),
    ("http://", UrlReference),
    ("file://", _read_file),
)
