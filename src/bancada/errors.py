"""The one tree of errors. Every face shows these, and the SDK rebuilds them from their JSON form.

BancadaError
├── NotFound                   *.not_found            404  exit 4
├── AlreadyExists              *.already_exists       409  exit 5
├── Conflict                   conflict               409  exit 5
├── Invalid                    invalid                400  exit 2   (a list of Problem)
├── NotSupported               not_supported          400  exit 2
├── Unauthenticated            unauthenticated        401  exit 6
├── Forbidden                  forbidden              403  exit 6
├── Gone                       attempt.superseded     409  exit 5   (a stale attempt writes)
├── HomeInUse / PortInUse / NewerHome                 500  exit 3
├── FolderUnusable             folder.unusable        500  exit 3
├── StorageFull                storage.full           507  exit 3
├── ServerUnreachable          server.unreachable     503  exit 7
├── JobFailed                  job.failed             500  exit 1
├── DeploymentFailed           deployment.failed      500  exit 1
├── EnvironmentFailed          environment.*          400  exit 1
│   ├── EnvironmentUnsolvable
│   └── EnvironmentUnsupported
├── LaunchFailed               launch.failed          500  exit 1
└── Internal                   internal               500  exit 70
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

__all__ = [
    "MOST_PROBLEMS",
    "AlreadyExists",
    "BancadaError",
    "Conflict",
    "DeploymentFailed",
    "EnvironmentFailed",
    "EnvironmentUnsolvable",
    "EnvironmentUnsupported",
    "FolderUnusable",
    "Forbidden",
    "Gone",
    "HomeInUse",
    "Internal",
    "Invalid",
    "JobFailed",
    "LaunchFailed",
    "NewerHome",
    "NotFound",
    "NotSupported",
    "PortInUse",
    "Problem",
    "ServerUnreachable",
    "StorageFull",
    "Unauthenticated",
    "closest",
    "error_document",
    "error_from_document",
    "is_disk_full",
]


def closest(word: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the known words nearest to `word`, best first; empty when none is as near as `cutoff` (1: the same)."""
    return difflib.get_close_matches(word, sorted(known), n=count, cutoff=cutoff)


# Nobody puts more right at a time; a text that is wrong all through would be answered by megabytes.
MOST_PROBLEMS = 100


class BancadaError(Exception):
    """Something that a user can act on. Subclasses carry a stable code, an HTTP status and an exit code."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        # JSON values only: they travel to the client as they are.
        self.details: dict[str, Any] = details

    @property
    def full_code(self) -> str:
        """The code with its subject, for example `job.not_found`."""
        return _coded(self.details.get("kind"), self.code)

    def __str__(self) -> str:
        return self.message


class NotFound(BancadaError):
    """A named thing does not exist; the message names what there is."""

    code = "not_found"
    http_status = 404
    exit_code = 4

    @classmethod
    def of(
        cls, kind: str, name: str, *, version: str | None = None, existing: Sequence[str] = (), hint: str = ""
    ) -> NotFound:
        """Build the error for a resource; `existing` are the names (or the versions) that do exist."""
        if version is not None:
            found = f"it has {_newest(existing)}" if existing else "it has no version"
            text = f"{kind.capitalize()} `{name}` has no version {version} ({found})."
        else:
            near = closest(name, existing)
            text = f"There is no {kind} named `{name}`."
            if near:
                text += f" Did you mean `{near[0]}`?"
            elif existing:
                shown = ", ".join(f"`{one}`" for one in list(existing)[:8])
                text += f" There is: {shown}."
        return cls(f"{text} {hint}".strip(), kind=kind, name=name, version=version, existing=list(existing)[:50])


# Versions that a message names; an asset may have hundreds.
VERSIONS_SHOWN = 10


def _newest(versions: Sequence[str]) -> str:
    """Return the last versions (they come oldest first), and how many others there are."""
    more = len(versions) - VERSIONS_SHOWN
    shown = ", ".join(versions[-VERSIONS_SHOWN:])
    return f"{shown} and {more} more" if more > 0 else shown


class AlreadyExists(BancadaError):
    """A name is taken, or a version exists and cannot be changed."""

    code = "already_exists"
    http_status = 409
    exit_code = 5


class Conflict(BancadaError):
    """Somebody else changed the thing first, or its state forbids the move."""

    code = "conflict"
    http_status = 409
    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a user's text: where it is (`trial.environment`), what was found, what would be right."""

    path: str
    message: str
    line: int | None = None


