"""A warm interpreter: libraries imported, nothing run. Forks a keeper for each launch that it is asked for.

One for each (interpreter, environment, variables read at import). It only imports: no fit, no autolog, so that no
OpenMP pool has run and no Python thread lives when it forks. Native threads that imports leave behind (OpenBLAS,
jemalloc) are fine: those libraries put themselves right in the child.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any, Dict, FrozenSet, List, NoReturn, Optional

from . import mlflow_requirements, proc, wire
from .forked import BlasThreads, ForkedProgram
from .keeper import keep
from .learned import Lessons

__all__ = ["main"]

# A server's request is one small message that it has written before it waits.
_REQUEST_S = 5.0
_BACKLOG = 128
# Files that a library reads from the working folder while it is imported.
_READ_AT_IMPORT = {"matplotlibrc": "matplotlib"}
# Of our own: what a replica runs first. Imported in each fork it would take as long as many a model's gate.
_REPLICAS = (".scoring", ".exact_gate", ".exact_examples")
_MODULE_ENDINGS = (".py", ".pyc", ".so")


def main() -> NoReturn:
    """Import what the first message on descriptor 0, a socket, asks for; then serve on the path that it names."""
    peer = socket.socket(fileno=os.dup(0))
    proc.close_others(keep=peer.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    proc.reset_signals()
    proc.name_process("bancada-warm")
    if sys.path and sys.path[0] == "":
        del sys.path[0]  # a script's folder comes there in the fork
    with suppress(wire.WireError):  # its server was killed meanwhile: nobody knows of this process, so it goes
        _warm_up_and_serve(peer)
    os._exit(0)  # no exit functions: they belong to the forks


def _warm_up_and_serve(peer: socket.socket) -> None:
    setup = wire.receive(peer)
    template = _Template(setup)
    refusal = template.warm_up()
    # Before the path is taken: the next server's own template may listen there by now.
    _require_peer(peer)
    if refusal:
        wire.send(peer, answer="refused", message=refusal)
        return
    listener = _listen(setup["path"])
    wire.send(peer, answer="ready", **template.description())
    peer.close()
    template.serve(listener)


class _Template:
    def __init__(self, setup: Dict[str, Any]) -> None:
        self._path: str = setup["path"]
        self._preload: List[str] = setup["preload"]
        self._idle_s: float = setup["idle_s"]
        self._lessons = Lessons(setup.get("lessons"))
        self._blas = BlasThreads()
        self._failed: Dict[str, str] = {}
        self._set_by_imports: Dict[str, str] = {}
        self._modules: FrozenSet[str] = frozenset()
        self._warm_up_s = 0.0
        self._forks = 0

    def warm_up(self) -> Optional[str]:
        """Import; return the reason when this process must not be forked afterwards."""
        began = time.monotonic()
        mlflow_requirements.install()
        for name in _REPLICAS:
            importlib.import_module(name, __package__)
        self._import(self._preload)
        if self._threads() is None:
            self._learn(self._lessons.modules)
        self._warm_up_s = time.monotonic() - began
        return self._threads()

    def _import(self, names: List[str], watchful: bool = False) -> Optional[str]:
        """Import modules one by one; `watchful`, stop at the one after which this process cannot be forked."""
        spoiler: Optional[str] = None
        before = dict(os.environ)
        self._blas.confine(list(before))
        for name in names:
            try:
                importlib.import_module(name)
            # An import may fail in any way, SystemExit included; the launch that needs it will say so itself.
            except BaseException as reason:
                self._failed[name] = "%s: %s" % (type(reason).__name__, reason)
            if watchful and self._threads():
                spoiler = name
                break
        mlflow_requirements.prepare()
        self._blas.remember()
        self._set_by_imports.update({key: os.environ[key] for key in os.environ if os.environ[key] != before.get(key)})
        self._modules = frozenset(sys.modules)
        # Whatever the imports installed: children are reaped by the system, and only the user's process cares.
        proc.reset_signals()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        gc.collect()
        gc.freeze()  # the collector would otherwise write to, and so copy, every page that it shares
        return spoiler

    def _learn(self, names: List[str]) -> None:
        """Import what a script has imported; find the module that spoils the process, if there is one."""
        fresh = self._lessons.fresh(names)
        if not fresh:
            return
        spoiler = self._import(fresh, watchful=True)
        if spoiler is not None:
            self._lessons.give_up(spoiler)
        self._lessons.keep(name for name in fresh if name in sys.modules)

    def description(self) -> Dict[str, Any]:
        """Return what the server notes about this template."""
        return {
            "pid": os.getpid(),
            "failed": self._failed,
            "warm_up_s": round(self._warm_up_s, 3),
            "native_threads": proc.thread_names(),
            "forks": self._forks,
        }

    def serve(self, listener: socket.socket) -> None:
        """Answer requests until told to stop, or until none came for the idle time."""
        while select.select([listener], [], [], self._idle_s)[0]:
            peer, _ = listener.accept()
            try:
                message = wire.receive(peer, _REQUEST_S)
                if not self._answer(message, peer, listener):
                    break
            except wire.WireError as reason:
                sys.stderr.write("template: %s\n" % reason)
            finally:
                peer.close()
        _unlink(self._path)
        listener.close()

    def _answer(self, message: Dict[str, Any], peer: socket.socket, listener: socket.socket) -> bool:
        if message["do"] == "stop":
            wire.send(peer, answer="stopping")
            return False
        if message["do"] == "describe":
            wire.send(peer, answer="ready", **self.description())
            return True
        if message["do"] == "learn":
            self._learn(message["modules"])
            return self._threads() is None  # else this one goes, and the next leaves out what spoiled it
        refusal = self._threads() or self._shadow(message["launch"])
        if refusal:
            wire.send(peer, answer="refused", message=refusal)
        else:
            self._fork(message["launch"], peer, listener)
        return True

    def _fork(self, launch: Dict[str, Any], peer: socket.socket, listener: socket.socket) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._forks += 1
        if proc.fork() != 0:
            return
        try:
            listener.close()
            peer.settimeout(None)
            program = ForkedProgram(
                launch,
                preloaded=self._modules,
                set_by_imports=self._set_by_imports,
                blas=self._blas,
                template=self._path,
            )
            keep(launch, peer, program)
        finally:
            os._exit(70)  # never back into the template's loop

    def _threads(self) -> Optional[str]:
        """Say why a fork would not be safe now."""
        count = len(sys._current_frames())  # pyright: ignore[reportPrivateUsage]  # also sees threads of `_thread`
        if count > 1:
            return "an import started %d Python thread(s), which a fork would lose" % (count - 1)
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            return "an import initialised CUDA, which a fork cannot use"
        return None

    def _shadow(self, launch: Dict[str, Any]) -> Optional[str]:
        """Say which imported module a file beside the script would have replaced in a fresh interpreter."""
        cwd: str = launch["cwd"]
        folder = cwd
        if launch["argv"]:
            folder = os.path.dirname(os.path.realpath(os.path.join(cwd, launch["argv"][1])))
        for entry in _entries(folder):
            name = entry.name.split(".", 1)[0]
            if name in self._modules and name not in sys.builtin_module_names and _is_module(entry):
                return "%s in the code folder stands for the imported module %s" % (entry.name, name)
        for entry in _entries(cwd):
            if _READ_AT_IMPORT.get(entry.name) in self._modules:
                return "%s in the working folder is read when %s is imported" % (
                    entry.name,
                    _READ_AT_IMPORT[entry.name],
                )
        return None


def _entries(folder: str) -> "List[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []  # the launch itself will say what is wrong with its folder


def _is_module(entry: "os.DirEntry[str]") -> bool:
    # A folder without `__init__` stands for a namespace, and gives way to a module further down the path.
    if entry.is_dir():
        return any(one.name.startswith("__init__.") for one in _entries(entry.path))
    return entry.name.endswith(_MODULE_ENDINGS)


def _require_peer(peer: socket.socket) -> None:
    try:
        is_gone = bool(select.select([peer], [], [], 0)[0]) and not peer.recv(1, socket.MSG_PEEK)
    except OSError:
        is_gone = True
    if is_gone:
        raise wire.WireError("the server that asked for this template is gone")


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Bound under another name first: whoever finds the path finds somebody who listens.
    temporary = "%s.%d" % (path, os.getpid())
    listener.bind(temporary)
    listener.listen(_BACKLOG)
    os.rename(temporary, path)
    return listener


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
