"""Turns a reference into bytes on this machine: a path that can be read in place, or files of an artifact tree.

Local paths of a client are no references here: the server reads nothing of its own disk on a request's word, but for
`file` datastores that the owner declared.
"""

from __future__ import annotations

import os
import shutil
import stat
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import urllib3

from bancada.domain import references
from bancada.domain.datastore import DEFAULT_DATASTORE
from bancada.domain.references import (
    AssetReference,
    BadReference,
    DatastorePath,
    JobOutputPath,
    LocalReference,
    ModelUri,
    Reference,
    RegistryReference,
    RunPath,
    TreeReference,
    UrlReference,
    WasbsReference,
)
from bancada.engine import run_files
from bancada.engine.core import Core
from bancada.engine.datastores import datastore_folder, inside, links_left_out
from bancada.engine.documents import part
from bancada.engine.uploads import tree_root
from bancada.errors import Invalid, NotFound, NotSupported, Problem
from bancada.ids import content_hash
from bancada.store import jobs, logged_models, registry, resources, trees, workspaces
from bancada.store.database import Tx
from bancada.store.trees import Entry, safe_path

__all__ = ["Files", "Locations", "Place", "covers", "find_version"]

# An input of one of these types names a registered model.
MODEL_TYPES = frozenset({"custom_model", "mlflow_model", "triton_model"})
# Long enough for a big file on a slow line; a silent one ends after a minute.
DOWNLOAD_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)


@dataclass(frozen=True)
class Files:
    """Files of an artifact tree below one path; `name` is the last part of that path."""

    entries: Sequence[Entry]
    root: str
    prefix: str

    @property
    def name(self) -> str:
        """The folder's (or file's) own name; empty at a tree's root."""
        return self.prefix.rstrip("/").rpartition("/")[2]

    def relative(self) -> list[Entry]:
        """Return the entries with paths relative to the prefix; a single file keeps its own name."""
        prefix = self.prefix.strip("/")
        found: list[Entry] = []
        for entry in self.entries:
            if prefix and entry.path.startswith(prefix + "/"):
                path = entry.path[len(prefix) + 1 :]
            else:
                path = entry.path.rpartition("/")[2] if entry.path == prefix else entry.path
            found.append(replace(entry, path=path))
        return found


@dataclass(frozen=True)
class Place:
    """A path that may be read in place, and the folder that its links may not lead out of."""

    path: Path
    root: Path


