"""Ports for servers that tests start: those that cannot choose one themselves and say which."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path

__all__ = ["free_port"]


def free_port() -> int:
    """Return a port that nobody uses now, below those that the system gives others before it is used."""
    drawn = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(drawn.read_text().split()[0]) if drawn.exists() else 32768
    while True:
        port = random.randrange(lowest // 2, lowest)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
