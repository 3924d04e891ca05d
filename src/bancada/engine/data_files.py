"""The files of a data asset: which there are, where one lies, which of them make its table. Not what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from typing_extensions import TypedDict

from bancada.domain.references import AssetReference
from bancada.domain.yaml_source import load_yaml
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.locations import Locations, find_version
from bancada.errors import Invalid, NotFound, Problem
from bancada.learning.table_file import Form, form_of
from bancada.store.trees import safe_path

__all__ = ["DataFile", "DataFiles", "FileList", "Table", "TableOptions", "files_at", "find_at", "only_file"]

MOST_FILES = 10_000
NAMES_SHOWN = 20
MLTABLE = "MLTable"
LARGEST_MLTABLE = 1 << 20
READERS: dict[str, Form] = {
    "read_delimited": "delimited",
    "read_json_lines": "json_lines",
    "read_parquet": "parquet",
}


class DataFile(TypedDict):
    """One file of a data asset: its path below the asset's folder, its bytes."""

    path: str
    size: int


class FileList(TypedDict):
    """The files of a data asset; `truncated` when there are more than a list holds."""

    items: list[DataFile]
    truncated: bool


@dataclass(frozen=True)
class TableOptions:
    """What a user says about a table's files; None: found out."""

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    # Lines above the header, in each file.
    skip_rows: int = 0
    # Whether only the first of several files has a header.
    one_header: bool = False

    def over(self, other: TableOptions) -> TableOptions:
        """Return these with the other's where nothing is said here."""
        return TableOptions(
            self.delimiter or other.delimiter,
            self.encoding or other.encoding,
            other.header if self.header is None else self.header,
            self.skip_rows or other.skip_rows,
            self.one_header or other.one_header,
        )


@dataclass(frozen=True)
class Table:
    """Files that are one table, and how they are read."""

    paths: Sequence[Path]
    form: Form
    options: TableOptions


class DataFiles:
    """Finds files of data assets. Nothing outside of an asset's own folder is ever given out.

    An asset behind a web address is fetched first, once, into the workspace's downloads.
    """

    def __init__(self, core: Core, locations: Locations) -> None:
        self._core = core
        self._locations = locations

    def source(self, workspace: str, name: str, version: str) -> tuple[Path, str]:
        """Return where an asset version lies, a file or a folder, and its type. Raises NotFound."""
        reference = AssetReference(name, version, None)
        row = self._core.db.read(lambda tx: find_version(tx, workspace, "data", reference))
        return self._locations.local_path(workspace, str(row.doc["path"])), str(row.doc.get("type") or "uri_folder")

    def list(self, workspace: str, name: str, version: str) -> FileList:
        """List an asset's files, all levels; those of a folder before those of the folders in it."""
        base, _ = self.source(workspace, name, version)
        return files_at(base)

    def find(self, workspace: str, name: str, version: str, path: str) -> Path:
        """Return one file of an asset; only to be read. Raises NotFound naming those that exist."""
        base, _ = self.source(workspace, name, version)
        return find_at(base, path)

    def table(self, workspace: str, name: str, version: str, path: str | None, options: TableOptions) -> Table | None:
        """Return the files of an asset's table: `path`, or what an MLTable names, or its only file; None for no table.

        Raises Invalid for an MLTable that cannot be read, NotFound for files that are not there.
        """
        base, _ = self.source(workspace, name, version)
        return self.table_at(workspace, base, path, options)

    def table_at(self, workspace: str, base: Path, path: str | None, options: TableOptions) -> Table | None:
        """Do the same for what lies at a place of this machine: a file, a folder, an MLTable's folder."""
        if path is None and base.is_dir() and (base / MLTABLE).is_file():
            return self._mltable(workspace, base, options)
        found = find_at(base, path) if path is not None else only_file(base)
        form = None if found is None else form_of(found.name)
        return None if found is None or form is None else Table([found], form, options)

    def whole_table(self, workspace: str, base: Path, options: TableOptions) -> Table:
        """Return all table files at a place as one table, as a training reads them. Raises Invalid when there is none.

        A single file is a table whatever it is called: delimited text, unless its name says otherwise.
        """
        if base.is_dir() and not (base / MLTABLE).is_file():
            paths = [base / path for path, _ in _walk(base) if form_of(path)]
            forms = {form_of(one.name) for one in paths}
            if len(forms) > 1:
                text = "the folder mixes kinds of tables; keep one of CSV, JSON lines and Parquet in it."
                raise Invalid.of([Problem("path", text)])
            if paths:
                return Table(paths, form_of(paths[0].name) or "delimited", options)
        found = self.table_at(workspace, base, None, options)
        if found is None and (file := only_file(base)) is not None:
            found = Table([file], "delimited", options)
        if found is None:
            raise Invalid.of([Problem("path", "there is no table: CSV, JSON lines and Parquet files are read.")])
        return found

    def _mltable(self, workspace: str, base: Path, options: TableOptions) -> Table:
        document = _read_mltable(find_at(base, MLTABLE))
        paths: list[Path] = []
        for index, entry in enumerate(_listed(document, "paths")):
            paths += self._named(workspace, base, entry, index)
        if not paths:
            raise Invalid.of([Problem("MLTable.paths", "names no file that is there.")])
        form, own = _reader(document, paths[0])
        return Table(paths, form, options.over(own))

    def _named(self, workspace: str, base: Path, entry: Any, index: int) -> list[Path]:
        named = part({"entry": entry}, "entry")
        if named.get("file"):
            return [self._file(workspace, base, str(named["file"]))]
        if named.get("folder"):
            folder = str(named["folder"]).removeprefix("./").strip("/")
            return [base / path for path, _ in _walk(base) if path.startswith(f"{folder}/") and form_of(path)]
        if named.get("pattern"):
            pattern = str(named["pattern"]).removeprefix("./")
            return [base / path for path, _ in _walk(base) if fnmatchcase(path, pattern)]
        raise Invalid.of([Problem(f"MLTable.paths[{index}]", "names no `file`, `folder` or `pattern`.")])

    def _file(self, workspace: str, base: Path, text: str) -> Path:
        if ":" in text.split("/", 1)[0]:
            return self._locations.local_path(workspace, text)
        return find_at(base, text.removeprefix("./"))


