"""`bancada up`: start the platform, in this terminal or in the background."""

from __future__ import annotations

import json
import os
import select
import shlex
import subprocess
import sys
import time
from typing import IO, Any, cast

import click

from bancada.cli import render
from bancada.cli.flags import platform_command, settings_flag
from bancada.cli.session import Session
from bancada.errors import Internal, error_from_document

__all__ = ["up"]

# Ready in about a second; minutes only when a big database is migrated or the machine is drowning.
START_PATIENCE_S = 10.0
START_TIMEOUT_S = 300.0

EXAMPLES = (
    "bancada up",
    "bancada up --detach",
    "bancada up --home ./lab --port 0 --gateway-port 0",
    "bancada up --postgres postgresql://me@localhost/bancada",
)


def _up(session: Session, *, detach: bool) -> None:
    """Start the platform and show its page's address.

    Stays in the foreground until Ctrl-C, unless --detach is given. Jobs that still run then go on, and are taken
    up again by the next start.
    """
    started = session.progress("Starting Bancada …")
    if detach:
        with started:
            ready = start_in_background(session)
        show_banner(ready, stop_with(session), detached=True)
        return
    from bancada.app import serve

    serve(session.overrides, on_ready=lambda ready: show_banner(ready, stop_with(session), detached=False))
    render.note("Bancada is down.")


def stop_with(session: Session) -> str:
    """Return the command that stops this platform; it names the home when only a flag did."""
    from bancada.settings import load_settings

    home = session.settings.home
    return "bancada down" if load_settings().home == home else f"bancada down --home {shlex.quote(str(home))}"


def start_in_background(session: Session) -> dict[str, Any]:
    """Start the server as its own process; return what it says when it is ready.

    Raises whatever kept it from starting, as it was raised there.
    """
    reading, writing = os.pipe()
    session.home.prepare()
    with session.home.log_file.open("ab") as log, os.fdopen(reading, "rb") as news:
        overrides = {name: str(value) for name, value in session.overrides.items() if value is not None}
        process = subprocess.Popen(
            [sys.executable, "-m", "bancada.app", "--home", str(session.home.root), "--ready-fd", str(writing)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        # Not as an argument, which everybody on the machine could read: a database's address may hold a password.
        with cast("IO[bytes]", process.stdin) as told:
            told.write(json.dumps(overrides).encode())
        line = _first_line(news, process, session)
    if not line:
        raise Internal(
            f"The server ended while it was starting (exit code {process.wait()});"
            f" its log says why: {session.home.log_file}"
        )
    document: dict[str, Any] = json.loads(line)
    if "error" in document:
        process.wait()
        raise error_from_document(document)
    return document


def _first_line(news: IO[bytes], process: subprocess.Popen[bytes], session: Session) -> bytes:
    """Wait for what the server says first; say that it takes long, and end it when it takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not select.select([news], [], [], START_PATIENCE_S)[0]:
        if time.monotonic() > deadline:
            process.kill()
            late = f"The server was not ready after {START_TIMEOUT_S:.0f} s and was ended."
            raise Internal(f"{late} Its log: {session.home.log_file}")
        render.note(f"Still waiting for the server (process {process.pid}); its log: {session.home.log_file}")
    return news.readline()


def show_banner(ready: dict[str, Any], stop: str, *, detached: bool) -> None:
    """Tell where everything is."""
    render.note(f"Bancada {ready['version']} is up (process {ready['pid']}, ready in {ready['seconds']:.1f} s).")
    for label, value in (
        ("Page", ready["page_url"]),
        ("Server", ready["url"]),
        ("Gateway", ready["gateway_url"]),
        ("Workspace", ready["workspace"]),
        ("Home", ready["home"]),
        ("Token", ready["token_file"]),
        ("Log", ready["log_file"]),
    ):
        render.note(f"  {label + ':':<11}{value}")
    for warning in ready["warnings"]:
        render.note(f"WARNING: {warning}")
    render.note(f"Stop it with `{stop}`." if detached else f"Stop it with Ctrl-C, or with `{stop}`.")


up = platform_command(
    "up",
    _up,
    click.option("-d", "--detach", is_flag=True, help="Start in the background; return when it is ready."),
    settings_flag("--host", setting="host", metavar="ADDRESS", help="Address to listen on."),
    settings_flag("--port", setting="port", type=int, help="Port of the server; 0: any free one."),
    settings_flag("--gateway-port", setting="gateway_port", type=int, help="Port of the gateway; 0: any."),
    settings_flag("--postgres", setting="database_url", metavar="URL", help="Keep state in PostgreSQL."),
    settings_flag("-w", "--workspace-name", setting="workspace", metavar="NAME", help="Default workspace."),
    examples=EXAMPLES,
)