class Locations:
    """Resolves references of one home."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def local_path(self, workspace: str, text: str, type_: str | None = None) -> Path:
        """Return a path that may be read in place; it must not be written to.

        type_ is the input's: an asset of one of the model types is a registered model, else a data asset.
        Raises NotFound when it does not exist, Invalid when the text is no reference, names another workspace, or
        leads out of its folder through a link. Links further below are for whoever follows them to look at.
        """
        return self.place(workspace, text, type_).path

    def place(self, workspace: str, text: str, type_: str | None = None) -> Place:
        """Return the same with the folder that links in it may not lead out of."""
        reference = _parsed(text)
        match reference:
            case DatastorePath():
                if reference.workspace not in (None, workspace):
                    raise _elsewhere(text, workspace)
                return self._in_datastore(workspace, reference.datastore, reference.path)
            case AssetReference():
                return self.place(workspace, self._asset_text(workspace, reference, type_))
            case UrlReference():
                return self._mirrored(workspace, text) or self._download(workspace, text)
            case WasbsReference():
                return self._wasbs(workspace, reference)
            case LocalReference():
                raise _local(text)
            case RegistryReference():
                raise NotSupported(
                    f"`{text}` names a registry; this platform has no registry but its curated environments."
                )
            case TreeReference() | JobOutputPath() | RunPath() | ModelUri():
                made = self._materialised(workspace, self.files(workspace, text))
                return Place(made, made)

    def files(self, workspace: str, text: str) -> Files:
        """Return the artifact files that a reference names. Raises NotFound when there is none."""
        reference = _parsed(text)
        found = self._core.db.read(lambda tx: self._tree_files(tx, workspace, reference))
        if found is None or not found.entries:
            raise NotFound(f"`{text}` has no files.{self._what_there_is(workspace, reference)}", kind="path", name=text)
        return found

    def files_in(self, tx: Tx, workspace: str, text: str) -> Files:
        """Do the same inside a transaction."""
        found = self._tree_files(tx, workspace, _parsed(text))
        if found is None or not found.entries:
            raise NotFound(f"`{text}` has no files.", kind="path", name=text)
        return found

    def _tree_files(self, tx: Tx, workspace: str, reference: Reference) -> Files | None:
        match reference:
            case TreeReference():
                return _below(tx, workspace, tree_root(reference.tree), reference.path)
            case JobOutputPath() if reference.output in ("artifacts", "default"):
                return self._run_files(tx, workspace, reference.job, reference.path)
            case JobOutputPath():
                return _below(tx, workspace, f"outputs/{reference.job}/{reference.output}", reference.path)
            case RunPath():
                return self._run_files(tx, workspace, reference.run, reference.path)
            case ModelUri() if reference.version is not None:
                return _below(tx, workspace, registry.artifact_root(reference.name, reference.version), "")
            case ModelUri() if reference.name.startswith("m-"):
                return _below(tx, workspace, logged_models.artifact_root(reference.name), "")
            case _:
                return None

    def _run_files(self, tx: Tx, workspace: str, run: str, path: str) -> Files | None:
        if jobs.get(tx, workspace, run) is None:
            return None
        clean = path.strip("/")
        found = _below(tx, workspace, f"runs/{run}", clean)
        if found.entries or not clean:
            return found
        # MLflow 3 keeps models beside the run's artifacts: there the first part of the path is the model's name.
        head, _, rest = clean.partition("/")
        model = logged_models.newest_named(tx, workspace, run, head)
        if model is None:
            return found
        inside = _below(tx, workspace, logged_models.artifact_root(model), rest)
        return Files(inside.entries, inside.root, rest or head)

    def _what_there_is(self, workspace: str, reference: Reference) -> str:
        if not isinstance(reference, (JobOutputPath, RunPath)):
            return ""
        run = reference.job if isinstance(reference, JobOutputPath) else reference.run

        def read(tx: Tx) -> tuple[bool, list[str]]:
            known = jobs.get(tx, workspace, run) is not None
            return known, run_files.top(tx, workspace, run)

        known, names = self._core.db.read(read)
        if not known:
            return f" There is no job `{run}`."
        return f" Job `{run}` has: {', '.join(names)}." if names else f" Job `{run}` has no artifacts."

    def copy(self, workspace: str, text: str, destination: Path, type_: str | None = None) -> None:
        """Copy what a reference names into a folder, writable; `type_` as in `local_path`."""
        reference = _parsed(text)
        if isinstance(reference, (TreeReference, JobOutputPath, RunPath, ModelUri)):
            found = self.files(workspace, text)
            self._core.artifacts.materialise(workspace, found.relative(), destination, writable=True)
            return
        if isinstance(reference, AssetReference):
            self.copy(workspace, self._asset_text(workspace, reference, type_), destination)
            return
        place = self.place(workspace, text)
        here = place.path
        if here.is_dir():
            links = partial(links_left_out, place.root)
            shutil.copytree(here, destination, dirs_exist_ok=True, copy_function=_copy_writable, ignore=links)
        else:
            destination.mkdir(parents=True, exist_ok=True)
            _copy_writable(here, destination / here.name)

    def keep(self, workspace: str, text: str) -> str:
        """Move an uploaded tree into the default datastore, as Azure does; other references stay as they are."""
        reference = _parsed(text)
        if not isinstance(reference, TreeReference):
            if isinstance(reference, LocalReference):
                raise _local(text)
            return text
        self.files(workspace, text)  # is there such a file or folder in it?
        # All of it, whichever part is asked for: the next asset may be made of another one.
        found = self.files(workspace, str(TreeReference(reference.tree)))
        folder = f"LocalUpload/{reference.tree[:32]}"
        target = self._core.paths.datastore(workspace, DEFAULT_DATASTORE) / folder
        # Read-only: its name is its content's hash, and every asset with that content is read from here.
        self._lay_out(workspace, found.entries, target, writable=False)
        path = f"{folder}/{reference.path}" if reference.path else f"{folder}/"
        return f"azureml://datastores/{DEFAULT_DATASTORE}/paths/{path}"

    def _materialised(self, workspace: str, found: Files) -> Path:
        # One read-only copy a content, shared by all attempts that only read it.
        digest = content_hash([[entry.path, entry.digest] for entry in found.entries])[:32]
        folder = self._core.paths.workspace(workspace) / "mounts" / digest
        is_file = len(found.entries) == 1 and found.entries[0].path.strip("/") == found.prefix.strip("/")
        self._lay_out(workspace, found.relative(), folder, writable=False)
        return folder / found.name if is_file else folder

    def _lay_out(self, workspace: str, entries: Sequence[Entry], folder: Path, *, writable: bool) -> None:
        """Make a folder whole or not at all: whoever sees it sees all of it. A folder that is there stays."""
        if folder.is_dir():
            return
        scratch = folder.with_name(f".{folder.name}.{os.getpid()}.{os.urandom(4).hex()}")
        self._core.artifacts.materialise(workspace, entries, scratch, writable=writable)
        try:
            scratch.rename(folder)
        except OSError:
            # Somebody else was faster; what they made has the same content.
            shutil.rmtree(scratch, ignore_errors=True)

    def _asset_text(self, workspace: str, reference: AssetReference, type_: str | None) -> str:
        """Return the reference of an asset's files."""
        kind = kind_of(type_)
        row = self._core.db.read(lambda tx: find_version(tx, workspace, kind, reference))
        return f"models:/{row.name}/{row.version}" if kind == "models" else str(row.doc["path"])

    def _in_datastore(self, workspace: str, datastore: str, path: str) -> Place:
        root = datastore_folder(self._core, workspace, datastore)
        here = inside(root, path)
        if not here.exists():
            raise NotFound(f"Datastore `{datastore}` has nothing at `{path}`.", kind="path", name=path)
        return Place(here, root)

    def _wasbs(self, workspace: str, reference: WasbsReference) -> Place:
        mirrored = self._mirrored(workspace, str(reference))
        if mirrored is not None:
            return mirrored
        account = reference.host.partition(".")[0]
        for row in self._core.db.read(lambda tx: resources.all_of(tx, workspace, "datastores")):
            if row.doc.get("account_name") == account and row.doc.get("container_name") == reference.container:
                return self._in_datastore(workspace, row.name, reference.path)
        raise NotFound(
            f"No datastore of this workspace stands for container `{reference.container}` of account `{account}`. "
            "Create one with that account_name and container_name, or put the address into the workspace's `mirrors`.",
            kind="datastore",
            name=reference.container,
        )

    def _mirrored(self, workspace: str, address: str) -> Place | None:
        """Return the local stand-in of a public address: the longest prefix in the mirror table wins."""
        mirrors = part(self._core.db.read(lambda tx: workspaces.get(tx, workspace)), "mirrors")
        for prefix in sorted(mirrors, key=len, reverse=True):
            rest = below_mirror(prefix, address)
            if rest is not None:
                root = Path(str(mirrors[prefix]))
                here = inside(root, rest)
                return Place(here, root) if here.exists() else None
        return None

    def _download(self, workspace: str, url: str) -> Place:
        name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2]) or "file"
        folder = self._core.paths.downloads(workspace) / content_hash(url)[:32]
        target = folder / str(safe_path(name))
        if target.is_file():
            return Place(target, folder)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{os.getpid()}.{os.urandom(4).hex()}.part"
        try:
            _fetch(url, unfinished)
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)
        return Place(target, folder)


