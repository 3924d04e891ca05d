"""The composition root: settings → home → database → engine → faces → uvicorn, and the gateway beside it.

The only place that picks concrete parts. `bancada up` calls `serve`; `--detach` starts `python -m bancada.app`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import logging.handlers
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio.to_thread
import uvicorn

from bancada import __version__
from bancada.engine import Addresses, Core, Platform, closing
from bancada.engine.paths import HomePaths
from bancada.errors import BancadaError, FolderUnusable, Internal, StorageFull, error_document, is_disk_full
from bancada.executors.local import LocalExecutor
from bancada.faces.access import SessionCodes
from bancada.faces.http import Stopping
from bancada.gateway_process import GatewayProcess, running_gateway
from bancada.home import Home, ServerRecord
from bancada.ids import SystemClock
from bancada.ports import Wish, listen
from bancada.settings import Settings, describe, load_settings, usable_folder
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database
from bancada.web import create_app

if TYPE_CHECKING:
    from bancada.engine.closing import JobsAtStop
    from bancada.faces.rest.server import JobsAtShutdown

__all__ = ["App", "Ready", "serve"]

log = logging.getLogger("bancada.app")

Ready = dict[str, Any]
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_BYTES = 10 * 1024 * 1024  # of one file; three older ones are kept
THREADS = 24  # requests in the engine at a time; SQLite has one writer, so more would only wait


def serve(overrides: Mapping[str, Any], *, on_ready: Callable[[Ready], None]) -> None:
    """Run the platform until it is told to stop. `on_ready` is called once, when requests are answered.

    Raises HomeInUse, PortInUse, NewerHome, FolderUnusable, Invalid (settings).
    """
    began = time.monotonic() - process_age_s()
    settings = load_settings(overrides)
    home = Home(settings.home)
    home.prepare()
    with home.held():
        write_log(home.log_file, settings.log_level)
        explicit = {one.name for one in describe(overrides) if one.source != "default"}
        App(settings, home, explicit, began).run(on_ready)


def process_age_s() -> float:
    """Return for how long this process runs; 0 where the system does not tell."""
    try:
        # The name in parentheses may hold anything; the fields after it are plain. The 22nd is the start, in ticks.
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return 0.0
    return max(0.0, uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def write_log(path: Path, level: str) -> None:
    """Send the log of this process to a file."""
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


class App:
    """One run of the platform. What the `server` routes of REST need of it is here, too."""

    def __init__(self, settings: Settings, home: Home, explicit: set[str], began: float) -> None:
        self.settings = settings
        self.home = home
        self._explicit = explicit
        self._began = began
        self._warnings: list[str] = []
        self._jobs_at_stop: JobsAtStop = "leave"
        self._stop_task: asyncio.Task[None] | None = None

    def run(self, on_ready: Callable[[Ready], None]) -> None:
        """Take the ports, start all parts, serve, and end them in the opposite order."""
        self._listener = self._take_port("port")
        with self._listener:
            self.gateway = self._start_gateway()
            self._write_record()
            self._look_at_cache()
            try:
                self._run_platform(on_ready)
            finally:
                self.home.record_stop(time.time())
                log.info("stopped")

    def _run_platform(self, on_ready: Callable[[Ready], None]) -> None:
        try:
            self.platform = self._make_platform()
        except BaseException:
            # A gateway that an earlier server left serving goes on doing so when this start fails.
            if self.gateway.was_started_here:
                self.gateway.stop()
            raise
        try:
            self._serve(on_ready)
        finally:
            self._close_platform()
            self.gateway.stop()
            # Nobody listens any more: replicas, templates and gateway are gone; jobs that live on need no socket.
            shutil.rmtree(self.platform.core.paths.sockets, ignore_errors=True)

    # ------------------------------------------------------------------------------ start

    def _take_port(self, setting: str) -> socket.socket:
        record = self.home.server()
        wish = Wish(
            name=setting.replace("_", "-"),
            port=getattr(self.settings, setting),
            is_explicit=setting in self._explicit,
            remembered=getattr(record, setting) if record else None,
        )
        listener, warning = listen(self.home, self.settings.host, wish)
        if warning:
            self._warnings.append(warning)
        return listener

    def _start_gateway(self) -> GatewayProcess:
        before = running_gateway(self.home)
        if before is not None and not self._wants_other_gateway(before.port):
            gateway = GatewayProcess(self.home, self.settings.host, before.port)
        else:
            # It binds the port itself, so that it can do so again without us; this only finds out which.
            with self._take_port("gateway_port") as probe:
                port = int(probe.getsockname()[1])
            gateway = GatewayProcess(self.home, self.settings.host, port)
        gateway.start()
        return gateway

    def _wants_other_gateway(self, port: int) -> bool:
        return "gateway_port" in self._explicit and self.settings.gateway_port not in (0, port)

    def _write_record(self) -> None:
        host, port = self.settings.host, int(self._listener.getsockname()[1])
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        self.record = ServerRecord(
            pid=os.getpid(),
            version=__version__,
            url=f"http://{shown}:{port}",
            gateway_url=f"http://{shown}:{self.gateway.port}",
            host=host,
            port=port,
            gateway_port=self.gateway.port,
            started_at=time.time(),
        )
        self.home.record_server(self.record)

    def _look_at_cache(self) -> None:
        """Warn of a cache that builds could not use; all that is built already, and the page, work without it."""
        try:
            usable_folder("cache", self.settings.cache)
        except (FolderUnusable, StorageFull) as error:
            self._warnings.append(f"No environment can be built. {error}")

    def _make_platform(self) -> Platform:
        self.home.settle_database(self.settings.database_url)
        database = Database.open(self.settings.database_url or f"sqlite:///{self.home.root / 'bancada.db'}")
        copy = database.migrate(backup=True)
        if copy is not None:
            self._warnings.append(f"The database was brought to this version; the one before is kept in {copy}.")
        core = Core(
            db=database,
            artifacts=ArtifactStore(self.home.root),
            executor=LocalExecutor(
                self.home.root,
                use_templates=self.settings.templates,
                idle_template_s=self.settings.idle_template_s,
            ),
            settings=self.settings,
            clock=SystemClock(),
            paths=HomePaths(self.home.root),
            owner_token=self.home.owner_token(),
            addresses=Addresses(self.record.url, self.record.gateway_url),
        )
        platform = Platform(core)
        platform.workspaces.ensure(self.settings.workspace)
        return platform

    # ------------------------------------------------------------------------------ serve

    def _serve(self, on_ready: Callable[[Ready], None]) -> None:
        self.codes = SessionCodes()
        self._stopping = Stopping()
        config = uvicorn.Config(
            create_app(self.platform, self, self._stopping),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            ws="none",
            timeout_keep_alive=75,  # longer than the clients' own pauses: a new connection costs more
            timeout_graceful_shutdown=max(1, int(self.settings.shutdown_wait_s)),
        )
        self._server = HttpServer(config, lambda: self._started(on_ready))
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        loop = asyncio.get_running_loop()
        for which in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(which, self._on_signal)
        watcher = asyncio.create_task(self.gateway.keep_alive())
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher

    def _started(self, on_ready: Callable[[Ready], None]) -> None:
        self.platform.start()
        self.gateway.wait_ready()
        # What was made until now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        seconds = time.monotonic() - self._began
        log.info("ready in %.2f s on %s", seconds, self.record.url)
        on_ready(self._ready(seconds))

    def _ready(self, seconds: float) -> Ready:
        return {
            **self.status(),
            "home": str(self.home.root),
            "page_url": f"{self.record.url}/#code={self.codes.make()}",
            "workspace": self.settings.workspace,
            "token_file": str(self.home.token_file),
            "log_file": str(self.home.log_file),
            "seconds": seconds,
            "warnings": self._warnings,
        }

    # ------------------------------------------------------------------------------ what REST's server routes need

    def status(self) -> dict[str, Any]:
        """Return version, process, addresses, and whether the gateway is up."""
        return {
            "version": __version__,
            "pid": self.record.pid,
            "url": self.record.url,
            "gateway_url": self.record.gateway_url,
            "gateway_up": self.gateway.is_up,
            "started_at": self.record.started_at,
            "default_workspace": self.settings.workspace,
        }

    def unfinished_jobs(self) -> list[str]:
        """Return the names of the jobs that run or wait, without trials."""
        return [row.name for row in closing.unfinished_jobs(self.platform.core)]

    def stop(self, jobs: JobsAtShutdown) -> None:
        """Begin to stop; what becomes of jobs is decided already. Called in the event loop."""
        if self._stop_task is None:
            self._jobs_at_stop = "leave" if jobs == "ask" else jobs
            self._stop_task = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        log.info("stopping; jobs: %s", self._jobs_at_stop)
        if self._jobs_at_stop == "cancel":
            left = await asyncio.to_thread(closing.cancel_jobs, self.platform.core, "owner")
            if left:
                log.warning("these jobs did not end in time: %s", ", ".join(left))
        self._stopping.set()
        self._server.should_exit = True

    def _on_signal(self) -> None:
        if self._stop_task is not None:
            self._server.force_exit = True
        self.stop("leave")

    def _close_platform(self) -> None:
        self.platform.stop_worker()
        try:
            # Before the pools are waited for: a replica that hangs in init() would hold one for minutes.
            closing.end_work(self.platform.core, self._jobs_at_stop)
        except (BancadaError, OSError) as error:
            log.warning("%s", error)
        finally:
            self.platform.close()
            self.platform.core.db.close()


class HttpServer(uvicorn.Server):
    """uvicorn's server, with our signals instead of its own, and a call when it accepts requests."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        await asyncio.to_thread(self._on_started)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the App."""
        yield


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where there is one."""
    try:
        import uvloop  # not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


def _told(reason: Exception) -> BancadaError:
    if isinstance(reason, OSError) and is_disk_full(reason):
        return StorageFull("The server could not start: the disk of its home is full. Make room, then try again.")
    return Internal(f"The server could not start: {type(reason).__name__}: {reason}")


def main(arguments: list[str]) -> int:
    """Run `python -m bancada.app --home FOLDER --ready-fd N`: what `bancada up --detach` starts.

    Reads the other settings as JSON from stdin. Writes one line of JSON to the descriptor: what is ready, or the
    error that kept it from being so.
    """
    # What keeps the start from getting as far as the log: standard error goes to the same file.
    logging.basicConfig(format=LOG_FORMAT)
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    news: IO[str] | None = os.fdopen(int(given["--ready-fd"]), "w")
    overrides = {**json.load(sys.stdin), "home": given["--home"]}

    def tell(document: Mapping[str, Any]) -> None:
        nonlocal news
        # Once, and never again by its number: closed, that belongs to whatever is opened next (the database, say).
        told, news = news, None
        if told is not None:
            with contextlib.suppress(BrokenPipeError), told:
                told.write(json.dumps(document) + "\n")

    try:
        serve(overrides, on_ready=tell)
    except BancadaError as error:
        log.error("%s", error)
        with contextlib.suppress(OSError):
            tell(error_document(error))
        return error.exit_code
    # The process' edge: whoever waits for the line must hear of a fault of ours, too.
    except Exception as error:
        log.exception("the server ended")
        with contextlib.suppress(OSError):
            tell(error_document(_told(error)))
        return _told(error).exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
