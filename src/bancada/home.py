"""The home as a whole: format, lock, the owner's token, the record of its server. Not what lies inside.

Concurrency: `server.lock` is the one truth about whether a server runs; `server.json` only describes it (and
keeps the ports when the server is gone, because jobs that outlive it go on calling them).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from bancada.errors import HomeInUse, Internal, Invalid, NewerHome, NotFound, PortInUse, Problem
from bancada.ids import new_token
from bancada.runtime import proc
from bancada.settings import unusable, usable_folder

__all__ = ["FORMAT", "GatewayRecord", "Home", "Lock", "ServerRecord", "bind", "is_locked", "write_private"]

_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# Who asks whether a lock is held has it, shared, for some microseconds.
LOCK_TRIES = 3
LOCK_PAUSE_S = 0.01
FORMAT = 1  # raised when the folder's layout changes; the database has its own schema number


@dataclass(frozen=True)
class ServerRecord:
    """`server.json`: the server of this home, or the last one."""

    pid: int
    version: str
    url: str
    gateway_url: str
    host: str
    port: int
    gateway_port: int
    started_at: float
    # Set when the server stopped by itself; None after a crash, when only the lock tells.
    stopped_at: float | None = None


@dataclass(frozen=True)
class GatewayRecord:
    """`gateway/gateway.json`: the gateway of this home, or the last one."""

    pid: int
    port: int


class Lock:
    """An advisory lock on a file, held until `release` or the process' end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock; False when somebody else holds it, and does not only look (see `is_locked`)."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(LOCK_PAUSE_S)
            else:
                self._descriptor = descriptor
                return True
        os.close(descriptor)
        return False

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(path: Path) -> bool:
    """Say whether some process holds the lock at `path`; False when there is no such file."""
    return proc.is_locked(str(path))


