"""The noun `online-endpoint`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bancada.cli import render
from bancada.cli.entities import changed, load
from bancada.cli.flags import (
    ManyValues,
    Noun,
    assignments,
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
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.errors import Invalid, Problem

__all__ = ["endpoint", "shares"]

COLUMNS = ("name", "provisioning_state", "auth_mode", "traffic", "scoring_uri")
TRAFFIC = click.option("-r", "--traffic", cls=ManyValues, help="Shares in percent: blue=90 green=10.")
MIRROR = click.option("--mirror-traffic", "mirror", cls=ManyValues, help="Mirrored share: green=10.")

endpoint = Noun("online-endpoint", help="Create, show, invoke and manage each online endpoint.")


def shares(words: Sequence[str], flag: str) -> dict[str, int]:
    """Return `blue=90 green=10` as numbers. Raises Invalid."""
    # az also takes all shares as one quoted word.
    pieces = [piece for word in words for piece in word.replace(",", " ").split()]
    found: dict[str, int] = {}
    for name, value in assignments(pieces, flag).items():
        if not value.isdigit():
            raise Invalid.of([Problem(flag, f"`{value}` is no percentage; write {name}=90.")])
        found[name] = int(value)
    return found


@verb(
    endpoint,
    "create",
    file_flag("endpoint"),
    name_flag("endpoint", required=False),
    *field_flags({"auth_mode": "key.", "description": "What it is."}),
    set_flag(),
    no_wait_flag(),
    click.option("--local", is_flag=True, hidden=True),
    examples=("bancada online-endpoint create -n heart", "bancada online-endpoint create -f endpoint.yml"),
    columns=COLUMNS,
)
def create(session: Session, *, file: str | None, changes: Sequence[str], no_wait: bool, **named: Any) -> Any:
    """Create an endpoint: an address with keys, to which deployments are added."""
    named.pop("local")
    fields = {"name": named.pop("name"), **take_fields(named)}
    entity = load("load_online_endpoint", file, fields, changes)
    answer = session.client.online_endpoints.begin_create_or_update(entity)
    return finished(session, answer, "Creating the endpoint …", no_wait=no_wait)


@verb(
    endpoint,
    "show",
    name_flag("endpoint"),
    examples=("bancada online-endpoint show -n heart --query scoring_uri -o tsv",),
    columns=COLUMNS,
)
def show(session: Session, *, name: str) -> Any:
    """Show one endpoint."""
    return document(session.client.online_endpoints.get(name))


@verb(
    endpoint,
    "list",
    *list_flags(archive=False),
    examples=("bancada online-endpoint list -o table",),
    columns=COLUMNS,
)
def list_(session: Session, *, max_results: int | None) -> Any:
    """List all endpoints."""
    return first(session.client.online_endpoints.list(), max_results)


@verb(
    endpoint,
    "update",
    file_flag("endpoint"),
    name_flag("endpoint", required=False),
    TRAFFIC,
    MIRROR,
    set_flag(),
    no_wait_flag(),
    examples=(
        'bancada online-endpoint update -n heart --traffic "blue=90 green=10"',
        "bancada online-endpoint update -n heart --set description='better'",
    ),
    columns=COLUMNS,
)
def update(
    session: Session,
    *,
    file: str | None,
    name: str | None,
    traffic: Sequence[str],
    mirror: Sequence[str],
    changes: Sequence[str],
    no_wait: bool,
) -> Any:
    """Change the traffic or the description of an endpoint."""
    wanted = _from_file(file, name, changes) if file else _from_server(session, name, changes)
    if traffic:
        wanted.traffic = shares(traffic, "--traffic")
    if mirror:
        wanted.mirror_traffic = shares(mirror, "--mirror-traffic")
    answer = session.client.online_endpoints.begin_create_or_update(wanted)
    return finished(session, answer, "Changing the endpoint …", no_wait=no_wait)


def _from_file(file: str, name: str | None, changes: Sequence[str]) -> Any:
    return load("load_online_endpoint", file, {"name": name}, changes)


def _from_server(session: Session, name: str | None, changes: Sequence[str]) -> Any:
    if name is None:
        raise Invalid.of([Problem("--name", "which endpoint? Give --name, or --file.")])
    before = session.client.online_endpoints.get(name)
    return parse(ManagedOnlineEndpoint, changed(before.document(read_only=False), changes))


@verb(
    endpoint,
    "delete",
    name_flag("endpoint"),
    yes_flag(),
    no_wait_flag(),
    examples=("bancada online-endpoint delete -n heart --yes",),
)
def delete(session: Session, *, name: str, yes: bool, no_wait: bool) -> None:
    """Delete an endpoint with all its deployments."""
    sure(f"Delete the endpoint `{name}` with its deployments?", yes=yes)
    answer = session.client.online_endpoints.begin_delete(name)
    finished(session, answer, "Deleting the endpoint …", no_wait=no_wait)


@verb(
    endpoint,
    "invoke",
    name_flag("endpoint"),
    click.option("-r", "--request-file", type=click.Path(), help="JSON file that is sent."),
    click.option("--input-data", help="JSON text that is sent, instead of a file."),
    click.option("-d", "--deployment-name", metavar="NAME", help="Ask this deployment, whatever its traffic."),
    examples=(
        "bancada online-endpoint invoke -n heart --request-file request.json",
        "bancada online-endpoint invoke -n heart --request-file request.json --deployment-name blue",
    ),
)
def invoke(
    session: Session, *, name: str, request_file: str | None, input_data: str | None, deployment_name: str | None
) -> None:
    """Send a request to an endpoint, and print the answer as it came."""
    if (request_file is None) == (input_data is None):
        raise Invalid.of([Problem("--request-file", "give a file, or the JSON itself with --input-data.")])
    answer = session.client.online_endpoints.invoke(
        name, request_file=request_file, deployment_name=deployment_name, input_data=input_data
    )
    render.raw(answer if answer.endswith("\n") else f"{answer}\n")


@verb(
    endpoint,
    "get-credentials",
    name_flag("endpoint"),
    examples=("bancada online-endpoint get-credentials -n heart --query primaryKey -o tsv",),
)
def get_credentials(session: Session, *, name: str) -> dict[str, Any]:
    """Show the two keys of an endpoint."""
    keys: Any = session.client.online_endpoints.get_keys(name)
    return {"primaryKey": keys.primary_key, "secondaryKey": keys.secondary_key}


@verb(
    endpoint,
    "regenerate-keys",
    name_flag("endpoint"),
    click.option(
        "--key-type", type=click.Choice(("primary", "secondary")), default="primary", show_default=True, help="Which."
    ),
    no_wait_flag(),
    examples=("bancada online-endpoint regenerate-keys -n heart --key-type secondary",),
)
def regenerate_keys(session: Session, *, name: str, key_type: str, no_wait: bool) -> None:
    """Make one key anew; the other one goes on working."""
    answer = session.client.online_endpoints.begin_regenerate_keys(name, key_type=key_type)
    finished(session, answer, "Making a new key …", no_wait=no_wait)
