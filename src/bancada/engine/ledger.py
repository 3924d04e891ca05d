"""The one ledger of the machine: which attempts hold a slot, who waits, and why. Only the worker holds one.

A slot is one instance of a cluster and takes one core of the machine (a size's cores are a ceiling for the job, not a
reservation). A cluster has min(max_instances, the machine's cores) slots, at least one. A job that runs several
processes side by side (AutoML) says how many cores it would use: it takes those that nobody else waits for, at least
one, and is told how many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bancada.settings import Settings

__all__ = ["Grant", "Holder", "Ledger", "machine_cores"]

# (workspace, job name): a job holds at most one slot set at a time.
Holder = tuple[str, str]


def machine_cores(settings: Settings) -> int:
    """Return how many slots the machine has: the setting, else the cores that this process may use."""
    if settings.cores > 0:
        return max(1, int(settings.cores))
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, available or 1)


@dataclass(frozen=True)
class Grant:
    """The ledger's answer: granted, or the place in the queue and the reason."""

    granted: bool
    position: int = 0
    reason: str = ""
    # Cores that it may use, when granted.
    cores: int = 1


@dataclass(frozen=True)
class _Wait:
    key: str
    slots: int
    order: tuple[float, int]


@dataclass(frozen=True)
class _Held:
    key: str
    cores: int


def _key(holder: Holder, cluster: str) -> str:
    return f"{holder[0]}/{cluster}"


@dataclass
class Ledger:
    """Slots of the machine and of its clusters.

    Concurrency: used by the worker's thread only; it is rebuilt from the open attempts at each start.
    """

    cores: int
    _holders: dict[Holder, _Held] = field(default_factory=dict[Holder, "_Held"])
    # Who waits, oldest first: (created_at, index) orders trials of one sweep too.
    _waiting: dict[Holder, _Wait] = field(default_factory=dict[Holder, "_Wait"])

    def hold(self, holder: Holder, cluster: str, cores: int = 1) -> None:
        """Note a slot that is held already (an adopted attempt)."""
        self._holders[holder] = _Held(_key(holder, cluster), cores)
        self._waiting.pop(holder, None)

    def ask(
        self, holder: Holder, cluster: str, max_instances: int, order: tuple[float, int], *, cores: int = 1
    ) -> Grant:
        """Grant a slot when one is free and is not due to somebody who waits longer; with up to so many cores."""
        if holder in self._holders:
            return Grant(True, cores=self._holders[holder].cores)
        key = _key(holder, cluster)
        self._waiting[holder] = _Wait(key, max(1, min(max_instances, self.cores)), order)
        admitted = self.admissible()
        if holder in admitted:
            del self._waiting[holder]
            # What is free beyond one core for each of those who can start.
            spare = self._free - len(admitted)
            self._holders[holder] = _Held(key, max(1, min(cores, 1 + spare)))
            return Grant(True, cores=self._holders[holder].cores)
        position = 1 + sum(1 for wait in self._waiting.values() if wait.order < order)
        return Grant(False, position, self._reason(cluster, self._waiting[holder]))

    def admissible(self) -> list[Holder]:
        """Return who could start now, oldest first: whoever waits for a busy cluster holds nobody else up."""
        used = Counter(one.key for one in self._holders.values())
        free = self._free
        admitted: list[Holder] = []
        for holder, wait in sorted(self._waiting.items(), key=lambda item: item[1].order):
            if len(admitted) >= free:
                break
            if used[wait.key] < wait.slots:
                used[wait.key] += 1
                admitted.append(holder)
        return admitted

    @property
    def _used(self) -> int:
        return sum(one.cores for one in self._holders.values())

    @property
    def _free(self) -> int:
        return self.cores - self._used

    def _reason(self, cluster: str, wait: _Wait) -> str:
        used = sum(1 for one in self._holders.values() if one.key == wait.key)
        if used >= wait.slots and wait.slots < self.cores:
            return f"cluster `{cluster}` has {wait.slots} instance(s), all busy"
        # Whoever waits for a job of many cores should know which one to cancel, or to give fewer.
        wide = [f"`{name}` has {held.cores}" for (_, name), held in self._holders.items() if held.cores > 1]
        return f"all {self.cores} cores of this machine are busy" + (f" ({', '.join(wide)})" if wide else "")

    def free(self, holder: Holder) -> list[Holder]:
        """Give a slot back, or leave the queue; return who can start now, oldest first.

        Also when nothing was held: who left the queue may have been the one whom a free slot was offered to.
        """
        self._waiting.pop(holder, None)
        self._holders.pop(holder, None)
        return self.admissible()

    def withdraw(self, holder: Holder) -> list[Holder]:
        """Leave the queue for now, keeping a slot that is held; return who can start instead."""
        return self.admissible() if self._waiting.pop(holder, None) is not None else []

    @property
    def usage(self) -> Mapping[str, int]:
        """Slots in use and in all, and jobs that wait."""
        return {"cores": self.cores, "in_use": self._used, "waiting": len(self._waiting)}

    def load_of(self, workspace: str, cluster: str) -> tuple[int, int]:
        """Return how many slots of a cluster are held, and how many jobs wait for one. For any thread to ask."""
        key = f"{workspace}/{cluster}"
        # Copies, made in one step each: the worker may change the tables meanwhile.
        held, waiting = list(self._holders.values()), list(self._waiting.values())
        return sum(1 for one in held if one.key == key), sum(1 for one in waiting if one.key == key)
