"""`bancada down`: stop the platform, and wait until all of it is gone."""

from __future__ import annotations

import sys
import time

import click

from bancada.cli import render
from bancada.cli.flags import platform_command
from bancada.cli.link import ServerLink
from bancada.cli.session import Session
from bancada.errors import Conflict, Internal, ServerUnreachable
from bancada.home import Home

__all__ = ["down"]

GONE_WAIT_S = 120.0  # stopping gives open requests and jobs their grace time; beyond this something hangs
CHOICES = ("cancel", "requeue", "leave")
MEANINGS = (
    "cancel: stop them for good; requeue: stop them, and start them anew at the next `up`;"
    " leave: let them run, and take them up again at the next `up`"
)
EXAMPLES = ("bancada down", "bancada down --jobs cancel", "bancada down --home ./lab --jobs leave")


def _down(session: Session, *, jobs: str) -> None:
    """Stop the server and the gateway, and wait until they are gone.

    When jobs run, it asks what shall become of them; without a terminal, say so with --jobs.
    """
    home = session.home
    if not home.is_up:
        _stop_orphaned_gateway(home)
        render.note(f"No Bancada is up in {home.root}.")
        return
    link = ServerLink.of(home)
    _ask_to_stop(link, jobs)
    with session.progress("Stopping Bancada …"):
        _wait_until_gone(home)
    render.note("Bancada is down.")


def _ask_to_stop(link: ServerLink, jobs: str) -> None:
    try:
        link.call("POST", "/api/v1/shutdown", {"jobs": jobs}, timeout_s=GONE_WAIT_S)
    except Conflict as running:
        link.call("POST", "/api/v1/shutdown", {"jobs": _choose(running)}, timeout_s=GONE_WAIT_S)


def _choose(running: Conflict) -> str:
    names: list[str] = [str(one) for one in running.details.get("jobs", [])]
    render.note(f"{len(names)} job(s) run or wait:")
    for name in names[:20]:
        render.note(f"  {name}")
    if not sys.stdin.isatty():
        raise Conflict(
            f"{len(names)} job(s) run or wait, and there is no terminal to ask what shall become of them."
            f" Say so with --jobs cancel|requeue|leave ({MEANINGS}).",
            jobs=names,
        )
    render.note(MEANINGS)
    return render.ask("What shall become of them?", CHOICES, default="leave")


def _wait_until_gone(home: Home) -> None:
    deadline = time.monotonic() + GONE_WAIT_S
    while home.is_up or home.gateway_is_up:
        if time.monotonic() > deadline:
            raise Internal(f"Bancada did not stop within {GONE_WAIT_S:.0f} s; its log: {home.log_file}")
        time.sleep(0.05)


def _stop_orphaned_gateway(home: Home) -> None:
    # A killed server leaves its gateway serving; nobody but us is there to stop it.
    import os
    import signal

    gateway = home.gateway()
    if gateway is None or not home.gateway_is_up:
        return
    try:
        os.kill(gateway.pid, signal.SIGTERM)
    except ProcessLookupError as reason:
        raise ServerUnreachable(f"The gateway's lock is held, but not by process {gateway.pid}.") from reason
    _wait_until_gone(home)
    render.note("The gateway, left over from a server that was killed, is stopped.")


down = platform_command(
    "down",
    _down,
    click.option("--jobs", type=click.Choice(("ask", *CHOICES)), default="ask", show_default=True, help=f"{MEANINGS}."),
    examples=EXAMPLES,
)
