"""The replica: one process that loads a scoring script, calls `init()` once and `run()` for each request.

It listens on a Unix socket for the gateway, speaks `frames.py`, answers as `scoring_contract.py` says, and
says in its launch folder how its start went: `ready.json` after `init()`, or `failure.json` and exit code 3.
It is started cold as `python <this folder>/scoring.py SOCKET LAUNCH_FOLDER`, or by `main()` in a fork of a
template. It runs inside the user's environment: standard library only, Python 3.8+, and nothing of ours is
left on the user's import path.
"""

from __future__ import annotations

if __name__ == "__main__" and not __package__:  # started by path: come in again as a module of a package
    import importlib
    import os
    import sys
    import types

    _here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == _here:
        del sys.path[0]  # else `import template` in a user's script would find ours
    _package = types.ModuleType("bancada_runtime")
    _package.__path__ = [_here]
    sys.modules["bancada_runtime"] = _package
    raise SystemExit(importlib.import_module("bancada_runtime.scoring").cli())

import contextlib
import faulthandler
import gc
import json
import logging
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from .frames import PROTOCOL, FrameBuffer, FrameError, write_frame
from .scoring_contract import Answer, Contract, Query
from .scoring_log import AccessLog, configure_logging, log_model_files
from .scoring_script import ScoringScript, ScriptFailed, describe_failure, load_script, wait_for_debugger
from .scoring_settings import ScoringSettings, read_settings
from .scoring_speed import use_one_thread

__all__ = ["Replica", "cli", "main"]

EXIT_INIT_FAILED = 3  # upstream's code for a script that cannot start
# After SIGTERM the gateway gets this long to take its answers and hang up; the keeper's grace is 5 s.
_DRAIN_S = 4.0
# Below the size from which the C library asks the system for memory, and gives it back, on each call.
_READ_BYTES = 1 << 16
# An event loop inside run() may take the wake-up descriptor away; then SIGTERM is seen this much later.
_LOOK_S = 1.0

logger = logging.getLogger("azmlinfsrv")


def cli() -> int:
    """Run a replica with the arguments of the command line: the socket's path and the launch folder."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: scoring.py SOCKET LAUNCH_FOLDER\n")
        return 2
    return main(sys.argv[1], sys.argv[2], os.environ)


def main(
    socket_path: str, launch_folder: str, environ: Mapping[str, str], on_ready: Callable[[], None] = lambda: None
) -> int:
    """Load the script, serve until SIGTERM, return the exit code.

    `environ` are the launch's variables; they are put into `os.environ` when they are not that already. `on_ready` is
    called once, before the first request is looked at.
    """
    if environ is not os.environ:
        os.environ.update(environ)
    with contextlib.suppress(Exception):  # stderr may be no file, in a test
        faulthandler.enable()
    try:
        settings = read_settings(os.environ)
    except ValueError as reason:
        return _fail(launch_folder, ScriptFailed(str(reason)))
    log = configure_logging(settings)
    sink = _collector_sink() if "BANCADA_COLLECT" in os.environ else None
    try:
        if settings.debug_port:
            wait_for_debugger(settings.debug_port)
        script = load_script(settings)
        script.init()
    except ScriptFailed as failure:
        code = _fail(launch_folder, failure)
        log_model_files(settings)
        return code
    replica = _begin(socket_path, launch_folder, script, settings, log)
    if replica is None:
        return EXIT_INIT_FAILED
    on_ready()
    code = replica.serve()
    if sink is not None:
        sink.close()
    return code


def _speed_up(script: ScoringScript, settings: ScoringSettings) -> Dict[str, str]:
    """Let exact equivalents serve where there are some; return which level serves and why."""
    if settings.keep_original:
        script.begin()
        return {"level": "L0", "level_reason": "BANCADA_KEEP_ORIGINAL is set"}
    if not any(name in sys.modules for name in ("sklearn.base", "lightgbm", "xgboost")):
        script.begin()
        return {"level": "L0", "level_reason": "neither scikit-learn nor LightGBM nor XGBoost was imported"}
    from .exact_examples import registered_rows  # only where there may be something to speed up
    from .exact_gate import use_exact_equivalents

    try:
        examples = [*script.examples(), *registered_rows(settings.model_dir)]
        verdict = use_exact_equivalents(script.namespaces, examples, script.is_ours)
    except Exception as reason:  # a speed-up that fails must not keep a script from being served
        logger.error("Exact equivalents could not be tried", exc_info=reason)
        script.begin()
        return {"level": "L0", "level_reason": "exact equivalents could not be tried: %s" % reason}
    script.begin(verdict.served)
    found = verdict.document()
    if script.is_ours:
        found["level"], note = script.module.level(verdict.level)
        found["level_reason"] = "%s; %s" % (found["level_reason"], note)
    logger.info("Level %s: %s", found["level"], found["level_reason"])
    return found


def _collector_sink() -> Any:
    from .collector_sink import start_sink  # an HTTP service: only where something is collected

    return start_sink(os.environ)


def _begin(
    socket_path: str, launch_folder: str, script: ScoringScript, settings: ScoringSettings, log: AccessLog
) -> "Optional[Replica]":
    """Settle how the script's models are served, listen, and say that the replica is ready; None when it cannot."""
    changed = [] if settings.keep_n_jobs else use_one_thread(script.namespaces)
    verdict = _speed_up(script, settings)
    contract = Contract(script, settings)
    gc.freeze()  # what init() loaded stays for good; the collector need not walk through it again and again
    try:
        listener = _listen(socket_path)
    except OSError as reason:
        _fail(launch_folder, describe_failure(reason, settings.app_root))
        return None
    replica = Replica(listener, socket_path, contract, log)
    facts: Dict[str, Any] = {
        "at": time.time(),
        "pid": os.getpid(),
        "protocol": PROTOCOL,
        "n_jobs": changed,
        "style": script.style,
        **verdict,
        **(script.module.facts() if script.is_ours else {}),
    }
    _write_json(os.path.join(launch_folder, "ready.json"), facts)
    logger.info("Ready: the script is loaded, run() takes %s", _STYLES[script.style])
    return replica