class Invalid(BancadaError):
    """A user's text or values are not valid; all problems at once, up to MOST_PROBLEMS."""

    code = "invalid"
    http_status = 400
    exit_code = 2

    @classmethod
    def of(cls, problems: Sequence[Problem], *, source: str | None = None) -> Invalid:
        """Build the error from problems; `source` is the file's name when there is one."""
        shown = list(problems[:MOST_PROBLEMS])
        if len(problems) > MOST_PROBLEMS:
            shown.append(
                Problem("", f"more is wrong than these {MOST_PROBLEMS} things; put them right, and ask again.")
            )
        lines = [_problem_line(problem, source) for problem in shown]
        return cls("\n".join(lines), problems=[asdict(problem) for problem in shown], source=source)

    @property
    def problems(self) -> list[Problem]:
        """The problems, also after a trip over HTTP."""
        return [Problem(**one) for one in self.details.get("problems", [])]


def _problem_line(problem: Problem, source: str | None) -> str:
    place = ":".join(str(part) for part in (source, problem.line) if part is not None)
    named = f"{problem.path}: " if problem.path else ""
    return f"{place}: {named}{problem.message}" if place else f"{named}{problem.message}"


class NotSupported(BancadaError):
    """A valid Azure ML wish that this version does not fulfil; says so instead of doing something else."""

    code = "not_supported"
    http_status = 400
    exit_code = 2


class Unauthenticated(BancadaError):
    """No token, or a wrong one."""

    code = "unauthenticated"
    http_status = 401
    exit_code = 6


class Forbidden(BancadaError):
    """The token is good, but not for this."""

    code = "forbidden"
    http_status = 403
    exit_code = 6


class Gone(BancadaError):
    """An attempt that was superseded tries to write."""

    code = "attempt.superseded"
    http_status = 409
    exit_code = 5


class HomeInUse(BancadaError):
    """Another server holds this home."""

    code = "home.in_use"
    exit_code = 3


class PortInUse(BancadaError):
    """A port that was asked for explicitly is taken."""

    code = "port.in_use"
    exit_code = 3


class NewerHome(BancadaError):
    """The home was written by a newer version."""

    code = "home.newer"
    exit_code = 3


class FolderUnusable(BancadaError):
    """A folder that a setting names cannot be made, read or written."""

    code = "folder.unusable"
    exit_code = 3


class StorageFull(BancadaError):
    """The disk has no room left."""

    code = "storage.full"
    http_status = 507
    exit_code = 3


class ServerUnreachable(BancadaError):
    """No server answers at the recorded address."""

    code = "server.unreachable"
    http_status = 503
    exit_code = 7


class JobFailed(BancadaError):
    """A job ended in Failed; the message carries the reason and the script's last lines."""

    code = "job.failed"


class DeploymentFailed(BancadaError):
    """A deployment could not go live; the message carries file, line and message of the script."""

    code = "deployment.failed"


class EnvironmentFailed(BancadaError):
    """An environment could not be built."""

    code = "environment.failed"
    http_status = 400


class EnvironmentUnsolvable(EnvironmentFailed):
    """No set of versions satisfies the environment; the message carries the solver's reason."""

    code = "environment.unsolvable"


class EnvironmentUnsupported(EnvironmentFailed):
    """The environment asks for something that has no wheel or no interpreter here."""

    code = "environment.unsupported"


class LaunchFailed(BancadaError):
    """A process could not be started."""

    code = "launch.failed"


class Internal(BancadaError):
    """Our own fault; the details are in the server's log."""

    code = "internal"
    exit_code = 70


def _coded(kind: Any, code: str) -> str:
    # Kinds are words for messages ("data asset"); codes have no spaces.
    return f"{str(kind).replace(' ', '_')}.{code}" if kind else code


def _walk(cls: type[BancadaError]) -> Iterable[type[BancadaError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _walk(child)


def is_disk_full(reason: OSError) -> bool:
    """Say whether the operating system has no room left, on the disk or in the user's quota."""
    return reason.errno in (errno.ENOSPC, errno.EDQUOT)


def error_document(error: BancadaError) -> dict[str, Any]:
    """Return the one JSON form of an error in our own faces."""
    return {"error": {"code": error.full_code, "message": error.message, "details": error.details}}


def error_from_document(document: Mapping[str, Any]) -> BancadaError:
    """Rebuild an error from its JSON form as the same class; unknown codes become `BancadaError`."""
    body: Mapping[str, Any] = document.get("error") or {}
    code = str(body.get("code") or "internal")
    message = str(body.get("message") or "The server answered with an error that has no message.")
    details: dict[str, Any] = dict(body.get("details") or {})
    kind = details.get("kind")
    kinds = (cls for cls in _walk(BancadaError) if code in (cls.code, _coded(kind, cls.code)))
    error = next(kinds, BancadaError)(message)
    # Not as arguments: a detail may have any name, `message` too.
    error.details = details
    return error
