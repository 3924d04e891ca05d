"""Sends local files and folders: as trees of files by their content, of which the server asks only for new ones."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from bancada.domain.base import Entity, map_paths
from bancada.domain.fields import LocalPath
from bancada.domain.jobs.automl import TABLES
from bancada.domain.references import LocalReference, is_local, parse
from bancada.errors import Invalid, Problem
from bancada.ml.ignores import IgnoreRules, rules_of
from bancada.ml.texts import read_text
from bancada.ml.transport import LONG_TIMEOUT_S, Transport, segment

__all__ = ["LocalFile", "Uploads", "absent_paths", "existing", "walk"]

E = TypeVar("E", bound=Entity)

# A code folder this large is nearly always a data set or an environment that went in by mistake.
LARGE_CODE_BYTES = 1 << 30
HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class LocalFile:
    """One file to send: its path in the tree (with `/`), where it lies, its size."""

    path: str
    source: Path
    size: int


class Uploads:
    """Brings local paths of one workspace to the server."""

    def __init__(self, transport: Transport, workspace_path: str) -> None:
        self._transport = transport
        self._base = workspace_path

    def staged(self, entity: E) -> E:
        """Return a copy of an entity in which every local path is a reference to what was sent.

        Raises Invalid naming the absolute path when one does not exist or leads out of its code folder.
        """
        return cast("E", map_paths(entity, self._replace))

    def _replace(self, text: str, mark: LocalPath) -> Any:
        if not is_local(text):
            return text
        path = existing(text)
        if mark.role == "text":
            return read_conda(path)
        return self.code(path) if mark.role == "code" else self.content(path)

    def code(self, path: Path) -> str:
        """Send a code folder without what its ignore file names; return its reference."""
        files = list(walk(path, rules_of(path))) if path.is_dir() else [_file(path)]
        size = sum(one.size for one in files)
        if size >= LARGE_CODE_BYTES:
            biggest = max(files, key=lambda one: one.size)
            warnings.warn(
                f"The code folder {path} holds {size / 1e9:.1f} GB (largest: `{biggest.path}`, "
                f"{biggest.size / 1e9:.1f} GB). Name what the job does not need in {path / '.amlignore'}.",
                stacklevel=2,
            )
        return f"azureml:trees/{self.tree(files, path)}"

    def content(self, path: Path) -> str:
        """Send a file or folder whole; return its reference, which keeps the file's or folder's own name."""
        if path.is_file():
            return f"azureml:trees/{self.tree([_file(path)], path)}/{path.name}"
        name = path.name
        files = [LocalFile(f"{name}/{one.path}", one.source, one.size) for one in walk(path, None)]
        return f"azureml:trees/{self.tree(files, path)}/{name}"

    def tree(self, files: list[LocalFile], origin: Path) -> str:
        """Send the files that the server does not have; return the tree's hash. Raises Invalid when there are none.

        Names that are no text are refused, too: neither JSON nor every system that a job may run on can hold them.
        """
        if not files:
            raise Invalid.of([Problem("", f"the folder {origin} has no files to send.")])
        _require_texts(files)
        digests = [(one, _digest(one.source)) for one in files]
        sources = {digest: one.source for one, digest in digests}
        body = {"files": [{"path": one.path, "digest": digest, "size": one.size} for one, digest in digests]}
        while True:
            answer = self._transport.document("POST", f"{self._base}/trees", body=body, timeout_s=LONG_TIMEOUT_S)
            missing = cast("list[str]", answer.get("missing") or [])
            if not missing:
                return str(answer["tree"])
            for digest in missing:
                path = f"{self._base}/blobs/{segment(digest)}"
                self._transport.request("PUT", path, body=sources[digest], timeout_s=LONG_TIMEOUT_S)


def existing(text: str, folder: Path | None = None) -> Path:
    """Return a local path that is there, seen from `folder`. Raises Invalid naming the absolute path."""
    reference = parse(text)
    written = Path(reference.path if isinstance(reference, LocalReference) else text).expanduser()
    path = Path(os.path.abspath((folder or Path()) / written))  # not resolve(): a link keeps its own name
    if path.is_file() or path.is_dir():
        return path
    if path.exists():
        raise Invalid.of([Problem("", f"`{text}` is neither a file nor a folder ({path}).")])
    if "://" in text:
        raise Invalid.of([Problem("", f"`{text}` is no address that this platform reads, and no local path.")])
    where = "" if text == str(path) else f" ({path})"
    raise Invalid.of([Problem("", f"the path `{text}` does not exist{where}.{_hint(text)}")])


def absent_paths(
    job: Mapping[str, Any], folder: Path | None = None, lines: Mapping[str, int] | None = None
) -> list[Problem]:
    """Return a problem for each local path that a job's document names in vain; the document need not be sound."""
    problems: list[Problem] = []
    for where, text in _named_paths(job, ""):
        if not is_local(text):
            continue
        try:
            existing(text, folder)
        except Invalid as reason:
            problems.append(Problem(where, reason.message, (lines or {}).get(where)))
    return problems