def _fetch(url: str, target: Path) -> None:
    pool = urllib3.PoolManager(retries=urllib3.Retry(2, redirect=5), timeout=DOWNLOAD_TIMEOUT)
    try:
        with pool.request("GET", url, preload_content=False) as answer, target.open("wb") as out:
            if answer.status != 200:
                raise NotFound(f"`{url}` answers with status {answer.status}.", kind="path", name=url)
            for chunk in answer.stream(1 << 20):
                out.write(chunk)
    except urllib3.exceptions.HTTPError as reason:
        raise NotFound(
            f"`{url}` cannot be fetched: {_human(reason)}. Without network access, put the address "
            "and a local folder into the workspace's `mirrors`.",
            kind="path",
            name=url,
        ) from reason


def _human(reason: urllib3.exceptions.HTTPError) -> str:
    """Return in plain words why nothing came."""
    cause = reason.reason if isinstance(reason, urllib3.exceptions.MaxRetryError) else reason
    match cause:
        case urllib3.exceptions.NameResolutionError():
            return "its server's name is not known here"
        case urllib3.exceptions.NewConnectionError():
            return "its server takes no connection"
        case urllib3.exceptions.SSLError():
            return "its server's certificate is not trusted"
        case urllib3.exceptions.TimeoutError():
            return "its server does not answer in time"
        case urllib3.exceptions.ProxyError():
            return "the proxy does not let it through"
        case urllib3.exceptions.LocationValueError():
            return "this is no web address"
        case urllib3.exceptions.ResponseError():
            return "it leads on and on, or its server fails"
        case _:
            return "the connection broke off"


