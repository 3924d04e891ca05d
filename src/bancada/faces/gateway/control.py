"""How the server speaks to the gateway: a Unix socket with a JSON line each way, and the table's file.

    {"reload": n}    → {"version": n}, once the table is in force and its new replicas were tried
    {"stats": true}  → the state of every deployment

The file is also looked at every second, and on SIGHUP: a server that dies between writing and telling leaves
no stale gateway behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from bancada.faces.gateway.switchboard import Switchboard
from bancada.faces.gateway.table import TableError, read_table

__all__ = ["Control"]

logger = logging.getLogger("bancada.gateway")

_WATCH_S = 1.0
# A new replica on this machine answers its hello in a millisecond; one that hangs must not hold up the
# server.
_SETTLE_S = 0.5


class Control:
    """Keeps the switchboard's table the published one."""

    def __init__(self, board: Switchboard, routes: Path) -> None:
        self._board = board
        self._routes = routes
        self._seen: tuple[int, int, int] | None = None
        self._server: asyncio.Server | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._path: Path | None = None

    async def start(self, path: Path) -> None:
        """Apply the table that there is, listen at the control socket, watch the file."""
        try:
            await self.reload()
        except TableError as reason:
            logger.error("%s", reason)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # of a gateway that was killed: we hold the lock
        self._server = await asyncio.start_unix_server(self._serve, path)
        path.chmod(0o600)
        self._path = path
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Stop listening and watching."""
        if self._watcher is not None:
            self._watcher.cancel()
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def reload(self) -> int:
        """Put the published table in force; return its version. Raises TableError and keeps the old one."""
        self._seen = self._mark()
        table = read_table(self._routes)
        fresh = self._board.apply(table)
        logger.info("table %d is in force: %d endpoints", table.version, len(table.endpoints))
        if fresh:
            await asyncio.wait(fresh, timeout=_SETTLE_S)
        return table.version

    async def reload_if_changed(self) -> None:
        """Put the published table in force when the file is another one than the one last read."""
        if self._mark() == self._seen:
            return
        try:
            await self.reload()
        except TableError as reason:
            logger.error("%s", reason)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            await self.reload_if_changed()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._routes)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError) as reason:
            logger.warning("the control connection ended: %s", reason)
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            if "stats" in asked:
                return self._board.document()
            if "reload" in asked:
                return {"version": await self.reload()}
        except (TableError, ValueError, TypeError) as reason:
            return {"error": str(reason)}
        return {"error": 'unknown request; there is {"reload": n} and {"stats": true}'}