def _named_paths(job: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    """Yield where a job's document names paths, and the texts there."""
    environment = _mapping(job.get("environment"))
    places: dict[str, Any] = {
        "code": job.get("code"),
        "environment.conda_file": environment.get("conda_file"),
        "environment.build.path": _mapping(environment.get("build")).get("path"),
        **{f"inputs.{name}.path": _mapping(one).get("path") for name, one in _mapping(job.get("inputs")).items()},
        **{f"{name}.path": _mapping(job.get(name)).get("path") for name in TABLES},
        **{name: job.get(name) for name in TABLES},  # a table may be its path alone
    }
    yield from ((f"{above}{where}", text) for where, text in places.items() if isinstance(text, str) and text)
    if "trial" in job:
        yield from _named_paths(_mapping(job["trial"]), "trial.")


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _hint(text: str) -> str:
    name, separator, version = text.partition(":")
    looks_like_asset = separator and name and version and "/" not in text and "\\" not in text
    return f" For a registered asset write `azureml:{text}`." if looks_like_asset else ""


def walk(folder: Path, rules: IgnoreRules | None) -> Iterator[LocalFile]:
    """Yield the files of a folder in order of their paths.

    With rules (a code folder), what they name is left out and a link that leads out of the folder is refused; without,
    links are followed wherever they lead.
    """
    root = folder.resolve()
    yield from _walk(folder, "", root, rules, (root,))


def _walk(
    folder: Path, prefix: str, root: Path, rules: IgnoreRules | None, above: tuple[Path, ...]
) -> Iterator[LocalFile]:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        path, here = f"{prefix}{entry.name}", Path(entry.path)
        is_folder = entry.is_dir()
        if rules is not None and rules.is_ignored(path, is_folder=is_folder):
            continue
        real = here.resolve() if entry.is_symlink() else here
        if entry.is_symlink():
            _require_sound_link(here, real, root, strict=rules is not None)
        if is_folder:
            target = here.resolve()
            if target not in above:  # a link to a folder above would never end
                yield from _walk(here, f"{path}/", root, rules, (*above, target))
        elif entry.is_file():
            yield LocalFile(path, here, entry.stat().st_size)


def _require_sound_link(link: Path, target: Path, root: Path, *, strict: bool) -> None:
    if not target.exists():
        raise Invalid.of([Problem("", f"the link {link} leads to {target}, which does not exist.")])
    if strict and not target.is_relative_to(root):
        raise Invalid.of(
            [
                Problem(
                    "",
                    f"the link {link} leads out of the code folder, to {target}. Copy what the job needs into "
                    f"{root}, make it an input, or name the link in {root / '.amlignore'}.",
                )
            ]
        )


def _file(path: Path) -> LocalFile:
    return LocalFile(path.name, path, path.stat().st_size)


def _require_texts(files: list[LocalFile]) -> None:
    # Python gives bytes of a name that are no UTF-8 as lone surrogates.
    problems = [
        Problem("", f"the name `{shown}` is not UTF-8. Rename it (`convmv` does many), or keep it out of the folder.")
        for one in files
        if (shown := os.fsencode(one.path).decode("utf-8", "backslashreplace")) != one.path
    ]
    if problems:
        raise Invalid.of(problems)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_conda(path: Path) -> dict[str, Any]:
    """Return the content of a conda file, or a conda file that holds the packages of a `requirements.txt`.

    Raises Invalid when it is neither.
    """
    text = read_text(path)
    if path.suffix == ".txt":
        lines = (line.partition(" #")[0].strip() for line in text.splitlines())
        packages = [line for line in lines if line and not line.startswith("#")]
        return {"dependencies": ["pip", {"pip": packages}]}
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as reason:
        raise Invalid.of([Problem("conda_file", f"is not YAML: {reason}")], source=str(path)) from reason
    if not isinstance(content, dict):
        raise Invalid.of([Problem("conda_file", "expected a mapping with `dependencies`.")], source=str(path))
    return cast("dict[str, Any]", content)
