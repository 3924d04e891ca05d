"""The scoring gateway: the process that clients send requests to. `python -m bancada.faces.scoring` runs it.

It outlives the server, needs no database, and starts alone from `<home>/gateway/routes.json`. It never runs a
user's code: what does is a replica behind a Unix socket, and a replica that hangs or dies costs no other
deployment a thing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import fcntl
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bancada.errors import BancadaError, HomeInUse, PortInUse
from bancada.executors.sockets import sockets_folder
from bancada.faces.gateway.control import Control
from bancada.faces.gateway.http import ClientConnection, Limits
from bancada.faces.gateway.switchboard import Switchboard

__all__ = ["GatewayOptions", "main", "serve"]

logger = logging.getLogger("bancada.gateway")

_SWEEP_S = 5.0
LOCK_TRIES = 3
LOCK_PAUSE_S = 0.01
# After SIGTERM open requests get as long as the longest of Azure's default timeouts, twice.
_DRAIN_S = 10.0


@dataclass(frozen=True)
class GatewayOptions:
    """What a gateway runs with."""

    home: Path
    host: str
    port: int  # 0 picks a free one
    sockets: Path  # short folder for the control socket
    max_body_bytes: int = 16 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway with the arguments of the command line; return the exit code."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        with _lock(options.home):
            _runner().run(serve(options))
    except BancadaError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return 0


def _parse(arguments: Sequence[str] | None) -> GatewayOptions:
    parser = argparse.ArgumentParser("python -m bancada.faces.scoring", description="The scoring gateway.")
    parser.add_argument("--home", type=Path, required=True, help="Folder with all state of one platform.")
    parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
    parser.add_argument("--port", type=int, required=True, help="Port to listen on; 0 picks a free one.")
    parser.add_argument("--sockets", type=Path, help="Short folder for the control socket.")
    parser.add_argument("--max-body-mib", type=int, default=16, help="Largest body of a request, in MiB.")
    given = parser.parse_args(arguments)
    home = Path(given.home).expanduser().absolute()
    return GatewayOptions(
        home=home,
        host=given.host,
        port=given.port,
        sockets=given.sockets or sockets_folder(home),
        max_body_bytes=given.max_body_mib << 20,
    )


def _runner() -> asyncio.Runner:
    try:
        import uvloop  # not on every system that Python runs on
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def _takes(stream: BinaryIO) -> bool:
    """Take a lock. Whoever only asks whether it is held has it for a moment: hence more than one try."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_S)
        else:
            return True
    return False


@contextlib.contextmanager
def _lock(home: Path) -> Generator[None]:
    folder = home / "gateway"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / "gateway.lock", "a+b") as stream:
        if not _takes(stream):
            raise HomeInUse(f"Another gateway serves the home {home}. Stop it with `bancada down`.")
        # Of the gateway before us: who reads it now would take us for ready.
        (folder / "gateway.json").unlink(missing_ok=True)
        yield


async def serve(options: GatewayOptions) -> None:
    """Serve until SIGTERM or SIGINT, then until the open requests are answered.

    Raises PortInUse when the port that was asked for is taken.
    """
    loop = asyncio.get_running_loop()
    board = Switchboard(loop)
    limits = Limits(max_body_bytes=options.max_body_bytes)
    connections: set[ClientConnection] = set()
    _allow_many_files()
    listener = _listen(options)
    control = Control(board, options.home / "gateway" / "routes.json")
    options.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    await control.start(options.sockets / "gateway.sock")
    server = await loop.create_server(lambda: ClientConnection(board, limits, connections), sock=listener)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(control.reload_if_changed()))
    sweeper = loop.create_task(_sweep(connections))
    _write_state(options, listener)
    gc.freeze()
    await stop.wait()
    sweeper.cancel()
    server.close()
    await control.stop()
    await _drain(board, connections)
    board.close()


async def _sweep(connections: set[ClientConnection]) -> None:
    """Close what is idle: one pass every few seconds costs less than a timer for each connection."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SWEEP_S)
        for connection in list(connections):
            connection.expire(loop.time())


async def _drain(board: Switchboard, connections: set[ClientConnection]) -> None:
    until = time.monotonic() + _DRAIN_S
    for connection in list(connections):
        connection.finish()
    while connections and time.monotonic() < until:
        await asyncio.sleep(0.02)
    if connections:
        logger.warning("%d requests were not answered within %d s", board.in_flight, _DRAIN_S)


def _listen(options: GatewayOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    try:
        listener.bind((options.host, options.port))
        listener.listen(1024)
    except OSError as reason:
        listener.close()
        if reason.errno != errno.EADDRINUSE:
            raise
        text = f"Port {options.port} on {options.host} is in use. Choose another, or 0 for a free one."
        raise PortInUse(text, port=options.port) from reason
    listener.setblocking(False)
    return listener


def _write_state(options: GatewayOptions, listener: socket.socket) -> None:
    port = int(listener.getsockname()[1])
    host = f"[{options.host}]" if ":" in options.host else options.host
    document: dict[str, int | float | str] = {
        "pid": os.getpid(),
        "start": time.time(),
        "port": port,
        "url": f"http://{host}:{port}",
        "control": str(options.sockets / "gateway.sock"),
    }
    target = options.home / "gateway" / "gateway.json"
    temporary = target.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.chmod(0o600)
    os.replace(temporary, target)
    logger.info("the gateway listens at %s", document["url"])


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())
