"""What a finished script teaches its template: further modules to import ahead, kept in a file for later templates.

Only modules of packages that the template has anyway, and the few in `_ALSO`: those were chosen, once, for what
importing them does not do (start threads, read a job's variables). What a user's own folder holds, and any other
package, is never taken.
"""

from __future__ import annotations

import itertools
import socket
import sys
from contextlib import suppress
from types import ModuleType
from typing import Dict, FrozenSet, Iterable, List, Optional

from . import proc, wire

__all__ = ["Lessons", "lessons_of", "tell"]

# The heart walk-through teaches some 300; far beyond that it is not one script's imports any more.
_MOST = 2000
_TELL_S = 1.0
# What MLflow's client imports late; GitPython also starts `git version` twice each time.
_ALSO = frozenset({"cloudpickle", "git", "gitdb", "smmap"})


def lessons_of(preloaded: FrozenSet[str]) -> List[str]:
    """Return the modules that this process has imported beyond the `preloaded` ones, of the same packages, in order."""
    packages = _ALSO.union(name.partition(".")[0] for name in preloaded if _is_installed(name))
    # From the end, where the late ones are: to look at all names would copy the pages that they lie in.
    late = list(itertools.takewhile(lambda name: name not in preloaded, reversed(sys.modules)))
    found = [name for name in reversed(late) if name.partition(".")[0] in packages and _is_installed(name)]
    return found[:_MOST]


def tell(path: str, modules: List[str]) -> None:
    """Send them to the template that listens on `path`; nothing happens when it is gone or busy."""
    with suppress(OSError, wire.WireError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(_TELL_S)
        peer.connect(path)
        wire.send(peer, do="learn", modules=modules)


class Lessons:
    """The file of one environment: modules to import, and those that no template can bear."""

    def __init__(self, path: Optional[str]) -> None:
        self._path = path
        found: Dict[str, List[str]] = (proc.read_document(path) if path else None) or {}
        self._modules: List[str] = found.get("modules", [])
        self._unbearable: List[str] = found.get("unbearable", [])

    @property
    def modules(self) -> List[str]:
        """What a new template imports after its own list."""
        return [one for one in self._modules if one not in self._unbearable]

    def fresh(self, names: Iterable[str]) -> List[str]:
        """Return those names that are neither imported nor known to be unbearable."""
        return [one for one in names if one not in sys.modules and one not in self._unbearable]

    def keep(self, names: Iterable[str]) -> None:
        """Note modules that were imported well."""
        self._modules = list(dict.fromkeys([*self._modules, *names]))[:_MOST]
        self._write()

    def give_up(self, name: str) -> None:
        """Note a module after whose import a process cannot be forked."""
        self._unbearable.append(name)
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            with suppress(OSError):  # learned again the next time
                proc.write_document(self._path, {"modules": self._modules, "unbearable": self._unbearable})


def _is_installed(name: str) -> bool:
    module = sys.modules.get(name)
    file = module.__dict__.get("__file__") if type(module) is ModuleType else None
    return isinstance(file, str) and ("site-packages" in file or "dist-packages" in file)