def kind_of(type_: object) -> str:
    """Return the kind of asset that an input of a type names."""
    return "models" if type_ in MODEL_TYPES else "data"


def find_version(tx: Tx, workspace: str, kind: str, reference: AssetReference) -> resources.Row:
    """Return the row of an asset reference. Raises NotFound, naming the versions or names that exist."""
    singular = {"data": "data asset", "environments": "environment", "models": "model", "codes": "code"}.get(kind, kind)
    if reference.version is not None:
        row = resources.get(tx, workspace, kind, reference.name, reference.version)
    else:
        row = resources.latest(tx, workspace, kind, reference.name)
    if row is not None:
        return row
    versions = resources.versions(tx, workspace, kind, reference.name)
    if versions:
        hint = f"Use `azureml:{reference.name}@latest`, or create version {reference.version}."
        raise NotFound.of(singular, reference.name, version=reference.version, existing=versions, hint=hint)
    page, _ = resources.page(tx, workspace, kind, limit=50)
    raise NotFound.of(singular, reference.name, existing=[one.name for one in page])


def covers(prefix: str, address: str) -> bool:
    """Say whether a mirror's address stands for another one: `https://host/data` does not for `https://host/database`."""
    rest = address.removeprefix(prefix)
    return address.startswith(prefix) and (not rest or prefix.endswith("/") or rest.startswith("/"))


def _copy_writable(source: str | Path, target: str | Path) -> None:
    """Copy a file with its times; the copy is its owner's to write, also where the original is read-only."""
    shutil.copy2(source, target)
    os.chmod(target, os.stat(target).st_mode | stat.S_IWUSR)


def below_mirror(key: str, address: str) -> str | None:
    """Return what follows a mirror's key in an address; None when the key does not stand for it.

    A key is the beginning of addresses, or the name or host of a storage account, whose folder holds its containers.
    """
    if "://" in key:
        return address[len(key) :] if covers(key, address) else None
    parts = urllib.parse.urlsplit(address)
    host = parts.hostname or ""
    account = host.partition(".")[0] if host.endswith(".core.windows.net") else host
    if key.lower() not in (host, account):
        return None
    # `wasbs://container@host/path` and `https://host/container/path` are the same place.
    return f"{parts.username}{parts.path}" if parts.username else parts.path


def _below(tx: Tx, workspace: str, root: str, prefix: str) -> Files:
    clean = prefix.strip("/")
    return Files(trees.walk(tx, workspace, root, clean), root, clean)


def _parsed(text: str) -> Reference:
    try:
        return references.parse(text)
    except BadReference as reason:
        raise Invalid.of([Problem("path", str(reason))]) from reason


def _elsewhere(text: str, workspace: str) -> Invalid:
    return Invalid.of([Problem("path", f"`{text}` names another workspace; only data of `{workspace}` can be read.")])


def _local(text: str) -> Invalid:
    return Invalid.of([Problem("path", f"`{text}` is a local path; clients upload it before they send the request.")])
