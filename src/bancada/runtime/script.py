"""Runs a script as `python script.py` would, inside a process that is already a Python. Not for setting it up.

Why not `runpy.run_path`: it puts the old `__main__` back when the script ends, so that threads, `atexit` functions
and pickled classes that outlive the last line would look into the wrong module.
"""

from __future__ import annotations

import atexit
import gc
import io
import itertools
import os
import signal
import sys
import threading
import types
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from typing import Any, Callable, Dict, FrozenSet, List, NoReturn, Optional

__all__ = ["leave", "run_module", "run_script"]

# What `python missing.py` ends with, and a standard output that cannot be written at the end.
_CANNOT_OPEN = 2
_CANNOT_FLUSH = 120
# Not an exit code: the interpreter ends by the signal itself after an uncaught KeyboardInterrupt.
_INTERRUPTED = -signal.SIGINT

# Asking the abstract class itself would make it look at every class that there is.
_ANY_FILE = io.IOBase.__mro__[1]

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def run_script(script: str) -> int:
    """Run the file as `__main__`; return the exit code that the interpreter would give.

    `sys.argv`, `sys.path` and the working folder must be set. An uncaught exception is printed by `sys.excepthook`,
    without our own frames.
    """
    # Newer Pythons make the path absolute, in `__file__` and in tracebacks.
    path = os.path.abspath(script) if sys.version_info >= (3, 9) else script
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as reason:
        sys.stderr.write(
            "%s: can't open file %r: [Errno %d] %s\n" % (sys.executable, path, reason.errno or 0, reason.strerror)
        )
        return _CANNOT_OPEN
    module = _fresh_main(path)

    def run() -> None:
        code = compile(source, path, "exec", dont_inherit=True)
        exec(code, module.__dict__)

    return _exit_code_of(run)


def run_module(main: Callable[[], Optional[int]]) -> int:
    """Run one of our own functions (a replica's) the same way; it returns the exit code."""

    def run() -> None:
        sys.exit(main())

    return _exit_code_of(run)


def leave(code: int, folder: str, preloaded: FrozenSet[str]) -> NoReturn:
    """End the process as the interpreter would: threads joined, `atexit` run, the user's objects freed, all flushed.

    Only modules in the user's `folder` are taken down, not the `preloaded` hundreds that came with the template:
    that is what makes a forked process end in milliseconds. C-level exit functions do not run.
    """
    try:
        _call(threading, "_shutdown")
        _call(atexit, "_run_exitfuncs")
    except BaseException as reason:
        sys.__excepthook__(type(reason), reason, reason.__traceback__)
    # Daemon threads go on until the last moment; what they trip over in a process that is being cleared is no news.
    threading.excepthook = _silent
    # Before: what a cycle holds is finalized in any order, and a file closed under its buffer loses the rest.
    _flush_files()
    _clear_modules(folder, preloaded)
    _flush_files()
    _flush_c_files()
    if not _flush_streams():
        code = _CANNOT_FLUSH
    if code == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code & 0xFF)


def _fresh_main(path: str) -> types.ModuleType:
    # The same object as the template's: multiprocessing and others took hold of it when they were imported.
    module = sys.modules["__main__"]
    module.__dict__.clear()
    module.__dict__.update(
        __name__="__main__",
        __doc__=None,
        __package__=None,
        __loader__=SourceFileLoader("__main__", path),
        __spec__=None,
        __annotations__={},
        __builtins__=sys.modules["builtins"],
        __file__=path,
        __cached__=None,
    )
    return module


def _exit_code_of(run: Callable[[], None]) -> int:
    error = _error_of(run)
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return _code_of(error.code)
    _print_exception(error)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _error_of(run: Callable[[], None]) -> Optional[BaseException]:
    # Handed out of the `except`, so that what a user's hook raises later does not count as raised "during" this.
    try:
        run()
    except BaseException as error:
        return error
    return None


def _code_of(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        # The interpreter passes a C long to the system, which keeps the lowest byte.
        return value & 0xFF if -(2**63) <= value < 2**63 else 0xFF
    sys.stderr.write("%s\n" % (value,))
    return 1


def _without_our_frames(trace: Optional[types.TracebackType]) -> Optional[types.TracebackType]:
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    return trace


def _print_exception(error: BaseException) -> None:
    kind, trace = type(error), _without_our_frames(error.__traceback__)
    error = error.with_traceback(trace)
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    try:
        sys.excepthook(kind, error, trace)
    except BaseException as reason:
        sys.stderr.write("Error in sys.excepthook:\n")
        inner = _without_our_frames(reason.__traceback__)
        sys.__excepthook__(type(reason), reason.with_traceback(inner), inner)
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(kind, error, trace)


def _clear_modules(folder: str, preloaded: FrozenSet[str]) -> None:
    """Take the user's modules down in the interpreter's order: `__main__` as it was written, others backwards."""
    sys.last_type = sys.last_value = sys.last_traceback = None  # type: ignore[assignment]
    sys.__dict__.pop("last_exc", None)
    main = sys.modules.pop("__main__", None)
    # From the end, where the late ones are: to look at all names would copy the pages that they lie in.
    late = list(itertools.takewhile(lambda name: name not in preloaded, reversed(sys.modules)))
    others = [sys.modules.pop(name) for name in late if _lies_in(name, folder)]
    if type(main) is types.ModuleType:
        _clear(main.__dict__, list(main.__dict__))
    gc.collect()
    for module in others:
        # Private names first, so that the finalizers of public objects find fewer surprises.
        names = list(module.__dict__)
        _clear(module.__dict__, [name for name in names if name.startswith("_") and not name.startswith("__")])
        _clear(module.__dict__, names)
    gc.collect()


def _clear(namespace: Dict[str, Any], names: List[str]) -> None:
    for name in names:
        if name != "__builtins__":  # finalizers still print
            namespace[name] = None


def _lies_in(name: str, folder: str) -> bool:
    # A module may be anything that somebody put there; only real ones have files that say where they come from.
    module = sys.modules.get(name)
    file = module.__dict__.get("__file__") if type(module) is types.ModuleType else None
    return isinstance(file, str) and bool(folder) and os.path.abspath(file).startswith(os.path.join(folder, ""))


def _flush_files() -> None:
    """Flush what is still open: a fork ends without the teardown in which the interpreter would do it."""
    for one in gc.get_objects():
        if issubclass(type(one), _ANY_FILE) and one is not sys.stdout and one is not sys.stderr:
            try:
                if not one.closed and one.writable():
                    one.flush()
            except Exception:
                continue  # a broken pipe, a file of the user's own make: nobody is left to hear of it


def _flush_c_files() -> None:
    with suppress(ImportError, OSError, AttributeError):
        import ctypes  # an interpreter built without libffi has none

        ctypes.CDLL(None).fflush(None)


def _flush_streams() -> bool:
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return False
    except AttributeError:
        pass  # the script set it to None
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    return True


def _call(module: types.ModuleType, name: str) -> None:
    # Both exist in every CPython from 3.8 on; `multiprocessing` ends its own forks with them.
    function = getattr(module, name, None)
    if function is not None:
        function()


def _silent(_: Any) -> None:
    pass
