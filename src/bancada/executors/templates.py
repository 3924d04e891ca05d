"""The pool of warm interpreters: which launch may use which, when one is made, when one goes.

A template belongs to (interpreter, environment, variables read at import). Its socket's name is derived from that
key, so a server started anew finds the templates of the one before it. A launch waits for a template only while
one is already getting warm; with none there, it starts cold and the template gets warm for the next.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bancada.errors import LaunchFailed
from bancada.executors import Launch
from bancada.executors.installed_runtime import InstalledRuntime
from bancada.executors.surroundings import read_at_import, template_environment
from bancada.executors.watcher import Watcher
from bancada.ids import content_hash
from bancada.runtime import proc, wire

__all__ = ["TemplatePool"]

logger = logging.getLogger(__name__)

# Importing the heaviest known stack takes 6 s on a quiet machine; longer than this, something hangs.
_WARM_UP_S = 180.0
# Waiting costs at most what the launch's own imports would; beyond that a cold start is the better bet.
_WAIT_S = 20.0
# A fork takes milliseconds. One that does not answer inherited somebody's lock: give the template up.
_ANSWER_S = 30.0
# A template that only waits answers in a millisecond.
_GREETING_S = 0.2
# An interpreter that could not become a template is not tried again before this.
_RETRY_S = 600.0
# Of some 290 MB each; a sweep needs one, a pipeline of several environments a few.
_LIMIT = 4


@dataclass
class _Template:
    """One template, or the knowledge that there can be none. State is written under the pool's lock."""

    digest: str
    path: Path
    state: Literal["warming", "ready", "none"] = "warming"
    settled: threading.Event = field(default_factory=threading.Event)
    used_at: float = field(default_factory=time.monotonic)
    pid: int = 0
    start: str = ""


