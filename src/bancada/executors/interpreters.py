"""The Pythons of this machine, and which of them an environment gets. Not for what is installed into them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bancada.executors.uv_process import Uv

__all__ = [
    "OLDEST",
    "Candidate",
    "Interpreter",
    "PythonWish",
    "candidates",
    "download",
    "installed",
    "minor_text",
    "places",
    "places_changed",
    "watched_places",
]

Minor = tuple[int, int]

# What the runtime folder, which runs inside the environment, is written for.
OLDEST: Minor = (3, 8)
_NEWEST_GUESS: Minor = (3, 30)
# A download of 30 MB on a slow line; a machine without a network answers within a second or two.
_DOWNLOAD_LIMIT_S = 120.0
_QUERY_LIMIT_S = 10.0
_QUERY = """
import json, platform, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]), "final": sys.version_info[3] == "final", "build": sys.version,
    "implementation": platform.python_implementation(), "platform": sysconfig.get_platform(),
    "base": sys.prefix == getattr(sys, "base_prefix", sys.prefix),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One installed CPython, never one of a virtual environment."""

    path: Path
    version: tuple[int, int, int]
    build: str  # `sys.version`: with the compiler and the date, so that a rebuilt Python is another one
    platform: str  # "linux-x86_64"

    @property
    def minor(self) -> Minor:
        """The two numbers that decide which wheels fit."""
        return self.version[:2]

    @property
    def version_text(self) -> str:
        """`3.11.7`."""
        return ".".join(str(part) for part in self.version)


@dataclass(frozen=True)
class PythonWish:
    """Which Python is asked for. `clauses` are (operator, release) with `==` meaning that release's minor version."""

    clauses: tuple[tuple[str, tuple[int, ...]], ...] = ()
    strict: bool = False

    def accepts(self, minor: Minor) -> bool:
        """Return whether some patch release of `minor` is asked for; patch levels make no difference."""
        return all(_holds(minor, operator, release) for operator, release in self.clauses)

    @property
    def target(self) -> Minor:
        """The minor version to be near to: the accepted one that is nearest to our own Python."""
        own = sys.version_info[:2]
        accepted = [(3, number) for number in range(_NEWEST_GUESS[1]) if self.accepts((3, number))]
        return min(accepted, key=lambda minor: _distance(minor, own)) if accepted else own

    @property
    def is_open(self) -> bool:
        """Whether any Python will do."""
        return not self.clauses

    def __str__(self) -> str:
        parts = [f"{operator}{'.'.join(map(str, release))}" for operator, release in self.clauses]
        return ",".join(parts).removeprefix("==") if len(parts) == 1 else ",".join(parts)


@dataclass(frozen=True)
class Candidate:
    """An interpreter to try; `fallback` when the wish asks for another minor version."""

    interpreter: Interpreter
    fallback: bool


def minor_text(minor: Sequence[int]) -> str:
    """Return `3.11` for (3, 11)."""
    return f"{minor[0]}.{minor[1]}"


def _holds(minor: Minor, operator: str, release: tuple[int, ...]) -> bool:
    if operator == "==" or (operator == "~=" and len(release) > 2):
        return minor[: len(release)] == release[:2]
    if operator == "!=":
        return len(release) > 2 or minor[: len(release)] != release
    if operator in (">=", "~="):
        same_major = operator == ">=" or minor[:1] == release[:1]
        return same_major and minor >= release[:2]
    if operator == ">":
        return minor >= release[:2] if len(release) > 2 else minor > release
    if operator == "<=":
        return minor <= release[:2]
    # `<3.12` leaves 3.12 out, `<3.12.4` does not.
    return minor <= release[:2] if len(release) > 2 and any(release[2:]) else minor < release[:2]


def _distance(minor: Minor, target: Minor) -> tuple[int, int]:
    """Nearest first; of two that are as near, the newer one, which has more wheels and lives longer."""
    gap = (minor[0] - target[0]) * 100 + minor[1] - target[1]
    return abs(gap), 0 if gap > 0 else 1


