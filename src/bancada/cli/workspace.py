"""The noun `workspace`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bancada.cli import render
from bancada.cli.entities import changed, load
from bancada.cli.flags import (
    Noun,
    document,
    field_flags,
    file_flag,
    first,
    list_flags,
    name_flag,
    no_wait_flag,
    set_flag,
    take_fields,
    verb,
    yes_flag,
)
from bancada.cli.nouns import finished
from bancada.cli.session import Session, sure
from bancada.domain.base import parse
from bancada.domain.display import without_empty
from bancada.domain.workspace import Workspace

__all__ = ["workspace"]

COLUMNS = ("name", "display_name", "description", "location", "mlflow_tracking_uri")

workspace = Noun("workspace", help="Create, show and manage each workspace.")


@verb(
    workspace,
    "create",
    file_flag("workspace"),
    name_flag("workspace", required=False),
    *field_flags({"display_name": "Name to show.", "description": "What it is.", "location": "Region; kept."}),
    set_flag(),
    no_wait_flag(),
    examples=("bancada workspace create -n heart-lab",),
    in_workspace=False,
)
def create(session: Session, *, file: str | None, changes: Sequence[str], no_wait: bool, **named: Any) -> Any:
    """Create a workspace. Of one that exists already, change what is given, and say so."""
    fields = {"name": named.pop("name"), **take_fields(named)}
    entity = load("load_workspace", file, fields, changes)
    is_there = any(one.name == entity.name for one in session.client.workspaces.list())
    answer = session.client.workspaces.begin_create(entity)
    if is_there and not session.quiet:
        given = [name for name in without_empty(entity.document(read_only=False)) if name != "name"]
        done = f"changed {', '.join(given)}" if given else "nothing was changed"
        render.note(f"The workspace `{entity.name}` exists already: {done}.")
    return finished(session, answer, "Creating the workspace …", no_wait=no_wait)


@verb(
    workspace,
    "show",
    name_flag("workspace", required=False),
    examples=("bancada workspace show -n heart-lab",),
    columns=COLUMNS,
)
def show(session: Session, *, name: str | None) -> Any:
    """Show one workspace; without a name, the one in force."""
    return document(session.client.workspaces.get(name or session.settings.workspace))


@verb(
    workspace,
    "list",
    *list_flags(archive=False),
    examples=("bancada workspace list -o table",),
    columns=COLUMNS,
    in_workspace=False,
)
def list_(session: Session, *, max_results: int | None) -> Any:
    """List all workspaces."""
    return first(session.client.workspaces.list(), max_results)


@verb(
    workspace,
    "update",
    name_flag("workspace", required=False),
    set_flag(),
    no_wait_flag(),
    examples=("bancada workspace update -n heart-lab --set description='The heart data'",),
)
def update(session: Session, *, name: str | None, changes: Sequence[str], no_wait: bool) -> Any:
    """Change the description and tags of a workspace."""
    before = session.client.workspaces.get(name or session.settings.workspace)
    entity = parse(Workspace, changed(before.document(read_only=False), changes))
    answer = session.client.workspaces.begin_update(entity)
    return finished(session, answer, "Changing the workspace …", no_wait=no_wait)


@verb(
    workspace,
    "delete",
    name_flag("workspace"),
    yes_flag(),
    no_wait_flag(),
    click.option("-p", "--permanently-delete", is_flag=True, help="Accepted; deleting is permanent here."),
    click.option("--all-resources", is_flag=True, help="Accepted; all that is in it goes with it."),
    examples=("bancada workspace delete -n heart-lab --yes",),
    in_workspace=False,
)
def delete(session: Session, *, name: str, yes: bool, no_wait: bool, **_: Any) -> None:
    """Delete a workspace with all its jobs, models, endpoints and files; frees the disk."""
    sure(f"Delete the workspace `{name}` with everything in it?", yes=yes)
    answer = session.client.workspaces.begin_delete(name, delete_dependent_resources=False, permanently_delete=True)
    finished(session, answer, "Deleting the workspace …", no_wait=no_wait)
