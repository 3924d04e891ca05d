"""Environments on this machine: is one there, and if not, build it. Solving is in `solver`, translating in `conda`.

`<cache>/envs/<key>/` is a virtual environment with its lock; `.requests/<digest>.json` leads from a request to its key
without asking uv; `.locks/` has one lock file for each request and each key. An environment is built in place, since
virtual environments hold their own path, and counts only from its marker file on, which is written last.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bancada.errors import EnvironmentFailed, StorageFull, is_disk_full
from bancada.executors.curated import curated, curated_request
from bancada.executors.environment_values import BuildOptions, BuiltEnvironment, EnvironmentRequest
from bancada.executors.interpreters import minor_text, places_changed, watched_places
from bancada.executors.locks import locked
from bancada.executors.packages import PackageSet, package_set
from bancada.executors.reasons import explain
from bancada.executors.solver import Lock, Solver, locked_names
from bancada.executors.uv_process import Log, Uv
from bancada.executors.warming import warm
from bancada.ids import content_hash
from bancada.settings import usable_folder

__all__ = [
    "BuildOptions",
    "BuiltEnvironment",
    "EnvironmentRequest",
    "build",
    "curated",
    "curated_request",
    "find",
    "write_start_line",
]

_MARKER = "bancada-environment.json"
_LOCK_FILE = "bancada-lock.txt"
# Python executes such a line when it starts; `runtime/start.py` says what for.
_START_FILE = "bancada.pth"
_START_LINE = (
    'import os; p = os.environ.get("BANCADA_START"); '
    'p and os.path.isfile(p) and exec(compile(open(p, "rb").read(), p, "exec"), {"__file__": p})\n'
)
# Version of what is written into a marker; another one means: build again.
_FORMAT = 1


def find(request: EnvironmentRequest, cache: Path) -> BuiltEnvironment | None:
    """Return the environment when it is there and ready, in a few milliseconds and without uv; else None.

    An environment that runs on another Python than the asked one is looked up anew once an interpreter may have
    come (`build` then takes the time of a resolve, and builds only if the answer differs).
    """
    cache = cache.absolute()
    lent = _ready(cache / "envs" / request.built_as) if request.built_as else None
    if lent is not None:
        return lent
    entry = _read_json(_entry_path(request, cache))
    if entry is None or entry.get("format") != _FORMAT:
        return None
    if places_changed(entry["places"]):
        return None
    ready = _ready(cache / "envs" / entry["key"])
    if ready is None:
        return None
    return replace(ready, warnings=(*entry["warnings"], *ready.warnings))


def build(request: EnvironmentRequest, cache: Path, log: Log, options: BuildOptions | None = None) -> BuiltEnvironment:
    """Return the environment, built if needed; every few seconds at most `log` gets a line about what goes on.

    Any number of processes may ask at once: one builds, the others wait and get the same. A kill at any moment
    leaves nothing that `find` returns; the next build starts over. Children stay in our process group, so that
    killing the group cancels everything.

    Raises EnvironmentUnsolvable, EnvironmentUnsupported, Invalid, StorageFull, FolderUnusable, and EnvironmentFailed
    for the rest (no network and nothing in the cache).
    """
    packages = package_set(request)
    cache = cache.absolute()  # uv runs in another folder
    usable_folder("cache", cache)
    options = options or BuildOptions()
    uv = Uv(cache, log, index=options.index, offline=options.offline)
    with (
        _disk_errors(request),
        locked(_lock_path(cache, request.digest), log, f"another build of {request.subject}") as held,
    ):
        ready = find(request, cache)
        if ready is not None:
            return ready
        lock = _solve(request, packages, uv.holding(held), options)
        warnings = (*packages.notes, *lock.warnings)
        for warning in warnings:
            log(f"Warning: {warning}")
        environment = _assemble(request, packages, lock, replace(uv, offline=uv.offline or lock.from_cache))
        places = watched_places(cache) if lock.is_fallback else {}
        entry = {"format": _FORMAT, "key": environment.key, "warnings": list(warnings), "places": places}
        _write_json(_entry_path(request, cache), entry)
        return replace(environment, warnings=(*warnings, *environment.warnings))


def _entry_path(request: EnvironmentRequest, cache: Path) -> Path:
    return cache / "envs" / ".requests" / f"{request.digest}.json"


def _lock_path(cache: Path, name: str) -> Path:
    return cache / "envs" / ".locks" / f"{name}.lock"


def _ready(root: Path) -> BuiltEnvironment | None:
    """The environment in `root` if its marker is there and its Python still is (a link to an installed one)."""
    marker = _read_json(root / _MARKER)
    if marker is None or marker.get("format") != _FORMAT or not (root / "bin" / "python").exists():
        return None
    own = {"root": str(root), "interpreter": str(root / "bin" / "python")}
    return BuiltEnvironment.from_document(marker | own)


def _solve(request: EnvironmentRequest, packages: PackageSet, uv: Uv, options: BuildOptions) -> Lock:
    # Under the request's lock nobody else uses this folder; what a killed resolve left in it is of no use.
    scratch = uv.cache / "envs" / ".solving" / request.digest
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        solver = Solver(uv, packages, scratch, request.subject, may_download=options.download_python)
        return solver.solve()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _key(lock: Lock, uv_version: str) -> str:
    python = lock.interpreter
    content = [_FORMAT, lock.text, python.build, python.platform, str(python.path), uv_version.split(".")[0]]
    return content_hash(content)[:24]


def _assemble(request: EnvironmentRequest, packages: PackageSet, lock: Lock, uv: Uv) -> BuiltEnvironment:
    key = _key(lock, uv.version())
    root = uv.cache / "envs" / key
    with locked(_lock_path(uv.cache, key), uv.log, f"another build of environment {key}") as held:
        ready = _ready(root)
        if ready is not None:
            uv.log(f"The packages are those of environment {key}, which is ready.")
            return ready
        started = time.monotonic()
        _remove(root)
        try:
            environment = _install(request, packages, lock, uv.holding(held), key, root)
        except BaseException:
            _remove(root)  # a full disk should not stay full of half an environment
            raise
        uv.log(f"Environment {key} is ready ({time.monotonic() - started:.1f} s).")
        return environment


def _remove(root: Path) -> None:
    """Remove a folder, its marker first: what is half removed must not look ready."""
    (root / _MARKER).unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)


def _install(
    request: EnvironmentRequest, packages: PackageSet, lock: Lock, uv: Uv, key: str, root: Path
) -> BuiltEnvironment:
    python = lock.interpreter
    names = locked_names(lock.text)
    uv.log(f"Installing {len(names)} packages for Python {python.version_text}.")
    root.parent.mkdir(parents=True, exist_ok=True)
    _run(uv, request, ["venv", str(root), "--python", str(python.path), "--no-project"], "making the folder")
    (root / _LOCK_FILE).write_text(lock.text, encoding="utf-8")
    interpreter = root / "bin" / "python"
    command = ["pip", "sync", str(root / _LOCK_FILE), "--python", str(interpreter), "--link-mode", "hardlink"]
    command += ["--allow-empty-requirements"]
    _run(uv, request, [*command, *_index_arguments(packages), *uv.index_arguments()], "installing")
    write_start_line(interpreter)
    uv.log("Importing the packages once, so that later starts find their byte code.")
    warmed = warm(interpreter, names, packages.imported, log=uv.log, held=uv.held)
    if not warmed.packages:
        raise EnvironmentFailed(f"{request.subject} cannot be built: its Python ({python.path}) does not start.")
    environment = BuiltEnvironment(
        key, root, interpreter, minor_text(python.minor), warmed.warnings, warmed.packages, warmed.preload
    )
    # The marker must not outlive, through a power cut, files that were still on their way to the disk.
    os.sync()
    _write_json(root / _MARKER, {"format": _FORMAT, **environment.document()})
    return environment


def write_start_line(interpreter: Path) -> None:
    """Let every Python of the environment run the file that a launch names first, if it names one."""
    for folder in interpreter.parent.parent.glob("lib/python*/site-packages"):
        (folder / _START_FILE).write_text(_START_LINE, encoding="utf-8")


def _run(uv: Uv, request: EnvironmentRequest, arguments: Sequence[str], what: str) -> None:
    outcome = uv.run(arguments, what=what)
    if outcome.code != 0:
        raise explain(outcome.text, subject=request.subject)


def _index_arguments(packages: PackageSet) -> list[str]:
    """The request's own indexes as arguments: they may hold passwords, and arguments leave no file behind."""
    lines = [line.partition(" ") for line in packages.options]
    named = [part for name, _, value in lines for part in (name, value) if name.endswith(("-url", "-links"))]
    several = ["--index-strategy", "unsafe-best-match"] if "--extra-index-url" in named else []
    return named + several


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_bytes())
    # What may not be read is not there; `build` then says what is wrong with the folder.
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
        return None


def _write_json(path: Path, document: dict[str, Any]) -> None:
    """Write so that the file is there whole, on disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


@contextmanager
def _disk_errors(request: EnvironmentRequest) -> Generator[None]:
    try:
        yield
    except OSError as reason:
        if not is_disk_full(reason):
            raise
        text = f"{request.subject} cannot be built: the disk has no room left. Free some space and try again."
        raise StorageFull(text) from reason
