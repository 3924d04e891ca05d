"""`bancada status`: whether the platform runs, what runs on it, and how much memory it takes."""

from __future__ import annotations

from typing import Any, cast

import click

from bancada.cli import render
from bancada.cli.flags import platform_command
from bancada.cli.link import ServerLink
from bancada.cli.memory import family, pss_bytes
from bancada.cli.session import Session

__all__ = ["status"]

EXAMPLES = ("bancada status", "bancada status -o json", "bancada status --query state -o tsv")
MIB = 1024 * 1024


def look(session: Session) -> dict[str, Any]:
    """Return the platform's state as a document; `state` is `up` or `down`."""
    home = session.home
    if not home.is_up:
        left = home.unfinished_launches()
        return {
            "state": "down",
            "home": str(home.root),
            "gateway_up": home.gateway_is_up,
            "running_processes": left,
        }
    document = ServerLink.of(home).call("GET", "/api/v1/status")
    code = ServerLink.of(home).call("POST", "/api/v1/session-codes")
    record = home.server()
    pid = record.pid if record else 0
    return {
        "state": "up",
        "home": str(home.root),
        **document,
        "page_url": f"{document['url']}/#code={code['code']}",
        "memory": memory(pid, gateway_pid=_gateway_pid(session)),
    }


def _gateway_pid(session: Session) -> int | None:
    gateway = session.home.gateway()
    return gateway.pid if gateway is not None and session.home.gateway_is_up else None


def memory(server_pid: int, *, gateway_pid: int | None) -> dict[str, float | None]:
    """Return the memory of server, gateway and everything else that they started, in MiB."""
    server = pss_bytes(server_pid)
    gateway = pss_bytes(gateway_pid) if gateway_pid else None
    others = [pss_bytes(pid) for pid in family(server_pid) if pid != gateway_pid]
    return {
        "server_mib": _mib(server),
        "gateway_mib": _mib(gateway),
        "templates_and_others_mib": _mib(sum(one or 0 for one in others)),
    }


def _mib(size: int | None) -> float | None:
    return None if size is None else round(size / MIB, 1)


def show_for_people(document: dict[str, Any]) -> None:
    """Print the state in a few lines."""
    lines = [f"Bancada is {document['state']} (home {document['home']})."]
    if document["state"] == "up":
        lines += list(_running_lines(document))
    elif document["running_processes"]:
        lines.append(f"{document['running_processes']} process(es) of jobs or endpoints still run.")
    render.raw("\n".join(lines) + "\n")


def _running_lines(document: dict[str, Any]) -> list[str]:
    jobs, used, ledger = document["jobs"], document["memory"], document["ledger"]
    return [
        f"  Server:    {document['url']} (process {document['pid']}, version {document['version']})",
        f"  Gateway:   {document['gateway_url']} ({'up' if document['gateway_up'] else 'DOWN'})",
        f"  Page:      {document['page_url']}",
        f"  Jobs:      {jobs['running']} running, {jobs['queued']} waiting",
        f"  Machine:   {ledger['in_use']} of {ledger['cores']} slots in use",
        f"  Memory:    server {_said(used['server_mib'])}, gateway {_said(used['gateway_mib'])},"
        f" templates and others {_said(used['templates_and_others_mib'])}",
    ]


def _said(mib: float | None) -> str:
    return "unknown" if mib is None else f"{mib:.0f} MiB"


def _status(session: Session, *, form: str | None, pick: str | None) -> None:
    """Show whether the platform runs, what runs on it, and how much memory it takes.

    The exit code is 0 when it is up and 3 when it is not.
    """
    document = look(session)
    if form is None and pick is None:
        show_for_people(document)
    else:
        render.show(document, cast("render.Output", form or "json"), query=pick)
    if document["state"] != "up":
        click.get_current_context().exit(3)


status = platform_command(
    "status",
    _status,
    click.option("-o", "--output", "form", type=click.Choice(render.OUTPUTS), help="Form of the answer."),
    click.option("--query", "pick", metavar="JMESPATH", help="Show only what this JMESPath expression picks."),
    examples=EXAMPLES,
)
