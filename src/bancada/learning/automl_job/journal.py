"""What earlier attempts of a job had found and spent, so that a killed one goes on where it was. Not the models.

The engine keeps its candidates and their models in one folder for all attempts.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Entry", "Journal"]


@dataclass
class Entry:
    """One attempt: seconds of the job's time that it took, candidates that it knew, and the best of them."""

    attempt: int
    spent_s: float = 0.0
    candidates: int = 0
    # Number of a candidate, and its score; None until there is one.
    best: int | None = None
    score: float | None = None
    algorithm: str = ""


class Journal:
    """The attempts of one job, in `<checkpoint>/attempts.json`."""

    def __init__(self, checkpoint: Path, attempt: int, *, minimize: bool) -> None:
        self._checkpoint = checkpoint
        self._minimize = minimize
        self.earlier = [one for one in self._read() if one.attempt != attempt]
        self.current = Entry(attempt)

    def _read(self) -> list[Entry]:
        try:
            found: list[dict[str, Any]] = json.loads((self._checkpoint / "attempts.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [Entry(**one) for one in found]

    @property
    def spent_s(self) -> float:
        """Seconds that earlier attempts took."""
        return sum(one.spent_s for one in self.earlier)

    @property
    def best(self) -> Entry | None:
        """The earlier attempt with the best score; None when none had a model."""
        scored = [one for one in self.earlier if one.score is not None]
        return min(scored, key=lambda one: self._loss(one.score), default=None)

    def beats_earlier(self, score: float | None) -> bool:
        """Tell whether a score is at least as good as all of earlier attempts."""
        return self.best is None or (score is not None and self._loss(score) <= self._loss(self.best.score))

    def _loss(self, score: float | None) -> float:
        return float("inf") if score is None or score != score else score if self._minimize else -score

    @property
    def folder(self) -> Path:
        """The engine's folder."""
        return self._checkpoint / "search"

    def save(self) -> None:
        """Write down how this attempt stands."""
        part = self._checkpoint / "attempts.json.part"
        part.write_text(json.dumps([asdict(one) for one in [*self.earlier, self.current]]), encoding="utf-8")
        os.replace(part, self._checkpoint / "attempts.json")