_STYLES = {"text": "one text", "named": "named values (@input_schema)", "raw": "the request (@rawhttp)"}


def _fail(launch_folder: str, failure: ScriptFailed) -> int:
    _write_json(os.path.join(launch_folder, "failure.json"), failure.document())
    sys.stderr.write(failure.traceback)
    place = "%s:%s: " % (failure.file, failure.line) if failure.file else ""
    sys.stderr.write("The scoring script could not start: %s%s\n" % (place, failure.message))
    sys.stderr.flush()
    return EXIT_INIT_FAILED


def _write_json(path: str, document: Dict[str, Any]) -> None:
    temporary = "%s.%d" % (path, os.getpid())
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    os.replace(temporary, path)  # readers see all of it or nothing


def _listen(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of a replica that was killed; launch ids are never used twice at one time
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(128)
    return listener


class _Connection:
    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.frames = FrameBuffer()


def _query(header: Dict[str, Any], body: bytes) -> Query:
    # As upstream: a name with an underscore could pass for the same name with a hyphen.
    headers = [(name, value) for name, value in header["headers"] if "_" not in name]
    return Query(header["method"], header["path"], header["query"], headers, body, header.get("timeout_ms"))


def _complete(connection: _Connection, most: int) -> List[Tuple[Dict[str, Any], bytes]]:
    """Return the next frames that are there: one, or for a program that takes several all that have come."""
    frames: List[Tuple[Dict[str, Any], bytes]] = []
    while len(frames) < most:
        frame = connection.frames.next()
        if frame is None:
            if most == 1:
                break
            try:
                data = connection.peer.recv(_READ_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            if not data:
                break  # the end is read again, and seen, by the caller's next turn
            connection.frames.feed(data)
        else:
            frames.append(frame)
    return frames


class Replica:
    """Takes requests from its connections, one at a time, in the main thread."""

    def __init__(self, listener: socket.socket, path: str, contract: Contract, log: AccessLog) -> None:
        self._listener: Optional[socket.socket] = listener
        self._path = path
        self._contract = contract
        self._log = log
        self._connections: List[_Connection] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, None)
        self._stop_at: Optional[float] = None
        self._exit_code: Optional[int] = None
        self._bell, self._waker = socket.socketpair()
        for end in (self._bell, self._waker):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, None)

    def serve(self) -> int:
        """Serve until SIGTERM and then until the gateway has its answers; return the exit code."""
        # Only now: until here the default, to end at once, is right. After init(), which may set handlers
        # itself.
        signal.signal(signal.SIGTERM, self._on_sigterm)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        while not self._is_finished():
            for key, _ in self._selector.select(self._patience()):
                if key.data is not None:
                    self._read(key.data)
                elif key.fileobj is self._bell:
                    self._bell.recv(64)
                elif self._listener is not None:
                    self._accept(self._listener)
            if self._stop_at is not None and self._listener is not None:
                self._drain()
        return self._exit_code or 0

    def _is_finished(self) -> bool:
        if self._exit_code is not None:
            return True
        drained = self._listener is None and not self._connections
        return self._stop_at is not None and (drained or time.monotonic() > self._stop_at)

    def _patience(self) -> Optional[float]:
        if self._stop_at is not None:
            return max(0.0, self._stop_at - time.monotonic())
        return _LOOK_S if "asyncio" in sys.modules else None

    def _on_sigterm(self, number: int, frame: Any) -> None:
        if self._stop_at is None:
            self._stop_at = time.monotonic() + _DRAIN_S

    def _drain(self) -> None:
        """Take no new connection, tell each gateway so; it hangs up when it has all its answers."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._selector.unregister(listener)
            listener.close()
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        for connection in list(self._connections):
            self._send(connection, {"bye": True})

    def _accept(self, listener: socket.socket) -> None:
        peer, _ = listener.accept()
        connection = _Connection(peer)
        self._connections.append(connection)
        self._selector.register(peer, selectors.EVENT_READ, connection)
        # `batch`: so many requests may be under way at a time; they are answered together.
        self._send(connection, {"hello": PROTOCOL, "pid": os.getpid(), "batch": self._contract.largest_batch})

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._selector.unregister(connection.peer)
            connection.peer.close()

    def _read(self, connection: _Connection) -> None:
        most = self._contract.largest_batch
        try:
            data = connection.peer.recv(_READ_BYTES)
            connection.frames.feed(data)
            frames = _complete(connection, most) if data else []
            while frames and self._exit_code is None:
                self._answer_all(connection, frames)
                frames = _complete(connection, most)
        except (OSError, FrameError) as reason:
            logger.warning("A connection to the gateway was lost: %s", reason)
            self._forget(connection)
            return
        if not data:
            self._forget(connection)

    def _answer_all(self, connection: _Connection, frames: List[Tuple[Dict[str, Any], bytes]]) -> None:
        queries = [_query(header, body) for header, body in frames]
        if len(queries) > 1:
            self._contract.prepare(queries)
        for (header, _), query in zip(frames, queries):
            if self._exit_code is None:
                self._answer(connection, header, query)
        if len(queries) > 1:
            self._contract.prepare([])

    def _answer(self, connection: _Connection, header: Dict[str, Any], query: Query) -> None:
        started = time.perf_counter()
        answer = self._contract.answer(query)
        length: Any = len(answer.body)
        if answer.stream is None:
            out = {
                "id": header["id"],
                "status": answer.status,
                "headers": answer.headers,
                "body_type": "whole",
            }
            self._send(connection, out, answer.body)
        else:
            length = "N/A"
            self._send_stream(connection, header["id"], answer)
        path = query.path + ("?" + query.query if query.query else "")
        self._log.write(query.method, path, answer.status, (time.perf_counter() - started) * 1e3, length)
        self._exit_code = answer.ends_process

    def _send_stream(self, connection: _Connection, number: Any, answer: Answer) -> None:
        out: Dict[str, Any] = {
            "id": number,
            "status": answer.status,
            "headers": answer.headers,
            "body_type": "part",
        }
        try:
            self._send(connection, out)
            for part in answer.stream or ():
                if part:
                    self._send(connection, {"id": number, "body_type": "part"}, part)
            self._send(connection, {"id": number, "body_type": "end"})
        except Exception as reason:  # the script's generator raised: the client must see that the answer is cut off
            logger.error("The streamed answer was cut off", exc_info=reason)
            self._send(connection, {"id": number, "body_type": "abort"})
        finally:
            if answer.close is not None:
                answer.close()

    def _send(self, connection: _Connection, header: Dict[str, Any], body: bytes = b"") -> None:
        try:
            write_frame(connection.peer, header, body)
        except OSError as reason:  # the gateway is gone; another one may connect
            logger.warning("An answer could not be sent: %s", reason)
            self._forget(connection)
