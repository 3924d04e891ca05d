"""Jobs as faces see them: show, list, change, cancel, logs, files. How they come in is in `submission`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bancada.domain.jobs.base import BUILD_LOG, STD_LOG
from bancada.domain.lifecycle import ensure_move, from_mlflow, is_final
from bancada.engine import run_files
from bancada.engine.attempts import launch_id
from bancada.engine.builds import Builds
from bancada.engine.core import Core, Document
from bancada.engine.documents import iso_time, part
from bancada.engine.extending import with_limits
from bancada.engine.housekeeping import remove_launches
from bancada.engine.leaderboard import automl_results, candidates_page
from bancada.engine.locations import Locations
from bancada.engine.results import results, trials_page
from bancada.engine.submission import Submission, described, require_workspace
from bancada.engine.tracking.clashes import IGNORED_TAG
from bancada.errors import Conflict, Invalid, NotFound, Problem
from bancada.store import events, experiments, jobs, logged_models, queue, tracking, trees
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.queue import Subject

__all__ = ["JobOperations", "request_cancel"]

# One answer of a log holds at most so much: a page that follows a log never holds all of it.
LOG_CHUNK = 1 << 20


class JobOperations:
    """CRUD of jobs, and what they printed and left."""

    def __init__(self, core: Core, locations: Locations, builds: Builds) -> None:
        self._core = core
        self._builds = builds
        self._submission = Submission(core, locations, builds)

    def submit(self, workspace: str, doc: dict[str, Any], who: str, name: str | None = None) -> Document:
        """Check a job, resolve its references, and commit it with its place in the queue.

        Raises Invalid with all problems at once, NotFound for a missing asset, AlreadyExists for a taken name.
        """
        return self._shown(self._submission.take(workspace, doc, who, name))

    def get(self, workspace: str, name: str) -> Document:
        """Return one job with what its run logged. Raises NotFound with near names."""
        row = self.row(workspace, name)
        found = self._shown(row)
        logged = self._core.db.read(lambda tx: tracking.run_summary(tx, workspace, name))
        tags = logged.tags
        body = {**found.body, "tags": {key: tags[key] for key in tags if not key.startswith("mlflow.")}}
        body |= {key: dict(one) for key, one in (("metrics", logged.metrics), ("params", logged.params)) if one}
        if row.type == "sweep":
            now = self._core.clock.now()
            body["results"] = self._core.db.read(lambda tx: results(tx, row, now))
        if row.type == "automl":
            body["results"] = self._core.db.read(lambda tx: automl_results(tx, row))
        ignored = tags.get(IGNORED_TAG)
        if ignored:
            text = f"The script asked for experiment `{ignored}`; a job's run stays in the job's own experiment."
            body["properties"] = {**body["properties"], "warning": text}
        return Document(body, found.revision)

    def row(self, workspace: str, name: str) -> JobRow:
        """Return the stored row of a job or run."""
        row = self._core.db.read(lambda tx: jobs.get(tx, workspace, name))
        if row is None or row.deleted:
            raise self._absent(workspace, name)
        return row

    def _absent(self, workspace: str, name: str) -> NotFound:
        return NotFound.of("job", name, existing=self._core.db.read(lambda tx: jobs.recent_names(tx, workspace)))

    def page(
        self,
        workspace: str,
        *,
        parent: str | None = None,
        archived: bool | None = False,
        limit: int = 100,
        cursor: str | None = None,
    ) -> tuple[list[Document], str | None]:
        """Return jobs, newest first: the roots, or the children of `parent`."""
        self._core.db.read(lambda tx: require_workspace(tx, workspace))
        rows, following = self._core.db.read(
            lambda tx: jobs.page(tx, workspace, parent=parent, archived=archived, limit=limit, cursor=cursor)
        )
        names = self._core.db.read(lambda tx: _experiments(tx, rows))
        return [Document(job_document(self._core, row, names), row.revision) for row in rows], following

    def trials(
        self, workspace: str, name: str, *, limit: int = 100, cursor: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the table of a sweep's trials, or of an AutoML job's candidates, in the order of their numbers.

        Raises NotFound, and Invalid for a job that is neither.
        """
        row = self.row(workspace, name)
        if row.type == "automl":
            return self._core.db.read(lambda tx: candidates_page(tx, row, limit=limit, cursor=cursor))
        if row.type != "sweep":
            text = f"`{name}` is a job of type `{row.type}`; only sweeps and AutoML jobs have trials."
            raise Invalid.of([Problem("name", text)])
        now = self._core.clock.now()
        return self._core.db.read(lambda tx: trials_page(tx, row, limit=limit, cursor=cursor, now=now))

    def update(self, workspace: str, name: str, changes: dict[str, Any], who: str) -> Document:
        """Change display name, description, tags or properties; of a sweep also its limits. A tag of null goes.

        Limits that allow more trials make an ended sweep go on. Raises Invalid for everything else.
        """
        allowed = {"display_name", "description", "tags", "properties"}
        unknown = sorted(set(changes) - allowed - {"limits"})
        if unknown:
            text = f"cannot be changed after submission; changeable: {', '.join(sorted(allowed))}."
            raise Invalid.of([Problem(key, text) for key in unknown])

        def commit(tx: Tx) -> JobRow:
            row = jobs.get(tx, workspace, name)
            if row is None:
                raise NotFound.of("job", name)
            spec = {**(row.spec or {}), **{key: changes[key] for key in allowed & set(changes)}}
            if "tags" in changes:
                merged = {**part(row.spec, "tags"), **part(changes, "tags")}
                spec["tags"] = {key: str(value) for key, value in merged.items() if value is not None}
            given = {str(key): str(value) for key, value in part(changes, "properties").items()}
            properties = {**row.properties, **given}
            shown = str(changes.get("display_name") or row.display_name)
            asked = part(changes, "tags")
            tags = {key: str(value) for key, value in asked.items() if value is not None} | described(changes)
            events.append(tx, workspace, "job", name, "updated", who, {"fields": sorted(changes)})
            fresh = replace(row, spec=spec, properties=properties, display_name=shown)
            if changes.get("limits") is not None:
                fresh = with_limits(tx, fresh, part(changes, "limits"), who, self._core.clock.now())
            updated = jobs.update(tx, fresh, expect_revision=row.revision)
            if tags:
                tracking.set_tags(tx, workspace, name, tags)
            tracking.delete_tags(tx, workspace, name, [key for key, value in asked.items() if value is None])
            return updated

        return self._shown(self._core.db.write(commit))

    def cancel(self, workspace: str, name: str, who: str) -> Document:
        """Ask a job to end. Raises Conflict when it has ended already."""

        def commit(tx: Tx) -> JobRow:
            row = jobs.get(tx, workspace, name)
            if row is None:
                raise NotFound.of("job", name)
            if row.type is None:
                raise Conflict(f"`{name}` is a run that no job made; end it with its MLflow client.")
            if is_final(row.status):
                raise Conflict(f"Job `{name}` is {row.status} already.", kind="job", name=name, status=row.status)
            return request_cancel(tx, row, who, self._core.clock.now())

        return self._shown(self._core.db.write(commit))

    def archive(self, workspace: str, name: str, archived: bool, who: str) -> Document:
        """Hide a job from lists, or show it again."""

        def commit(tx: Tx) -> JobRow:
            row = jobs.get(tx, workspace, name)
            if row is None:
                raise NotFound.of("job", name)
            events.append(tx, workspace, "job", name, "archived" if archived else "restored", who, {})
            return jobs.update(tx, replace(row, archived=archived), expect_revision=row.revision)

        return self._shown(self._core.db.write(commit))

    def delete(self, workspace: str, name: str, who: str) -> None:
        """Delete an ended job with all that is below it (trials, nested runs), metrics and artifacts."""

        def ended(tx: Tx) -> list[JobRow]:
            row = jobs.get(tx, workspace, name)
            if row is None:
                raise NotFound.of("job", name)
            if row.type is not None and not is_final(row.status):
                raise Conflict(f"Job `{name}` is {row.status}; cancel it before you delete it.")
            return _with_all_below(tx, row)

        def commit(tx: Tx) -> None:
            for one in ended(tx):
                trees.delete(tx, workspace, f"runs/{one.name}")
                logged_models.delete_of_run(tx, workspace, one.name)
                trees.delete_roots(tx, workspace, f"outputs/{one.name}")
                jobs.delete(tx, workspace, one.name)
            events.append(tx, workspace, "job", name, "deleted", who, {})

        # First the folders: a new job of the name would take the end of this one's attempt for its own.
        for one in self._core.db.read(ended):
            numbers = range(1, one.attempt + 1)
            shutil.rmtree(self._core.paths.automl(workspace, one.name), ignore_errors=True)
            remove_launches(self._core, (launch_id(workspace, one.name, number) for number in numbers))
        self._core.db.write(commit)

    def _shown(self, row: JobRow) -> Document:
        names = self._core.db.read(lambda tx: _experiments(tx, [row]))
        return Document(job_document(self._core, row, names), row.revision)

    def summary(self, workspace: str, name: str) -> dict[str, Any]:
        """Return latest metrics, parameters and tags of a job's run."""
        found = self._core.db.read(lambda tx: tracking.run_summary(tx, workspace, name))
        return {"metrics": dict(found.metrics), "params": dict(found.params), "tags": dict(found.tags)}

    def log(self, workspace: str, name: str, path: str, offset: int) -> tuple[bytes, int, str]:
        """Return (bytes from offset, next offset, status): live while the job runs, else from its artifacts."""
        row = self.row(workspace, name)
        file = self._log_file(row, path)
        if file is None:
            return b"", offset, row.status
        with file.open("rb") as stream:
            # Behind the end there is nothing (yet); systems refuse to go very far there.
            stream.seek(min(offset, os.fstat(stream.fileno()).st_size))
            data = stream.read(LOG_CHUNK)
        return data, offset + len(data), row.status

    def _log_file(self, row: JobRow, path: str) -> Path | None:
        if path == BUILD_LOG:
            request = row.state.get("environment")
            found = self._builds.log_path(request) if request else None
            return found if found is not None and found.is_file() else None
        if path == STD_LOG and row.attempt:
            live = self._core.paths.log(launch_id(row.workspace, row.name, row.attempt))
            if live.is_file():
                return live
        entry = self._core.db.read(lambda tx: trees.get(tx, row.workspace, f"runs/{row.name}", path))
        return self._core.artifacts.path(row.workspace, entry.digest) if entry else None

    def files(self, workspace: str, name: str, prefix: str, output: str | None = None) -> list[dict[str, Any]]:
        """List the files that a job left (its run's artifacts and logged models, or one named output), all levels.

        `digest` is another one when the content is; `is_table` marks what `mlflow.log_table` wrote.
        """
        row = self.row(workspace, name)

        def read(tx: Tx) -> tuple[list[trees.Entry], frozenset[str]]:
            if output:
                return trees.walk(tx, workspace, f"outputs/{name}/{output}", prefix.strip("/")), frozenset()
            return run_files.walk(tx, workspace, name, prefix), run_files.logged_tables(tx, workspace, name)

        entries, tables = self._core.db.read(read)
        listed: list[dict[str, Any]] = [
            {"path": one.path, "size": one.size, "is_dir": False, "digest": one.digest}
            | ({"is_table": True} if one.path in tables else {})
            for one in entries
        ]
        live = None if output else self._log_file(row, STD_LOG)
        if live is not None and not any(one["path"] == STD_LOG for one in listed) and STD_LOG.startswith(prefix):
            listed.append({"path": STD_LOG, "size": live.stat().st_size, "is_dir": False})
        return listed

    def stored_files(self, workspace: str, name: str, prefix: str, output: str | None = None) -> list[tuple[str, Path]]:
        """Return what a job left below a path (or the file of that path): names relative to it, and where each lies.

        Raises NotFound when there is nothing, Invalid for a path that leads out.
        """
        self.row(workspace, name)
        place = trees.safe_path(prefix) if prefix.strip("/.") else ""

        def read(tx: Tx) -> list[trees.Entry]:
            if output:
                return trees.walk(tx, workspace, f"outputs/{name}/{output}", place)
            return run_files.walk(tx, workspace, name, place)

        entries = self._core.db.read(read)
        if not entries:
            existing = sorted({one["path"].rpartition("/")[0] for one in self.files(workspace, name, "", output)})
            raise NotFound.of("file", prefix, existing=existing)
        cut = len(place) + 1 if place else 0
        return [
            (one.path[cut:] or one.path.rpartition("/")[2], self._core.artifacts.path(workspace, one.digest))
            for one in entries
        ]

    def open_file(self, workspace: str, name: str, path: str, output: str | None = None) -> Path:
        """Return the stored file behind one path; only to be read."""
        row = self.row(workspace, name)
        if output is None and path in (STD_LOG, BUILD_LOG):
            found = self._log_file(row, path)
            if found is not None:
                return found

        def read(tx: Tx) -> trees.Entry | None:
            if output:
                return trees.get(tx, workspace, f"outputs/{name}/{output}", path)
            return run_files.find(tx, workspace, name, path)

        entry = self._core.db.read(read)
        if entry is None:
            existing = [one["path"] for one in self.files(workspace, name, "", output)]
            raise NotFound.of("file", path, existing=existing)
        return self._core.artifacts.path(workspace, entry.digest)