def files_at(base: Path) -> FileList:
    """List the files at a place of this machine, all levels."""
    items: list[DataFile] = []
    for path, size in _walk(base):
        if len(items) == MOST_FILES:
            return FileList(items=items, truncated=True)
        items.append(DataFile(path=path, size=size))
    return FileList(items=items, truncated=False)


def only_file(base: Path) -> Path | None:
    """Return the file itself, or a folder's only one."""
    if base.is_file():
        return base
    found = _walk(base)
    first, second = next(found, None), next(found, None)
    return base / first[0] if first is not None and second is None else None


def _walk(base: Path) -> Iterator[tuple[str, int]]:
    """Yield path and size of every file; links are left out, they may lead anywhere."""
    if base.is_file():
        yield base.name, base.stat().st_size
        return
    for folder, folders, files in os.walk(base):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if not path.is_symlink() and path.is_file():
                yield path.relative_to(base).as_posix(), path.stat().st_size


def find_at(base: Path, path: str) -> Path:
    """Return one file at a place; nothing outside of it is ever given out. Raises NotFound naming those that exist."""
    if base.is_file():
        found = base if path in ("", base.name) else None
    else:
        found = base / safe_path(path)
        if not found.is_file() or not found.resolve().is_relative_to(base.resolve()):
            found = None
    if found is None:
        some = [one for _, (one, _) in zip(range(NAMES_SHOWN), _walk(base), strict=False)]
        raise NotFound.of("file", path, existing=some)
    return found


def _read_mltable(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_MLTABLE:
        raise Invalid.of([Problem("MLTable", "is larger than 1 MiB; it shall only name files.")])
    try:
        found, _ = load_yaml(path.read_text(encoding="utf-8"), MLTABLE)
    except UnicodeDecodeError as reason:
        raise Invalid.of([Problem("MLTable", f"is no YAML: {' '.join(str(reason).split()).rstrip('.')}.")]) from reason
    if not isinstance(found, dict):
        raise Invalid.of([Problem("MLTable", "is no YAML object with `paths`.")])
    return cast("dict[str, Any]", found)


def _listed(document: dict[str, Any], key: str) -> list[Any]:
    found: Any = document.get(key) or []
    if not isinstance(found, list):
        raise Invalid.of([Problem(f"MLTable.{key}", "is no list.")])
    return cast("list[Any]", found)


def _reader(document: dict[str, Any], first: Path) -> tuple[Form, TableOptions]:
    """Return how an MLTable says that its files are read; without a word of it, as the first file's name says."""
    for step in _listed(document, "transformations"):
        named: dict[str, Any] = {step: {}} if isinstance(step, str) else part({"step": step}, "step")
        for name, form in READERS.items():
            if name in named:
                return form, _options(part(named, name))
    form = form_of(first.name)
    if form is None:
        text = f"says no way to read `{first.name}`; add `read_delimited`, `read_json_lines` or `read_parquet`."
        raise Invalid.of([Problem("MLTable.transformations", text)])
    return form, TableOptions()


def _options(said: dict[str, Any]) -> TableOptions:
    header = said.get("header")
    return TableOptions(
        delimiter=str(said["delimiter"]) if said.get("delimiter") else None,
        encoding=str(said["encoding"]) if said.get("encoding") else None,
        header=None if header is None else str(header).lower() not in ("no_header", "no_headers", "false"),
        skip_rows=_lines(said.get("skip_rows")),
        one_header=str(header).lower() == "from_first_file",
    )


def _lines(said: Any) -> int:
    if said is None:
        return 0
    if not isinstance(said, int) or said < 0:
        raise Invalid.of([Problem("MLTable.transformations", f"`skip_rows: {said}` is no number of lines.")])
    return said
