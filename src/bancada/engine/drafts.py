"""A job that is being written, as a form and as YAML: both views of one document, and what is still wrong with it.

Nothing is looked up and nothing stored: what a draft names may not be there yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, cast

from typing_extensions import TypedDict

from bancada.domain.base import parse
from bancada.domain.jobs import Job, JobUnion
from bancada.domain.jobs.automl import TABLES
from bancada.domain.references import is_local
from bancada.domain.yaml_source import load_yaml
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.specification import ordered, texts
from bancada.engine.yaml_text import yaml_text
from bancada.errors import Invalid, NotFound, Problem
from bancada.store import workspaces

__all__ = ["DraftProblem", "JobDraft", "JobDrafts", "draft_of_document", "draft_of_yaml"]

# Far above any job that a person writes. Reading so many values as YAML takes a second or two.
MOST_VALUES = 20_000
KINDS = ("command", "sweep", "automl")
_LOCAL = "is a path on your machine, which the server cannot see; upload it, and name what was uploaded."


class DraftProblem(TypedDict):
    """What is wrong at a path of the document (`trial.environment`; empty: all of it), and on which line."""

    path: str
    message: str
    line: NotRequired[int]


class JobDraft(TypedDict):
    """One job in all its forms. `document` is absent when the YAML is none; `cli` and `sdk` while it has problems."""

    yaml: str
    document: NotRequired[dict[str, Any]]
    cli: NotRequired[str]
    sdk: NotRequired[str]
    problems: list[DraftProblem]


class JobDrafts:
    """Drafts in a workspace that there is.

    Concurrency: reads only; every method may be called from any thread.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def of_document(self, workspace: str, document: Mapping[str, Any]) -> JobDraft:
        """Return the draft of what a form holds. Raises NotFound for the workspace."""
        self._require(workspace)
        return draft_of_document(workspace, document)

    def of_yaml(self, workspace: str, yaml: str) -> JobDraft:
        """Return the draft of what somebody wrote. Raises NotFound for the workspace."""
        self._require(workspace)
        return draft_of_yaml(workspace, yaml)

    def _require(self, workspace: str) -> None:
        if self._core.db.read(lambda tx: workspaces.get(tx, workspace)) is None:
            raise NotFound.of("workspace", workspace)


def draft_of_document(workspace: str, document: Mapping[str, Any]) -> JobDraft:
    """Return the draft of what a form holds; the YAML is written from it. Raises Invalid for one beyond all measure."""
    if _values(document) > MOST_VALUES:
        raise Invalid.of([Problem("document", f"holds more than {MOST_VALUES:,} values, which no job needs.")])
    kind = str(document.get("type") or "command")
    yaml = yaml_text(ordered({"type": kind, **document}, kind if kind in KINDS else "command"))
    return _draft(workspace, yaml, dict(document))


def draft_of_yaml(workspace: str, yaml: str) -> JobDraft:
    """Return the draft of what somebody wrote; the text stays as it is."""
    return _draft(workspace, yaml, None)


def _draft(workspace: str, yaml: str, document: dict[str, Any] | None) -> JobDraft:
    lines: dict[str, int] = {}
    draft: JobDraft = {"yaml": yaml, "problems": []}
    if document is not None:
        draft["document"] = document
    try:
        # A form's document was counted; its YAML has a few words more.
        read, lines = load_yaml(yaml, most_values=MOST_VALUES if document is None else None)
        if isinstance(read, dict):
            draft["document"] = cast("dict[str, Any]", read) if document is None else document
        job: JobUnion = parse(Job, read if read is not None else {}, lines)
    except Invalid as reason:
        draft["problems"] = [_shown(one) for one in reason.problems]
        return draft
    draft["problems"] = [_shown(Problem(path, _LOCAL, lines.get(path))) for path in _local_paths(job.document())]
    if not draft["problems"]:
        told = texts(workspace, job, yaml)
        draft["cli"], draft["sdk"] = told["cli"], told["sdk"]
    return draft


def _values(document: Mapping[str, Any]) -> int:
    """Return how many values and keys a document holds; of one beyond measure, a number above MOST_VALUES."""
    found = 1
    waiting: list[dict[str, Any] | list[Any]] = [dict(document)]
    while waiting and found <= MOST_VALUES:
        here = waiting.pop()
        inner = list(here.values()) if isinstance(here, dict) else here
        found += 2 * len(inner) if isinstance(here, dict) else len(inner)
        waiting += [one for one in inner if isinstance(one, dict | list)]
    return found


def _local_paths(job: dict[str, Any]) -> list[str]:
    """Return where a job names files of the user's machine: its code, its inputs, its tables."""
    prefix = "trial." if part(job, "trial") else ""
    places = {f"{prefix}code": (part(job, "trial") or job).get("code")}
    places |= {f"inputs.{key}.path": part(part(job, "inputs"), key).get("path") for key in part(job, "inputs")}
    places |= {f"{name}.path": part(job, name).get("path") for name in TABLES}
    return [path for path, value in places.items() if isinstance(value, str) and "://" not in value and is_local(value)]


def _shown(problem: Problem) -> DraftProblem:
    shown: DraftProblem = {"path": problem.path, "message": problem.message}
    if problem.line is not None:
        shown["line"] = problem.line
    return shown
