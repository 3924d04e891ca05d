"""The gateway's process as the server sees it: started beside it, taken over when it outlived one, kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time

from bancada.errors import Internal
from bancada.home import GatewayRecord, Home

__all__ = ["GatewayProcess", "running_gateway"]

log = logging.getLogger("bancada.gateway")

READY_WAIT_S = 15.0  # it takes a third of a second; a machine under load may take long
RECORD_WAIT_S = 5.0  # between a gateway's lock and its record lies a few milliseconds' work
STOP_WAIT_S = 15.0  # it lets open requests end
LOOK_EVERY_S = 0.1  # clients are refused meanwhile; a look reads one small file
LONGEST_PAUSE_S = 30.0  # between tries to start a gateway that ends at once


class GatewayProcess:
    """One home's gateway."""

    def __init__(self, home: Home, host: str, port: int) -> None:
        self.home = home
        self.host = host
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0

    @property
    def is_up(self) -> bool:
        """Whether it serves on our port."""
        record = self.home.gateway()
        return record is not None and record.port == self.port and self.home.gateway_is_up

    @property
    def was_started_here(self) -> bool:
        """Whether this process started it, rather than found it."""
        return self._process is not None

    def start(self) -> None:
        """Start it, unless one that outlived the last server serves on this port already."""
        if self.is_up:
            log.info("a gateway is up already on port %d", self.port)
            return
        if self.home.gateway_is_up:
            self.stop()  # it serves on another port
        with self.home.gateway_log_file.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bancada.faces.scoring", *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def _arguments(self) -> list[str]:
        return ["--home", str(self.home.root), "--host", self.host, "--port", str(self.port)]

    def wait_ready(self) -> None:
        """Wait until it serves. Raises Internal when it ended, naming its log."""
        deadline = time.monotonic() + READY_WAIT_S
        while not self.is_up:
            if self._has_ended() or time.monotonic() > deadline:
                raise Internal(f"The gateway did not start; its log says why: {self.home.gateway_log_file}")
            time.sleep(0.01)

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    async def keep_alive(self) -> None:
        """Start it again whenever it ended, less and less often when that does not help. Runs until cancelled."""
        while True:
            await asyncio.sleep(min(LOOK_EVERY_S * 2**self._failures, LONGEST_PAUSE_S))
            if self.is_up:
                self._failures = 0
                continue
            if self._process is not None and not self._has_ended():
                continue  # it is starting
            self._failures = min(self._failures + 1, 10)
            log.warning("the gateway is gone; starting it again (try %d)", self._failures)
            self.start()

    def stop(self) -> None:
        """End it and wait until it is gone."""
        record = running_gateway(self.home)
        if record is None:
            self._has_ended()
            return
        deadline = time.monotonic() + STOP_WAIT_S
        send(record.pid, signal.SIGTERM)
        while self.home.gateway_is_up:
            if time.monotonic() > deadline:
                log.warning("the gateway did not end in time; killing process %d", record.pid)
                send(record.pid, signal.SIGKILL)
                deadline = time.monotonic() + STOP_WAIT_S
            self._has_ended()
            time.sleep(0.02)


def running_gateway(home: Home) -> GatewayRecord | None:
    """Return the record of the gateway that runs now; one that is just starting gets a moment to write it."""
    deadline = time.monotonic() + RECORD_WAIT_S
    while home.gateway_is_up:
        record = home.gateway()
        if record is not None or time.monotonic() > deadline:
            return record
        time.sleep(0.01)
    return None


def send(pid: int, which: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)
