"""The noun `job`: submit, follow, change and clear away jobs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from bancada.cli import render
from bancada.cli.entities import load_job
from bancada.cli.flags import (
    ManyValues,
    Noun,
    WhenAsked,
    assignments,
    document,
    file_flag,
    first,
    list_flags,
    name_flag,
    no_wait_flag,
    set_flag,
    verb,
    view_type,
    yes_flag,
)
from bancada.cli.nouns import finished
from bancada.cli.session import Session, sure
from bancada.domain.lifecycle import is_final
from bancada.errors import Invalid, Problem

__all__ = ["job"]

COLUMNS = ("name", "type", "status", "display_name", "experiment_name", "creation_context.created_at")
CHANGEABLE = ("display_name", "description", "tags", "properties", "limits")

job = Noun("job", help="Submit, follow and manage jobs.")


@contextmanager
def goes_on(name: str) -> Generator[None]:
    """Say on Ctrl-C that only the watching ends."""
    try:
        yield
    except KeyboardInterrupt:
        render.note(f"\nThe job `{name}` goes on. Follow it: bancada job stream -n {name}")
        render.note(f"Stop it: bancada job cancel -n {name}")
        raise


@verb(
    job,
    "create",
    file_flag("job", required=True),
    name_flag("job; a fresh one is made up without it", required=False),
    click.option("-s", "--stream", "stream_log", is_flag=True, help="Follow the job's log until it ends."),
    click.option("--skip-validation", is_flag=True, help="Accepted; the server checks in any case."),
    set_flag(),
    examples=(
        "bancada job create -f job.yml --stream",
        "bancada job create -f job.yml --set inputs.epochs=3 display_name=quick",
        "bancada job create -f job.yml --query name -o tsv",
    ),
    columns=COLUMNS,
)
def create(
    session: Session, *, file: str, name: str | None, stream_log: bool, changes: Sequence[str], skip_validation: bool
) -> Any:
    """Submit a job; its code folder and local inputs are uploaded first.

    With --stream the exit code is 1 when the job fails, and a summary is the answer. With -o or --query the job as it
    ended is the answer: it alone is on stdout, and the log on stderr (nowhere with --only-show-errors).
    """
    del skip_validation
    entity = load_job(file, {"name": name}, changes)
    with session.progress("Submitting the job …"):
        made = session.client.jobs.create_or_update(entity)
    if not stream_log:
        return document(made)
    return follow(session, str(made.name))


def follow(session: Session, name: str) -> WhenAsked:
    """Show a job's log until it ends; return the job as it ended. Raises JobFailed when it failed."""
    with goes_on(name), session.log():
        session.client.jobs.stream(name)
    return WhenAsked(lambda: document(session.client.jobs.get(name)))


@verb(job, "show", name_flag("job"), examples=("bancada job show -n JOB --query status -o tsv",), columns=COLUMNS)
def show(session: Session, *, name: str) -> Any:
    """Show one job."""
    shown = document(session.client.jobs.get(name))
    warning = shown.get("properties", {}).get("warning")
    if warning and not session.quiet:
        render.note(f"WARNING: {warning}")
    return shown


@verb(
    job,
    "list",
    click.option("-p", "--parent-job-name", metavar="NAME", help="List the children of this job instead."),
    *list_flags(),
    examples=("bancada job list -o table", "bancada job list -p SWEEP -o table"),
    columns=COLUMNS,
)
def list_(
    session: Session,
    *,
    parent_job_name: str | None,
    max_results: int | None,
    include_archived: bool,
    archived_only: bool,
) -> Any:
    """List jobs, newest first; children only of a named parent."""
    view = view_type(include_archived, archived_only)
    return first(session.client.jobs.list(parent_job_name=parent_job_name, list_view_type=view), max_results)


@verb(job, "stream", name_flag("job"), examples=("bancada job stream -n JOB",), columns=COLUMNS)
def stream(session: Session, *, name: str) -> Any:
    """Follow a job's log until it ends; the exit code is 1 when it failed. Ctrl-C leaves the job alone.

    With -o or --query the job as it ended is the answer: it alone is on stdout, and the log on stderr.
    """
    return follow(session, name)


