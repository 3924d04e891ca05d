"""The primary metric's values of a sweep's trials, for its stopping rule. Not for charts: see `store.points.sample`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bancada.domain.lifecycle import FINAL
from bancada.store import points
from bancada.store.database import Tx
from bancada.store.jobs import JobRow, SlimChild

__all__ = ["Curves"]


class Curves:
    """Reads them; those of ended trials once, for they change no more.

    Concurrency: used by the worker's thread alone.
    """

    def __init__(self) -> None:
        self._ended: dict[tuple[str, str], dict[str, tuple[float, ...]]] = {}

    def read(self, tx: Tx, sweep: JobRow, metric: str, trials: Sequence[SlimChild]) -> Mapping[str, tuple[float, ...]]:
        """Return the values of each trial that logged the metric; nothing for a sweep without a rule."""
        if not (sweep.spec or {}).get("early_termination"):
            return {}
        known = self._ended.setdefault((sweep.workspace, sweep.name), {})
        logged = [one for one in trials if metric in one.metrics and one.name not in known]
        found = points.curves(tx, sweep.workspace, [one.name for one in logged], metric)
        known.update({one.name: found.get(one.name, ()) for one in logged if one.status in FINAL})
        return {**known, **found}

    def forget(self, sweep: JobRow) -> None:
        """Let go of a sweep that has ended."""
        self._ended.pop((sweep.workspace, sweep.name), None)
