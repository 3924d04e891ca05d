"""Turns a fork of a template into a user's process: everything that a fresh interpreter would not have inherited.

What is put right here, each measured or read as a trap: streams and log handlers that hold the template's,
`os.environ`, arguments and path, signals (done by the keeper), random generators, temporary names, BLAS threads,
the multiprocessing key. What cannot be put right (variables read at import, shadowed modules, threads) makes the
template refuse the launch, see `template.py`.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import sys
from types import ModuleType
from typing import Any, Callable, Dict, FrozenSet, List, NoReturn, Optional

from . import learned, proc, script
from .command import point_streams

__all__ = ["BlasThreads", "ForkedProgram"]


class ForkedProgram:
    """A script, or a replica, inside a fork of a template."""

    is_warm = True

    def __init__(
        self,
        request: Dict[str, Any],
        *,
        preloaded: FrozenSet[str],
        set_by_imports: Dict[str, str],
        blas: "BlasThreads",
        template: str,
    ) -> None:
        self._request = request
        self._preloaded = preloaded
        # Variables that libraries set in `os.environ` while they were imported; a cold start would have them too.
        self._set_by_imports = set_by_imports
        self._blas = blas
        # Where the template listens, to be told what it might have imported.
        self._template = template
        # What a script's own modules lie in: it goes first on the path.
        self._folder = ""

    def prepare(self) -> None:
        """Make the process look like a fresh `python script.py`."""
        request = self._request
        proc.name_process("python")
        point_streams(request["log"])
        for stream in (sys.stdout, sys.stderr):
            # The same objects as in the template, so that log handlers made at import time write to the log too.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True)
        os.environ.clear()
        os.environ.update(dict(self._set_by_imports, **request["environment"]))
        os.chdir(request["cwd"])
        self._set_arguments()
        _reseed()
        _renew_multiprocessing()
        _forget_temporary_folder()
        self._blas.restore()

    def run(self, report: int) -> NoReturn:
        """Run the script or the replica and end the process."""
        code = 1
        try:
            os.close(report)
            if self._request["kind"] == "replica":
                code = script.run_module(self._replica)
            else:
                code = script.run_script(self._request["argv"][1])
                self._teach()
            script.leave(code, self._folder, self._preloaded)
        finally:
            os._exit(code & 0xFF)

    def _teach(self) -> None:
        """Tell the template what it could have imported: a script at its end, a replica as soon as it is ready."""
        lessons = learned.lessons_of(self._preloaded)
        if lessons:
            learned.tell(self._template, lessons)

    def _replica(self) -> int:
        from . import scoring  # only replicas need it

        request = self._request
        return scoring.main(request["socket"], request["folder"], os.environ, on_ready=self._teach)

    def _set_arguments(self) -> None:
        request = self._request
        if request["kind"] == "replica":
            sys.argv = ["scoring.py", request["socket"], request["folder"]]
            self._folder = os.getcwd()
        else:
            sys.argv = request["argv"][1:]
            self._folder = os.path.dirname(os.path.realpath(sys.argv[0]))
            if not getattr(sys.flags, "safe_path", False):
                sys.path.insert(0, self._folder)
        sys.orig_argv = [sys.executable, *sys.argv]  # an attribute of its own before Python 3.10


class BlasThreads:
    """The thread count of OpenBLAS: one in the template, so that it has no threads to lose, all cores in a fork."""

    def __init__(self) -> None:
        self._is_confined = False
        self._limit: Optional[Callable[[], Any]] = None

    def confine(self, names: List[str]) -> None:
        """Keep OpenBLAS at one thread in this process; to be called before numpy is imported.

        Not when `names` of variables say that the user chose a count, and not without threadpoolctl, which is what
        raises the count again.
        """
        chosen = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}.intersection(names)
        if not chosen and importlib.util.find_spec("threadpoolctl") is not None:
            os.environ["OPENBLAS_NUM_THREADS"] = "1"
            self._is_confined = True

    def remember(self) -> None:
        """Find the libraries that were confined; to be called after the imports."""
        if not self._is_confined:
            return
        os.environ.pop("OPENBLAS_NUM_THREADS", None)
        if "numpy" not in sys.modules:
            return
        try:
            controller: Any = importlib.import_module("threadpoolctl").ThreadpoolController()
            self._limit = lambda: controller.limit(limits=_cores(), user_api="blas")
        # threadpoolctl asks libraries of any make for their names: whatever it meets, forks must go on.
        except Exception as reason:
            sys.stderr.write("BLAS stays at one thread: %s\n" % reason)

    def restore(self) -> None:
        """Give the libraries all cores, as they take them when nobody confines them."""
        if self._limit is not None:
            self._limit()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _loaded(name: str) -> Any:
    """Return a module if the template imported it, else None. Any: what it has, only its own import knows."""
    module = sys.modules.get(name)
    return module if isinstance(module, ModuleType) else None


def _reseed() -> None:
    for name in ("random", "numpy.random"):
        generator = _loaded(name)
        if generator is not None:
            generator.seed()
    torch = _loaded("torch")
    if torch is not None:
        torch.default_generator.seed()
    uuid = _loaded("uuid")
    if uuid is not None:
        uuid._last_timestamp = None


def _renew_multiprocessing() -> None:
    process = _loaded("multiprocessing.process")
    if process is None:
        return
    # Read at its import: spawned children look for the script relative to this folder.
    process.ORIGINAL_DIR = os.getcwd()
    # Else every launch of this template could talk to the others' children.
    process.current_process().authkey = os.urandom(32)


def _forget_temporary_folder() -> None:
    tempfile = _loaded("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None  # TMPDIR may be another one; the names in it are drawn anew by pid
