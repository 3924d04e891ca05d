"""From requirements to a lock: which Python, which release of each package, with hashes. Not for installing it."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bancada.errors import BancadaError, EnvironmentUnsupported
from bancada.executors.interpreters import (
    OLDEST,
    Candidate,
    Interpreter,
    candidates,
    download,
    installed,
    minor_text,
)
from bancada.executors.package_names import WHEELS_ONLY
from bancada.executors.packages import PackageSet
from bancada.executors.reasons import explain, is_about_python, is_network_failure
from bancada.executors.release_dates import general_date, needed_by, open_package_dates, release_dates
from bancada.executors.requirements import canonical_name
from bancada.executors.uv_process import Outcome, Uv

__all__ = ["Lock", "Solver", "locked_names"]

_Date = datetime.datetime | None
# Older uv knows no word for "no limit".
_ANY_DAY = "2999-01-01T00:00:00Z"


@dataclass(frozen=True)
class Lock:
    """What to install, exactly. `text` is a requirements file with hashes and without comments."""

    interpreter: Interpreter
    text: str
    warnings: tuple[str, ...] = ()
    from_cache: bool = False  # the index could not be reached: what is installed must come from the cache too
    is_fallback: bool = False  # another Python than the asked one; a new interpreter may change the answer


@dataclass(frozen=True)
class _Attempt:
    lock: Lock | None
    failure: str = ""


@dataclass(frozen=True)
class Solver:
    """One solve: `folder` is an empty scratch folder, `subject` ("Environment `heart:1`") begins each error."""

    uv: Uv
    packages: PackageSet
    folder: Path
    subject: str
    may_download: bool = True

    def solve(self) -> Lock:
        """Return the lock on the asked Python, else (unless strict) on the nearest one where the set solves.

        Raises EnvironmentUnsolvable, EnvironmentUnsupported, Invalid, StorageFull, EnvironmentFailed (no network).
        """
        found = self._interpreters()
        failures: dict[str, str] = {}  # Python → why not
        for candidate in self._candidates(found):
            used = minor_text(candidate.interpreter.minor)
            attempt = self._attempt(candidate.interpreter)
            if attempt.lock is not None:
                return self._accept(attempt.lock, candidate, list(failures))
            failures[used] = attempt.failure
            if not is_about_python(attempt.failure):
                raise explain(attempt.failure, subject=self.subject, names=self.packages.names, python=used)
            self.uv.log(f"The packages do not solve on Python {candidate.interpreter.version_text}.")
        raise self._no_python(failures, found)

    def _interpreters(self) -> list[Interpreter]:
        wish, cache = self.packages.python, self.uv.cache
        found = installed(cache)
        missing = not any(wish.accepts(one.minor) for one in found)
        allowed = self.may_download and not self.uv.offline and wish.target >= OLDEST
        if missing and allowed and download(wish.target, self.uv, cache, self.uv.log):
            return installed(cache)
        return found

    def _candidates(self, found: Sequence[Interpreter]) -> list[Candidate]:
        choices = candidates(self.packages.python, found)
        if choices:
            return choices
        here = _minors(found)
        raise EnvironmentUnsupported(
            f"{self.subject} asks for Python {self.packages.python} (strict_python), which is not installed here "
            f"(installed: {_sentence(here) or 'none'}). Install it, or leave strict_python out.",
            python=str(self.packages.python),
            installed=here,
        )

    def _accept(self, lock: Lock, candidate: Candidate, tried: Sequence[str]) -> Lock:
        wish, used = self.packages.python, candidate.interpreter.version_text
        if candidate.fallback:
            old = wish.target < OLDEST
            why = f"older than {minor_text(OLDEST)}, the oldest that jobs run on" if old else "not installed here"
            note = (
                f"Python {wish} is asked for and {why}; Python {used} is used, the nearest one on which the packages "
                "solve. (`strict_python: true` makes this an error.)"
            )
        elif tried:
            note = f"Python {used} is used: the packages do not solve on Python {_sentence(tried)}."
        else:
            return lock
        return replace(lock, warnings=(note, *lock.warnings), is_fallback=True)

    def _attempt(self, interpreter: Interpreter) -> _Attempt:
        count = len(self.packages.requirements)
        where = f"Python {interpreter.version_text}" + (", from the cache" if self.uv.offline else "")
        self.uv.log(f"Resolving {count} requirement{'s' * (count != 1)} on {where}.")
        attempt = self._dated_attempt(interpreter)
        if attempt.lock is not None or self.uv.offline or not is_network_failure(attempt.failure):
            return attempt
        self.uv.log("The package index cannot be reached.")
        cached = replace(self, uv=replace(self.uv, offline=True))._attempt(interpreter)
        if cached.lock is None:
            return attempt
        note = "The package index cannot be reached: the newest releases in the cache are taken."
        return _Attempt(replace(cached.lock, warnings=(note, *cached.lock.warnings), from_cache=True))

    def _dated_attempt(self, interpreter: Interpreter) -> _Attempt:
        pins, failure = self._pin_dates(interpreter)
        if is_network_failure(failure):
            return _Attempt(None, failure)
        general = general_date(pins, datetime.datetime.now(datetime.UTC))
        if general:
            youngest = f"{max(pins.values()):%Y-%m-%d}"
            self.uv.log(f"The youngest pinned release is of {youngest}: the others are taken as of {general:%Y-%m-%d}.")
        outcome, text = self._compile(interpreter, general)
        warnings: tuple[str, ...] = ()
        if outcome.code == 0:
            text = self._with_older_needs(interpreter, text, pins, general)
        elif general and not is_network_failure(outcome.text):
            outcome, text = self._compile(interpreter, None)
            warnings = (f"Packages without a version are the newest: those of {general:%Y-%m-%d} do not solve.",)
        if outcome.code != 0:
            return _Attempt(None, outcome.text)
        self.uv.log(f"Resolved to {len(locked_names(text))} packages.")
        return _Attempt(Lock(interpreter, _bare_lock(text), warnings))

    def _with_older_needs(
        self, interpreter: Interpreter, text: str, pins: Mapping[str, datetime.datetime], general: _Date
    ) -> str:
        """Take what an older pinned release needs as of that release, if that solves too."""
        older = open_package_dates(pins, needed_by(text), general)
        if not older:
            return text
        outcome, dated = self._compile(interpreter, general, older)
        if outcome.code != 0:
            return text
        names = ", ".join(sorted(older)[:6]) + (" …" if len(older) > 6 else "")
        self.uv.log(f"Taken as of the older releases that need them: {names}.")
        return dated

    def _compile(
        self, interpreter: Interpreter, general: _Date, older: Mapping[str, datetime.datetime] | None = None
    ) -> tuple[Outcome, str]:
        answer = self.folder / f"lock-{interpreter.version_text}.txt"
        answer.unlink(missing_ok=True)  # uv would prefer the releases of an earlier answer
        # A pinned release may have got its wheel for this Python later: no date for it.
        limits = {one.name: _ANY_DAY for one in self.packages.requirements if one.is_pinned and one.name}
        limits |= {name: _day(date) for name, date in (older or {}).items()}
        arguments = ["--generate-hashes", "--no-header", *(["--exclude-newer", _day(general)] if general else [])]
        if general or older:
            arguments += [part for name in limits for part in ("--exclude-newer-package", f"{name}={limits[name]}")]
        outcome = self._run_compile(self.packages.lines, answer, interpreter, arguments)
        return outcome, answer.read_text(encoding="utf-8") if outcome.code == 0 else ""

    def _run_compile(
        self, lines: Sequence[str], answer: Path, interpreter: Interpreter, arguments: Sequence[str]
    ) -> Outcome:
        asked = self.folder / "asked.in"
        asked.write_text("\n".join([*self.packages.options, *lines, ""]), encoding="utf-8")
        command = ["pip", "compile", str(asked), "--output-file", str(answer), "--python", str(interpreter.path)]
        return self.uv.run([*command, *arguments, *self._common()], what="resolving")

    def _common(self) -> list[str]:
        sources = [line.split()[-1] for line in self.packages.options if line.startswith("--no-binary")]
        unwanted = {canonical_name(name) for line in sources for name in line.split(",")}
        wheels = [] if ":all:" in unwanted else [name for name in WHEELS_ONLY if name not in unwanted]
        arguments = [part for name in wheels for part in ("--only-binary", name)]
        if any(line.startswith("--extra-index-url") for line in self.packages.options):
            arguments += ["--index-strategy", "unsafe-best-match"]  # what pip does with several indexes
        if self.packages.prerelease:
            arguments += ["--prerelease", "allow"]
        return [*arguments, *self.uv.index_arguments()]

    def _pin_dates(self, interpreter: Interpreter) -> tuple[dict[str, datetime.datetime], str]:
        """When the pinned releases came out, or why that cannot be told.

        The index tells it of each file, and uv writes it into a `pylock.toml`.
        """
        pins = [one.text for one in self.packages.requirements if one.is_pinned]
        if not pins:
            return {}, ""
        answer = self.folder / "pylock.toml"
        answer.unlink(missing_ok=True)
        outcome = self._quiet()._run_compile(pins, answer, interpreter, ["--no-deps", "--format", "pylock.toml"])
        if outcome.code != 0:
            return {}, outcome.text  # what is wrong with the pins will be said by the solve itself
        return release_dates(tomllib.loads(answer.read_text(encoding="utf-8"))), ""

    def _no_python(self, failures: Mapping[str, str], found: Sequence[Interpreter]) -> BancadaError:
        """The error when no allowed Python will do: which one the set needs, and which there are."""
        wish, here = self.packages.python, _minors(found)
        first, failure = next(iter(failures.items()))
        error = explain(failure, subject=self.subject, names=self.packages.names, python=first)
        solves_on = self._solves_on(failures, found)
        parts = [error.message]
        parts += [f"Python {wish} is asked for."] if not wish.is_open else []
        parts += [f"Installed: Python {_sentence(here)}; tried: {_sentence(list(failures))}."]
        if ready := [name for name in solves_on if name in here]:
            near = min(ready, key=lambda name: abs(int(name.split(".")[1]) - wish.target[1]))
            parts += [f"The packages solve on Python {_sentence(solves_on)}: ask for {near}."]
        elif solves_on:
            parts += [f"The packages solve on Python {_sentence(solves_on)}: install one of these."]
        details = {"python": str(wish), "tried": list(failures), "installed": here, "solves_on": solves_on}
        return type(error)(" ".join(parts), **{**error.details, **details})

    def _solves_on(self, failures: Mapping[str, str], found: Sequence[Interpreter]) -> list[str]:
        """The Pythons, installed or not, on which the set solves: asked of uv, which needs no interpreter for it."""
        newest = max(*(one.minor[1] for one in found), self.packages.python.target[1])
        names = [f"3.{number}" for number in range(OLDEST[1], newest + 1)]
        quiet = self._quiet()
        return [name for name in names if name not in failures and quiet._would_solve(name, found[-1])]

    def _quiet(self) -> Solver:
        return replace(self, uv=replace(self.uv, log=_silent))

    def _would_solve(self, python: str, interpreter: Interpreter) -> bool:
        answer = self.folder / f"would-{python}.txt"
        return self._run_compile(self.packages.lines, answer, interpreter, ["--python-version", python]).code == 0


def _minors(found: Sequence[Interpreter]) -> list[str]:
    return [minor_text(minor) for minor in sorted({one.minor for one in found})]


def _silent(line: str) -> None:
    """Say nothing: a question on the side, whose answer is said later."""


def _bare_lock(text: str) -> str:
    """Leave out comments and options, which may name the index: the same set from a mirror is the same set."""
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"^\s*#|^--?[a-z]", line)]
    return "\n".join([*lines, ""])


def locked_names(text: str) -> list[str]:
    """Return the canonical names of the packages in a lock."""
    found = [re.match(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:==|@)", line) for line in text.splitlines()]
    return [canonical_name(one[1]) for one in found if one is not None]


def _day(date: datetime.datetime) -> str:
    return f"{date.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _sentence(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
