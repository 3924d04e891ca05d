"""When a job's script names another experiment than the job: the job's wins, and the job says so.

A client that was given `MLFLOW_RUN_ID` refuses to resume the run when `set_experiment` was called with another
experiment, with a message that helps nobody. It compares what `runs/get` answers with what it looked up before. So an
attempt that looked up another experiment and has not resumed its run yet is told, once, that the run is in that one;
the script runs, its run stays where the job put it, and a tag and an event name the experiment that was ignored.

Kept in memory only: between the look-up and the resumption lie milliseconds.
"""

from __future__ import annotations

import threading

from bancada.engine.tracking.operation import Caller

__all__ = ["IGNORED_TAG", "Clashes"]

# On a job's run: the experiment that its script asked for in vain.
IGNORED_TAG = "bancada.ignored_experiment"
# Attempts whose look-up is remembered. Far above what one machine runs at once; the oldest go first.
_MOST = 1000


class Clashes:
    """Remembers which experiment each attempt looked up last. Concurrency: any thread."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()

    def note(self, caller: Caller, experiment_id: str) -> None:
        """Remember that an attempt looked up an experiment (or made one)."""
        if caller.attempt is None:
            return
        with self._lock:
            key = (caller.workspace, *caller.attempt)
            self._asked.pop(key, None)
            self._asked[key] = experiment_id
            while len(self._asked) > _MOST:
                del self._asked[next(iter(self._asked))]

    def asked(self, caller: Caller) -> str | None:
        """Return the experiment that an attempt looked up last."""
        if caller.attempt is None:
            return None
        with self._lock:
            return self._asked.get((caller.workspace, *caller.attempt))
