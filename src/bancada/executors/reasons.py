"""From what uv says to an error that a person can act on. Not for running uv."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bancada.errors import (
    BancadaError,
    EnvironmentFailed,
    EnvironmentUnsolvable,
    EnvironmentUnsupported,
    Invalid,
    Problem,
    StorageFull,
    closest,
)
from bancada.executors.package_names import WELL_KNOWN
from bancada.executors.uv_process import mask_secrets

__all__ = ["explain", "is_about_python", "is_network_failure"]

_LONGEST = 420

_NETWORK = re.compile(
    r"error sending request|dns error|client error \(Connect\)|Failed to fetch|Could not connect|timed out"
    r"|Could not resolve host|network was disabled|operation timed out|request or response body error",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\b(401|403)\b.*(Unauthorized|Forbidden)", re.IGNORECASE)
_UNKNOWN = re.compile(r"Because (\S+) was not found in (?:the package registry|the cache|any)")
_NOT_BUILT = re.compile(r"Failed to (?:build|download and build) `([^`]+)`")
_UNPARSED = re.compile(r"Couldn't parse requirement[^\n]*\n\s*cause: ([^\n]+)\n\s*([^\n]+)")
_ABOUT_PYTHON = re.compile(
    r"ha(?:s|ve) no usable wheels|no wheels with a matching Python|requires-python"
    r"|Python version \([^)]*\) does not satisfy|Failed to (?:build|download and build) `",
    re.IGNORECASE,
)


def is_network_failure(text: str) -> bool:
    """Return whether uv could not reach an index (a refusal by the index is something else)."""
    return bool(_NETWORK.search(text)) and not _REFUSED.search(text)


def is_about_python(text: str) -> bool:
    """Return whether another Python could make a difference: a wheel is missing, or a release wants another one."""
    return bool(_ABOUT_PYTHON.search(text)) and not _UNKNOWN.search(text)


def explain(text: str, *, subject: str, names: Iterable[str] = (), python: str = "") -> BancadaError:
    """Return the error for what uv said about `subject`.

    `names` are those of the request, which may be misspelt; `python` is the version that it was tried on.
    """
    if "No space left on device" in text or "os error 28" in text:
        return StorageFull(f"{subject} cannot be built: the disk has no room left. Free some space and try again.")
    if _REFUSED.search(text):
        return EnvironmentFailed(
            f"{subject} cannot be built: the package index refuses access. Check the user and password in its address.",
            reason=_tail(text),
        )
    if is_network_failure(text):
        status = re.search(r"HTTP status \w+ error \(([^)]*)\)", text)
        what = f"the package index answers {status[1]}" if status else "the package index cannot be reached"
        return EnvironmentFailed(
            f"{subject} cannot be built: {what}, and the packages are not in the cache. "
            "Check the network, or name another index with BANCADA_UV_INDEX.",
            reason=_tail(text),
        )
    return _explain_request(text, subject, names, python)


def _explain_request(text: str, subject: str, names: Iterable[str], python: str) -> BancadaError:
    if unknown := _UNKNOWN.search(text):
        return _unknown_package(unknown[1], subject, names)
    if "No solution found" in text:
        reason = _solver_reason(text, python)
        return EnvironmentUnsolvable(f"{subject} has no solution: {reason}", reason=reason)
    if unbuilt := _NOT_BUILT.search(text):
        return EnvironmentUnsupported(
            f"{subject} cannot be built: `{unbuilt[1]}` has no wheel for this Python and building it from its source "
            f"failed: {_build_failure(text)}. Ask for a release with a wheel, or for another Python.",
            package=unbuilt[1],
        )
    if unparsed := _UNPARSED.search(text):
        return Invalid.of([Problem(subject, f"`{unparsed[2].strip()}`: {unparsed[1].strip()}.")])
    return EnvironmentFailed(f"{subject} cannot be built: {_tail(text)}", reason=_tail(text))


def _unknown_package(name: str, subject: str, names: Iterable[str]) -> EnvironmentUnsolvable:
    near = [one for one in closest(name, WELL_KNOWN, 3) if one != name]
    hint = f" Did you mean `{near[0]}`?" if near else " Check its name."
    asked = "" if name in set(names) else " (another package depends on it)"
    text = f"{subject} has no solution: the index has no package `{name}`{asked}.{hint}"
    return EnvironmentUnsolvable(text, package=name, closest=near)


def _solver_reason(text: str, python: str = "") -> str:
    """Return the solver's reason in one or two readable lines, without its ceremony."""
    body = text.split("No solution found", 1)[1]
    body = re.split(r"\n\s*hint:", body)[0]
    body = re.sub(r"^[^\n]*\n\s*cause:\s*", "", body.strip("\n"), count=1)
    body = re.sub(r"\{[^{}]*\}", "", body)  # markers: `numpy{python_full_version < '3.12'}`
    body = re.sub(r"\s+", " ", body).strip()
    body = re.sub(r",? we can conclude that (?:your requirements|the requirements) are unsatisfiable\.?$", ".", body)
    body = body.replace("you require", "this environment asks for")
    wheel = f"no wheel for Python {python}" if python else "no wheel for this Python"
    body = re.sub(r"no usable wheels|no wheels with a matching [^,.]*", wheel, body)
    body = re.sub(
        r"^Because the \w+ Python version \([^)]*\) does not satisfy (Python\S+) and (\S+) depends on \1, "
        r"we can conclude that \2 cannot be used\.( And because this environment asks for \S+\.)?$",
        r"\2 needs \1.",
        body,
    )
    # What is asked for needs no second mention.
    body = re.sub(r"^Because (\S+) ((?:(?!\band\b).)+) and this environment asks for \1\.$", r"\1 \2.", body)
    body = re.sub(r"^Because there is no version of (\S+) and .*asks for \1\.$", r"there is no release `\1`.", body)
    parts = re.split(r"(?<=\.) (?=(?:And )?[Bb]ecause )", body)
    if len(body) > _LONGEST and len(parts) > 2:
        body = f"{parts[0]} … {parts[-1]}"
    return _shorten(mask_secrets(body))


def _build_failure(text: str) -> str:
    """The line of a failed source build that tells most: the last one that names an error."""
    body = re.split(r"\n\s*hint:", text)[0]
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"(Error|error|fatal|failed):? \S", line)]
    return _shorten((telling or lines or ["no reason given"])[-1].rstrip("."))


def _tail(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("hint:")]
    failures = [index for index, line in enumerate(lines) if line.startswith("error:")]
    return _shorten(mask_secrets(" ".join(lines[failures[-1] if failures else -3 :])))


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