class TemplatePool:
    """All templates of one home. Every method may be called from any thread."""

    def __init__(self, runtime: InstalledRuntime, sockets: Path, watcher: Watcher, idle_s: float) -> None:
        self._runtime = runtime
        self._sockets = sockets
        self._watcher = watcher
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._templates: dict[str, _Template] = {}
        self._is_closed = False

    def fork(self, launch: Launch, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Have the launch forked; return the keeper's answer, or None when it must start cold.

        Starting cold after None is safe in every case: at most one keeper can publish the launch's folder.
        """
        template, is_new = self._find(launch, request["environment"])
        if is_new and not template.path.exists():
            return None
        if not template.settled.wait(_WAIT_S) or template.state != "ready":
            return None
        try:
            answer = wire.ask(str(template.path), _ANSWER_S, do="launch", launch=request)
        except wire.WireError as reason:
            logger.info("template %s is gone (%s): a new one is made", template.digest, reason)
            self._forget(template)
            self._find(launch, request["environment"])
            return None
        if answer["answer"] == "refused":
            logger.info("launch %s starts cold: %s", launch.id, answer["message"])
            return None
        return answer

    def heat(self, launch: Launch, environment: Mapping[str, str]) -> None:
        """Make sure that a template for such launches is there or getting warm; its idle time begins anew."""
        template, is_new = self._find(launch, environment)
        if is_new or not template.settled.is_set() or template.state != "ready":
            return
        if proc.is_alive(template.pid, template.start):
            with suppress(wire.WireError):  # it has much to do just now, and so is not idle
                wire.ask(str(template.path), _GREETING_S, do="describe")
        else:
            self._forget(template)
            self._find(launch, environment)

    def close(self) -> None:
        """Stop all templates of this home, also those of an earlier server, and wait until they are gone."""
        with self._lock:
            self._is_closed = True
            templates = list(self._templates.values())
            self._templates.clear()
        known = {template.path for template in templates}
        strangers = [self._stranger(path) for path in self._sockets.glob("t-*.sock") if path not in known]
        templates += [one for one in strangers if one is not None]
        for template in templates:
            _stop(template)
        deadline = time.monotonic() + 2.0  # they only have to leave their loop
        for template in templates:
            while template.pid and proc.is_alive(template.pid, template.start) and time.monotonic() < deadline:
                time.sleep(0.005)
            with suppress(ChildProcessError):
                if template.pid:
                    os.waitpid(template.pid, os.WNOHANG)

    def _stranger(self, path: Path) -> _Template | None:
        template = _Template(path.stem, path, "ready")
        answer = self._adopt(template)
        if answer is None:
            path.unlink(missing_ok=True)
            return None
        template.pid, template.start = answer["pid"], proc.start_of(answer["pid"]) or ""
        return template

    def _find(self, launch: Launch, environment: Mapping[str, str]) -> tuple[_Template, bool]:
        """Return the template for a launch and whether it was made by this very call."""
        digest = self._digest(launch, environment)
        with self._lock:
            found = self._templates.get(digest)
            if found is not None and not (found.state == "none" and _age(found) > _RETRY_S):
                if found.state != "none":
                    found.used_at = time.monotonic()
                return found, False
            template = _Template(digest, self._sockets / f"t-{digest}.sock")
            if self._is_closed:
                template.state = "none"
                template.settled.set()
                return template, False
            surplus = self._surplus()
            self._templates[digest] = template
        for one in surplus:
            _stop(one)
        arguments = (template, launch, template_environment(environment))
        threading.Thread(target=self._settle, args=arguments, name="bancada-template", daemon=True).start()
        return template, True

    def _surplus(self) -> list[_Template]:
        ready = sorted((one for one in self._templates.values() if one.state == "ready"), key=lambda one: one.used_at)
        surplus = ready[: max(0, len(ready) - _LIMIT + 1)]
        for one in surplus:
            del self._templates[one.digest]
        return surplus

    def _settle(self, template: _Template, launch: Launch, environment: dict[str, str]) -> None:
        answer: dict[str, Any]
        try:
            answer = self._adopt(template) or self._warm_up(template, launch, environment)
        except (wire.WireError, LaunchFailed) as reason:
            answer = {"answer": "refused", "message": str(reason)}
        with self._lock:
            template.state = "ready" if answer["answer"] == "ready" else "none"
            is_closed = self._is_closed
        if template.state == "none":
            logger.warning("%s serves no warm starts: %s", launch.interpreter, answer["message"])
            _kill(template)
        else:
            template.pid = answer["pid"]
            template.start = proc.start_of(template.pid) or ""
            logger.info("template %s is ready after %s s", template.digest, answer["warm_up_s"])
            for name, message in answer["failed"].items():
                logger.info("template %s goes without %s: %s", template.digest, name, message)
        template.settled.set()
        if is_closed:
            _stop(template)

    def _adopt(self, template: _Template) -> dict[str, Any] | None:
        """Take over a template that an earlier server left, if it is alive."""
        if not template.path.exists():
            return None
        try:
            return wire.ask(str(template.path), 2.0, do="describe")
        except wire.WireError:
            return None

    def _warm_up(self, template: _Template, launch: Launch, environment: dict[str, str]) -> dict[str, Any]:
        started = self._runtime.start(launch.interpreter, "template", environment=environment)
        template.start = proc.start_of(started.pid) or ""
        template.pid = started.pid
        self._watcher.watch(template.pid, template.start, _nothing)  # reaps it
        setup = {
            "path": str(template.path),
            "preload": list(launch.preload),
            "idle_s": self._idle_s,
            "lessons": str(self._runtime.lessons_of(launch.environment_key)),
        }
        with started.peer as peer:
            wire.send(peer, do="preload", **setup)
            return wire.receive(peer, _WARM_UP_S)

    def _forget(self, template: _Template) -> None:
        with self._lock:
            if self._templates.get(template.digest) is template:
                del self._templates[template.digest]
        # It may live and be stuck; the next one takes its socket's name.
        _kill(template)

    def _digest(self, launch: Launch, environment: Mapping[str, str]) -> str:
        key = [
            self._runtime.folder.name,
            str(launch.interpreter),
            launch.environment_key,
            read_at_import(environment),
        ]
        return content_hash(key)[:16]


def _age(template: _Template) -> float:
    return time.monotonic() - template.used_at


def _stop(template: _Template) -> None:
    if template.state != "ready":
        _kill(template)
        return
    try:
        wire.ask(str(template.path), 2.0, do="stop")
    except wire.WireError:
        _kill(template)


def _kill(template: _Template) -> None:
    if template.pid and proc.is_alive(template.pid, template.start):
        proc.send_signal(template.pid, signal.SIGKILL)


def _nothing() -> None:
    pass