def _experiments(tx: Tx, rows: Sequence[JobRow]) -> dict[str, str]:
    """Return the names of the rows' experiments, as they are now: one may have been renamed since the job was made."""
    found = (
        experiments.get(tx, workspace, one) for workspace, one in {(row.workspace, row.experiment_id) for row in rows}
    )
    return {one.experiment_id: one.name for one in found if one is not None}


def job_document(core: Core, row: JobRow, experiment_names: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON body of a job or run."""
    spec = {key: value for key, value in (row.spec or {}).items() if value is not None}
    status = row.status if row.type or not row.reported_status else from_mlflow(row.reported_status)
    studio = f"{core.addresses.server}/workspaces/{row.workspace}/jobs/{quote(row.name, safe='')}"
    body: dict[str, Any] = {
        **spec,
        "type": row.type or "base",
        "name": row.name,
        "id": f"azureml:jobs/{row.name}",
        "display_name": row.display_name,
        "experiment_name": experiment_names.get(row.experiment_id, ""),
        "status": status,
        "properties": {**row.properties, **_numbers(row)},
        "creation_context": {"created_at": iso_time(row.created_at), "created_by": row.user},
        "services": {
            "Studio": {"endpoint": studio, "type": "Studio"},
            "Tracking": {"endpoint": core.addresses.tracking(row.workspace), "type": "Tracking"},
        },
    }
    optional = {
        "parent_job_name": row.parent,
        "started_at": _optional_time(row.started_at),
        "ended_at": _optional_time(row.ended_at),
        "archived": row.archived or None,
        "error": row.error,
        "status_reason": row.state.get("reason"),
        "queue_position": row.state.get("position"),
    }
    return {**body, **{key: value for key, value in optional.items() if value is not None}}


def _numbers(row: JobRow) -> dict[str, str]:
    """Return what Azure shows as properties of a trial, and the number of the attempt."""
    found = {"attempt": str(row.attempt)} if row.attempt > 1 else {}
    if row.index is not None:
        found |= {"trial": str(row.index), "hyperparameters": json.dumps(part(row.state, "params"))}
    return found


def _with_all_below(tx: Tx, row: JobRow) -> list[JobRow]:
    """Return a job's descendants and then itself; children come before their parents."""
    found = {row.name: row}
    waiting = [row.name]
    while waiting:
        # A client may set any parent, also in a ring: each row is taken once.
        fresh = [one for one in jobs.children(tx, row.workspace, waiting.pop()) if one.name not in found]
        found |= {one.name: one for one in fresh}
        waiting += [one.name for one in fresh]
    return list(reversed(found.values()))


def request_cancel(tx: Tx, row: JobRow, who: str, now: float) -> JobRow:
    """Move a job to CancelRequested and make it due; nothing happens when it is there already."""
    if row.status == "CancelRequested":
        return row
    ensure_move(row.name, row.status, "CancelRequested")
    events.append(tx, row.workspace, "job", row.name, "CancelRequested", who, {})
    queue.put(tx, Subject(row.workspace, "job", row.name), due_at=now)
    return jobs.update(tx, replace(row, status="CancelRequested"), expect_revision=row.revision)


def _optional_time(at: float | None) -> str | None:
    return None if at is None else iso_time(at)
