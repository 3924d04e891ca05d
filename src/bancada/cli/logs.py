"""`bancada logs`: what the server or the gateway wrote. Not the logs of jobs or of deployments."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import click

from bancada.cli import render
from bancada.cli.flags import platform_command
from bancada.cli.session import Session
from bancada.errors import NotFound

__all__ = ["logs"]

FOLLOW_EVERY_S = 0.2
EXAMPLES = ("bancada logs", "bancada logs --follow", "bancada logs --gateway --lines 500")


def _logs(session: Session, *, gateway: bool, lines: int, follow: bool) -> None:
    """Show the last lines of the server's log, or of the gateway's."""
    path = session.home.gateway_log_file if gateway else session.home.log_file
    if not path.exists():
        raise NotFound(f"There is no log at {path}; was Bancada ever up in this home?", kind="log", name=str(path))
    render.raw("".join(_tail(path, lines)))
    if follow:
        _follow(path)


def _tail(path: Path, count: int) -> deque[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return deque(file, maxlen=count)


def _follow(path: Path) -> None:
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, 2)
        while True:
            text = file.read()
            if text:
                render.raw(text)
            else:
                time.sleep(FOLLOW_EVERY_S)


logs = platform_command(
    "logs",
    _logs,
    click.option("--gateway", is_flag=True, help="The gateway's log instead of the server's."),
    click.option("--lines", type=click.IntRange(0), default=50, show_default=True, help="How many lines."),
    click.option("-f", "--follow", is_flag=True, help="Go on showing what is written."),
    examples=EXAMPLES,
)