@verb(job, "cancel", name_flag("job"), no_wait_flag(), examples=("bancada job cancel -n JOB",))
def cancel(session: Session, *, name: str, no_wait: bool) -> None:
    """End a job, and wait until it has ended."""
    status = str(session.client.jobs.get(name).status or "")
    if is_final(status):
        render.note(f"The job `{name}` is {status} already; there is nothing to cancel.")
        return
    finished(session, session.client.jobs.begin_cancel(name), "Cancelling …", no_wait=no_wait)


@verb(
    job,
    "download",
    name_flag("job"),
    click.option("-p", "--download-path", type=click.Path(), default=".", show_default=True, help="Into here."),
    click.option("--output-name", metavar="NAME", help="This output; the default one without it."),
    click.option("--all", "everything", is_flag=True, help="Logs and all outputs."),
    examples=("bancada job download -n JOB -p ./job", "bancada job download -n JOB --output-name model"),
)
def download(session: Session, *, name: str, download_path: str, output_name: str | None, everything: bool) -> None:
    """Download what a job left."""
    with session.progress(f"Downloading from the job `{name}` …"):
        session.client.jobs.download(name, download_path=download_path, output_name=output_name, all=everything)
    if session.quiet:
        return
    folders = _folders(Path(download_path), output_name, everything)
    for folder in folders:
        render.note(f"Downloaded to {folder}")
    if not folders:
        render.note(f"The job `{name}` left no such files; there is nothing to download.")


def _folders(root: Path, output: str | None, everything: bool) -> list[Path]:
    """Return the folders that a download has written to."""
    named = root / "named-outputs"
    if everything:
        wanted = [root / "artifacts", *(sorted(named.iterdir()) if named.is_dir() else [])]
    else:
        wanted = [root / "artifacts" if output in (None, "default", "artifacts") else named / str(output)]
    return [one.absolute() for one in wanted if one.is_dir()]


@verb(job, "archive", name_flag("job"), examples=("bancada job archive -n JOB",))
def archive(session: Session, *, name: str) -> None:
    """Hide a job from lists."""
    session.client.jobs.archive(name)


@verb(job, "restore", name_flag("job"), examples=("bancada job restore -n JOB",))
def restore(session: Session, *, name: str) -> None:
    """Show an archived job in lists again."""
    session.client.jobs.restore(name)


@verb(
    job,
    "update",
    name_flag("job"),
    click.option("--display-name", help="Name to show."),
    click.option("--description", help="What it is."),
    click.option("--tags", "tags", cls=ManyValues, help="Tags: key=value key=value."),
    set_flag(),
    examples=(
        "bancada job update -n JOB --set display_name='first try' tags.team=blue",
        "bancada job update -n SWEEP --set limits.max_total_trials=40",
    ),
    columns=COLUMNS,
)
def update(session: Session, *, name: str, tags: Sequence[str], changes: Sequence[str], **fields: Any) -> Any:
    """Change display name, description, tags or properties of a job, or the limits of a sweep.

    A sweep that has ended goes on when its limits allow more trials.
    """
    wanted: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
    if tags:
        wanted["tags"] = assignments(tags, "--tags")
    for path, value in assignments(changes).items():
        head, _, rest = path.partition(".")
        if head not in CHANGEABLE:
            raise Invalid.of([Problem("--set", f"`{head}` cannot be changed; can: {', '.join(CHANGEABLE)}.")])
        wanted[head] = {**wanted.get(head, {}), rest: value} if rest else value
    return document(session.client.jobs.update(name, **wanted))


@verb(job, "delete", name_flag("job"), yes_flag(), no_wait_flag(), examples=("bancada job delete -n JOB --yes",))
def delete(session: Session, *, name: str, yes: bool, no_wait: bool) -> None:
    """Delete an ended job with its children, metrics and files."""
    sure(f"Delete the job `{name}` with everything that it left?", yes=yes)
    finished(session, session.client.jobs.begin_delete(name), "Deleting …", no_wait=no_wait)


@verb(
    job,
    "validate",
    file_flag("job", required=True),
    set_flag(),
    examples=("bancada job validate -f job.yml",),
)
def validate(session: Session, *, file: str, changes: Sequence[str]) -> dict[str, Any]:
    """Check a job's YAML without submitting it; the exit code is 2 when something is wrong."""
    session.client.jobs.validate(load_job(file, {}, changes), raise_on_failure=True)
    return {"result": "passed"}