def candidates(wish: PythonWish, found: Iterable[Interpreter]) -> list[Candidate]:
    """Return what to try in order: the accepted ones; where there are none, and unless strict, the nearest others.

    Of one minor version only the newest patch release is there, or the asked one.
    """
    asked = [release for operator, release in wish.clauses if operator == "==" and len(release) == 3]
    best: dict[Minor, Interpreter] = {}
    for one in sorted(found, key=lambda one: (one.version in asked, one.version)):
        best[one.minor] = one
    near = sorted(best.values(), key=lambda one: _distance(one.minor, wish.target))
    accepted = [Candidate(one, fallback=False) for one in near if wish.accepts(one.minor)]
    others = [Candidate(one, fallback=True) for one in near if not wish.accepts(one.minor)]
    return accepted or ([] if wish.strict else others)


def places(cache: Path) -> list[Path]:
    """Return the folders where interpreters may be: the search path and where version managers put theirs.

    `uv python find` sees only the search path and uv's own; a machine with pyenv has the rest beside its shims.
    """
    versions = [folder / "bin" for root in _roots(cache) if root.is_dir() for folder in sorted(root.iterdir())]
    return [folder for folder in dict.fromkeys([*_search_path(), *versions]) if folder.is_dir()]


def _search_path() -> list[Path]:
    path = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    # Shims are scripts that start another Python, slowly, or refuse to.
    return [folder for folder in path if folder.name != "shims"]


def _roots(cache: Path) -> list[Path]:
    """Folders with one folder a version. The variables are those of the tools that put them there."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return [
        Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python"),
        cache / "python",
        home / ".asdf" / "installs" / "python",
        data / "mise" / "installs" / "python",
        Path("/opt/python"),
        Path("/opt/hostedtoolcache/Python"),
        Path("/Library/Frameworks/Python.framework/Versions"),
    ]


def watched_places(cache: Path) -> dict[str, int]:
    """Return each folder that changes when an interpreter comes or goes, with the time of its last change (0: none).

    Stored beside an answer that depends on what is installed. The paths are stored too, since whoever looks later
    may have another search path.
    """
    return {str(folder): _changed_at(folder) for folder in [*_search_path(), *_roots(cache)]}


def places_changed(watched: Mapping[str, int]) -> bool:
    """Return whether an interpreter may have come or gone since; costs some 20 `stat` calls."""
    return any(_changed_at(Path(folder)) != at for folder, at in watched.items())


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def installed(cache: Path) -> list[Interpreter]:
    """Return the installed CPythons that the runtime can run on, oldest first."""
    # The real files: a link in a virtual environment leads to the Python that it was made from.
    files = {os.path.realpath(sys.executable)}
    for folder in places(cache):
        files |= {os.path.realpath(path) for path in folder.glob("python3*") if _names_python(path.name)}
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(_query, sorted(files)))
    found = [one for one in answers if one is not None and one.minor >= OLDEST]
    return sorted(found, key=lambda one: (one.version, str(one.path)))


def _names_python(name: str) -> bool:
    return name == "python3" or name.removeprefix("python3.").isdigit()


def _query(path: str) -> Interpreter | None:
    command = [path, "-I", "-c", _QUERY]
    try:
        answer = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_QUERY_LIMIT_S)
        facts = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None  # not a Python that works
    if facts["implementation"] != "CPython" or not facts["final"] or facts["free_threaded"] or not facts["base"]:
        return None
    major, minor, patch = facts["version"]
    return Interpreter(Path(path), (major, minor, patch), facts["build"], facts["platform"])


def download(minor: Minor, uv: Uv, cache: Path, log: Callable[[str], None]) -> bool:
    """Try to fetch a Python into the cache, bounded in time and said aloud. Return whether it is there now."""
    wanted = minor_text(minor)
    log(f"Python {wanted} is not installed; trying to download it (for at most {_DOWNLOAD_LIMIT_S:.0f} s).")
    outcome = uv.run(
        ["python", "install", wanted, "--install-dir", str(cache / "python"), "--no-bin"],
        what=f"downloading Python {wanted}",
        timeout_s=_DOWNLOAD_LIMIT_S,
        variables={"UV_PYTHON_DOWNLOADS": "automatic", "UV_HTTP_RETRIES": "0"},
    )
    if outcome.code != 0:
        log(f"Python {wanted} could not be downloaded.")
    return outcome.code == 0
