"""What a tracking request becomes: a function over one transaction, and who asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from bancada.engine.authorize import Principal
from bancada.store.database import Tx

__all__ = ["Caller", "Kind", "Logged", "Operation", "Page"]

T = TypeVar("T")

# write: goes through the writer; look: a few rows by key; scan: may read many rows, so not beside other requests.
Kind = Literal["write", "look", "scan"]


@dataclass(frozen=True)
class Caller:
    """Who asks, in which workspace."""

    workspace: str
    principal: Principal

    @property
    def attempt(self) -> tuple[str, int] | None:
        """The job and attempt whose token was used; None for the owner."""
        who = self.principal
        return (who.job, who.attempt or 0) if who.kind == "attempt" and who.job is not None else None


@dataclass(frozen=True)
class Logged:
    """Which metrics a request logged to which run: told to `Tracking.on_metric` after the commit."""

    run: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One request, its values checked. `act` may run twice and has no effect outside the transaction."""

    act: Callable[[Tx], T]
    kind: Kind = "write"
    logged: Logged | None = None
    # Its result is the run whose files it changed, or None: told to `Tracking.on_file` after the commit.
    changes_files: bool = False


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a search and the token of the next one (None after the last)."""

    items: list[T]
    next_token: str | None = None