@dataclass(frozen=True)
class Home:
    """One home folder."""

    root: Path

    @property
    def lock_file(self) -> Path:
        """Held by the server as long as it runs."""
        return self.root / "server.lock"

    @property
    def gateway_lock_file(self) -> Path:
        """Held by the gateway as long as it runs."""
        return self.root / "gateway" / "gateway.lock"

    @property
    def token_file(self) -> Path:
        """The owner's token; mode 0600."""
        return self.root / "token"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.root / "logs" / "server.log"

    @property
    def gateway_log_file(self) -> Path:
        """What the gateway says."""
        return self.root / "logs" / "gateway.log"

    def prepare(self) -> None:
        """Make the folder, or check that this version may use it.

        Raises NewerHome when a newer version wrote it, and FolderUnusable.
        """
        for folder in (self.root, self.root / "logs", self.root / "gateway"):
            usable_folder("home", folder, 0o700)
        marker = self.root / "home.json"
        found = read_json_file(marker)
        if found is None:
            write_private(marker, {"format": FORMAT})
        elif int(found.get("format", 0)) > FORMAT:
            raise NewerHome(
                f"The home {self.root} was written by a newer Bancada (home format {found['format']}; this"
                f" version reads up to {FORMAT}): upgrade Bancada, or choose another folder with --home.",
                home=str(self.root),
                found=found["format"],
                supported=FORMAT,
            )

    def settle_database(self, url: str) -> None:
        """Note at the first start where this home keeps its state, and hold later starts to it.

        Raises Invalid: a start without the URL would show an empty platform instead of the one that is there.
        """
        marker = self.root / "home.json"
        found = read_json_file(marker) or {"format": FORMAT}
        wanted = "postgresql" if url.startswith("postgres") else "sqlite"
        kept = found.get("database")
        if kept is None:
            write_private(marker, {**found, "database": wanted})
        elif kept != wanted:
            ways = "give its address with --postgres or the setting `database_url`, or choose another --home"
            if kept == "sqlite":
                ways = "leave --postgres and the setting `database_url` away, or choose another --home"
            raise Invalid(f"The home {self.root} keeps its state in {_DATABASES.get(kept, kept)}: {ways}.")

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the home for one server.

        Raises HomeInUse, naming the process and its address.
        """
        lock = Lock(self.lock_file)
        if not lock.take():
            raise self.in_use()
        try:
            yield
        finally:
            lock.release()

    def in_use(self) -> HomeInUse:
        """Return the one sentence about a second `up`."""
        record = self.server()
        where = f"process {record.pid} serves {record.url}" if record else "another process holds its lock"
        return HomeInUse(
            f"Bancada is already up in the home {self.root}: {where}.",
            home=str(self.root),
            pid=record.pid if record else None,
            url=record.url if record else None,
        )

    @property
    def is_up(self) -> bool:
        """Whether a server holds this home now."""
        return is_locked(self.lock_file)

    @property
    def gateway_is_up(self) -> bool:
        """Whether a gateway of this home runs now."""
        return is_locked(self.gateway_lock_file)

    def owner_token(self) -> str:
        """Return the owner's token; made at the first call. Only its owner may read the file."""
        try:
            return self.read_token()
        except NotFound:
            pass
        token = new_token()
        temporary = self.token_file.with_name(f".token.{secrets.token_hex(4)}")
        write_private(temporary, token + "\n")
        with suppress(FileExistsError):  # two starts at once: the first one's token stands
            os.link(temporary, self.token_file)
        temporary.unlink()
        return self.read_token()

    def read_token(self) -> str:
        """Return the owner's token. Raises NotFound when no server ever ran in this home."""
        try:
            token = self.token_file.read_text(encoding="ascii").strip()
        except FileNotFoundError as reason:
            raise NotFound(
                f"There is no Bancada in {self.root} yet. Start one with `bancada up`.",
                kind="home",
                name=str(self.root),
            ) from reason
        except OSError as reason:
            raise unusable("home", self.root, reason) from reason
        if not token:
            raise Internal(f"The file {self.token_file} is empty: delete it and start again.")
        return token

    def server(self) -> ServerRecord | None:
        """Return the record of this home's server, or of its last one."""
        found = read_json_file(self.root / "server.json")
        # A newer version may have noted more.
        known = {one.name for one in fields(ServerRecord)}
        return None if found is None else ServerRecord(**{key: found[key] for key in known & found.keys()})

    def record_server(self, record: ServerRecord) -> None:
        """Write who serves this home."""
        write_private(self.root / "server.json", asdict(record))

    def record_stop(self, at: float) -> None:
        """Note that the server stopped by itself. The ports stay: what still runs calls them."""
        record = self.server()
        if record is not None:
            self.record_server(replace(record, stopped_at=at))

    def gateway(self) -> GatewayRecord | None:
        """Return the record of this home's gateway, or of its last one."""
        found = read_json_file(self.root / "gateway" / "gateway.json")
        return None if found is None else GatewayRecord(pid=int(found["pid"]), port=int(found["port"]))

    def unfinished_launches(self) -> int:
        """Count launches whose process may still run: their folder has no `exit.json`."""
        folder = self.root / "launches"
        if not folder.is_dir():
            return 0
        unfinished = (one for one in folder.iterdir() if not (one / "exit.json").exists())
        return sum(1 for one in unfinished if is_locked(one / "lock"))


def read_json_file(path: Path) -> dict[str, Any] | None:
    """Return a small JSON object, or None when the file is not there."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_private(path: Path, content: dict[str, Any] | str) -> None:
    """Write a file that only its owner may read, at once or not at all."""
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def bind(host: str, port: int, *, flag: str = "--port") -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises PortInUse, which names the flag to use instead, and Invalid for a number that is no port.
    """
    try:
        return _listen(host, port)
    except OverflowError as reason:
        raise Invalid.of([Problem(flag, f"{port} is no port; ports go from 0 to 65535.")]) from reason
    except OSError as reason:
        raise PortInUse(
            f"Port {port} of {host} cannot be used ({reason.strerror or reason}). Choose another one"
            f" with {flag}, or take any free one with {flag} 0.",
            host=host,
            port=port,
        ) from reason


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only then.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
