"""The noun `online-deployment`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bancada.cli import render
from bancada.cli.entities import changed, load
from bancada.cli.flags import (
    Noun,
    document,
    file_flag,
    first,
    list_flags,
    name_flag,
    no_wait_flag,
    set_flag,
    verb,
    yes_flag,
)
from bancada.cli.nouns import finished
from bancada.cli.session import Session, sure
from bancada.domain.base import parse
from bancada.domain.deployment import ManagedOnlineDeployment

__all__ = ["deployment"]

COLUMNS = ("name", "endpoint_name", "provisioning_state", "model", "instance_count")
ENDPOINT = click.option("-e", "--endpoint-name", required=True, metavar="NAME", help="Name of its endpoint.")
LOCAL = click.option("--local", is_flag=True, hidden=True, expose_value=False)

deployment = Noun("online-deployment", help="Create, show and manage each online deployment.")


@verb(
    deployment,
    "create",
    file_flag("deployment", required=True),
    name_flag("deployment", required=False),
    click.option("-e", "--endpoint-name", metavar="NAME", help="Name of its endpoint."),
    click.option("--all-traffic", is_flag=True, help="Send all of the endpoint's traffic to it when it is ready."),
    click.option("--skip-script-validation", is_flag=True, expose_value=False, help="Accepted."),
    set_flag(),
    no_wait_flag(),
    LOCAL,
    examples=(
        "bancada online-deployment create -f deployment.yml --all-traffic",
        "bancada online-deployment create -f deployment.yml -n green -e heart",
    ),
    columns=COLUMNS,
)
def create(
    session: Session,
    *,
    file: str,
    name: str | None,
    endpoint_name: str | None,
    all_traffic: bool,
    changes: Sequence[str],
    no_wait: bool,
) -> Any:
    """Create a deployment, or roll it over to a new definition; what served before serves until it is ready.

    When the scoring script cannot start, the error shows its file, line and message, and traffic stays as it was.
    """
    fields = {"name": name, "endpoint_name": endpoint_name}
    entity = load("load_online_deployment", file, fields, changes)
    answer = session.client.online_deployments.begin_create_or_update(entity)
    made = finished(session, answer, "Deploying …", no_wait=no_wait and not all_traffic)
    if all_traffic:
        _send_all_traffic(session, str(entity.endpoint_name), str(entity.name))
    return made


def _send_all_traffic(session: Session, endpoint: str, deployment: str) -> None:
    wanted = session.client.online_endpoints.get(endpoint)
    wanted.traffic = {deployment: 100}
    answer = session.client.online_endpoints.begin_create_or_update(wanted)
    finished(session, answer, "Moving the traffic …")


@verb(
    deployment,
    "show",
    name_flag("deployment"),
    ENDPOINT,
    examples=("bancada online-deployment show -n blue -e heart",),
    columns=COLUMNS,
)
def show(session: Session, *, name: str, endpoint_name: str) -> Any:
    """Show one deployment."""
    return document(session.client.online_deployments.get(name, endpoint_name))


@verb(
    deployment,
    "list",
    ENDPOINT,
    *list_flags(archive=False),
    examples=("bancada online-deployment list -e heart -o table",),
    columns=COLUMNS,
)
def list_(session: Session, *, endpoint_name: str, max_results: int | None) -> Any:
    """List the deployments of an endpoint."""
    return first(session.client.online_deployments.list(endpoint_name), max_results)


@verb(
    deployment,
    "update",
    name_flag("deployment", required=False),
    click.option("-e", "--endpoint-name", metavar="NAME", help="Name of its endpoint."),
    file_flag("deployment"),
    set_flag(),
    no_wait_flag(),
    examples=("bancada online-deployment update -n blue -e heart --set instance_count=2",),
    columns=COLUMNS,
)
def update(
    session: Session,
    *,
    name: str | None,
    endpoint_name: str | None,
    file: str | None,
    changes: Sequence[str],
    no_wait: bool,
) -> Any:
    """Change a deployment; what served before serves until the new one is ready."""
    if file is not None:
        entity = load("load_online_deployment", file, {"name": name, "endpoint_name": endpoint_name}, changes)
    else:
        if name is None or endpoint_name is None:
            raise click.UsageError("Which deployment? Give --name and --endpoint-name, or --file.")
        before = session.client.online_deployments.get(name, endpoint_name)
        entity = parse(ManagedOnlineDeployment, changed(before.document(read_only=False), changes))
    answer = session.client.online_deployments.begin_create_or_update(entity)
    return finished(session, answer, "Deploying …", no_wait=no_wait)


@verb(
    deployment,
    "delete",
    name_flag("deployment"),
    ENDPOINT,
    yes_flag(),
    no_wait_flag(),
    examples=("bancada online-deployment delete -n blue -e heart --yes",),
)
def delete(session: Session, *, name: str, endpoint_name: str, yes: bool, no_wait: bool) -> None:
    """Delete a deployment that receives no traffic; its replicas end."""
    sure(f"Delete the deployment `{name}` of `{endpoint_name}`?", yes=yes)
    answer = session.client.online_deployments.begin_delete(name, endpoint_name)
    finished(session, answer, "Deleting the deployment …", no_wait=no_wait)


@verb(
    deployment,
    "get-logs",
    name_flag("deployment"),
    ENDPOINT,
    click.option("-l", "--lines", type=click.IntRange(1), default=50, show_default=True, help="How many lines."),
    click.option("-f", "--follow", is_flag=True, help="Go on showing what they print."),
    click.option("--replica", metavar="NAME", help="Only this replica's log; `r2` is enough."),
    click.option("-c", "--container", expose_value=False, hidden=True),
    LOCAL,
    examples=(
        "bancada online-deployment get-logs -n blue -e heart --lines 200",
        "bancada online-deployment get-logs -n blue -e heart --follow",
    ),
)
def get_logs(session: Session, *, name: str, endpoint_name: str, lines: int, follow: bool, replica: str | None) -> None:
    """Show the last lines that a deployment's replicas printed; with --follow, what they print from now on, too."""
    pieces = session.client.online_deployments.stream_logs(name, endpoint_name, lines, replica=replica)
    for piece in pieces if follow else [next(pieces, "")]:
        render.raw(piece)


@verb(
    deployment,
    "show-sample",
    name_flag("deployment"),
    ENDPOINT,
    examples=("bancada online-deployment show-sample -n blue -e heart > request.json",),
)
def show_sample(session: Session, *, name: str, endpoint_name: str) -> Any:
    """Show the body of a request that the deployment takes: its model's input example, or sample_request.json."""
    return session.client.online_deployments.get_sample_request(name, endpoint_name)


@verb(
    deployment,
    "show-metrics",
    name_flag("deployment"),
    ENDPOINT,
    examples=("bancada online-deployment show-metrics -n blue -e heart --query latency.p99_ms",),
)
def show_metrics(session: Session, *, name: str, endpoint_name: str) -> Any:
    """Show requests by status, times and replicas of a deployment since the gateway started."""
    return session.client.online_deployments.get_metrics(name, endpoint_name)
