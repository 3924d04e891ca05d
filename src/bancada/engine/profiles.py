"""Profiles of data assets: computed once for a content and a target, kept in the workspace's folder.

The work is done by a process of its own (`tables`). A profile that failed is tried again when it is asked for later:
what was missing (room on the disk, memory, a library) may be there by then.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, cast

from typing_extensions import TypedDict

from bancada.engine.core import Core
from bancada.engine.data_files import DataFiles, Table, TableOptions
from bancada.engine.tables import Stamp, TableProcesses, order_of, stamps_of
from bancada.engine.worker import Pool
from bancada.errors import BancadaError, Internal, Invalid, Problem
from bancada.ids import content_hash
from bancada.learning.profile import ColumnType

__all__ = ["Against", "Bin", "ColumnFacts", "Counted", "Group", "Profile", "Profiles"]

# Version of what a profile holds; another one is computed anew.
FORMAT = 1
TIMEOUT_S = 300.0
HASH_CHUNK = 1 << 20
# One process a time: the machine is there for jobs.
AT_ONCE = 1
# Hashing so much takes less than a tenth of a second: not worth a turn on the pool.
SMALL_BYTES = 32 << 20
FAILURES_KEPT = 200
# A failure is told for so long; one that took longer to come about, for as long as it took. A page that asks again and
# again would keep the machine busy otherwise.
FAILURE_S = 60.0
DIGESTS_KEPT = 2000

# A profile is of these bytes for this target.
Key = tuple[str, str]

Bin = TypedDict("Bin", {"from": float | str, "to": float | str, "count": int})


class Counted(TypedDict):
    """A value and how often it comes."""

    value: str
    count: int


class Group(TypedDict):
    """Rows with one value: the mean of the numbers in them, or the share of each class of the target."""

    value: str
    count: int
    mean: NotRequired[float]
    shares: NotRequired[dict[str, float]]


class Against(TypedDict):
    """What a column says about the target. Groups are the target's classes when it is the one that has classes.

    correlation: Pearson's r, -1 to 1. correlation_ratio: η, 0 to 1. cramers_v: 0 to 1.
    """

    kind: Literal["correlation", "correlation_ratio", "cramers_v"]
    score: float
    groups: NotRequired[list[Group]]


class ColumnFacts(TypedDict):
    """One column. Moments are of all rows that were read; quantiles, histogram and target of the sample."""

    name: str
    type: ColumnType
    count: int
    missing: int
    distinct: int
    distinct_estimated: NotRequired[bool]
    infinite: NotRequired[int]
    min: NotRequired[float | str]
    max: NotRequired[float | str]
    mean: NotRequired[float]
    std: NotRequired[float]
    quantiles: NotRequired[dict[str, float]]
    histogram: NotRequired[list[Bin]]
    top: NotRequired[list[Counted]]
    odd_values: NotRequired[list[str]]
    against_target: NotRequired[Against]


class Failure(TypedDict):
    """Why there is no profile."""

    code: str
    message: str


class Profile(TypedDict):
    """A table's profile, or how far it is.

    `read` says which rows were read: all, pieces from everywhere (`blocks`), or the beginning (`head`); `sampled`
    whether anything rests on less than all rows.
    """

    state: Literal["ready", "computing", "failed"]
    columns: list[ColumnFacts]
    rows: NotRequired[int]
    rows_estimated: NotRequired[bool]
    rows_read: NotRequired[int]
    read: NotRequired[Literal["all", "blocks", "head"]]
    sampled: NotRequired[bool]
    sample_rows: NotRequired[int]
    irregular_rows: NotRequired[int]
    columns_left_out: NotRequired[int]
    decimal: NotRequired[str]
    target: NotRequired[str]
    error: NotRequired[Failure]


class Profiles:
    """Answers with what is known; what is not is computed behind the answer.

    Concurrency: any thread may ask. One process at a time works; who asks for the same waits for the same.
    """

    def __init__(self, core: Core, files: DataFiles, processes: TableProcesses) -> None:
        self._core = core
        self._files = files
        self._processes = processes
        self._pool = Pool(AT_ONCE)
        self._lock = threading.Lock()
        self._computing: set[tuple[str, Any]] = set()
        # Why not, and until when that is said without a new try.
        self._failures: dict[tuple[str, Any], tuple[Failure, float]] = {}
        self._digests: dict[tuple[Stamp, ...], str] = {}

    def profile(
        self, workspace: str, name: str, version: str, path: str | None, target: str | None, options: TableOptions
    ) -> Profile:
        """Return the profile of an asset version's table; while it is being computed, only that.

        Raises NotFound, and Invalid when there is no table.
        """
        table = self._files.table(workspace, name, version, path, options)
        if table is None:
            # Whole sentences: the page has them in its own language.
            text = "the asset has more than one file, or none that is a table; name the one that is meant."
            if path:
                text = f"`{path}` is no table; name a CSV, TSV, JSON lines or Parquet file of the asset."
            raise Invalid.of([Problem("path", text)])
        stamps = stamps_of(table)
        asked = {"order": order_of(table), "target": target, "stamps": stamps}
        key = (workspace, content_hash(asked))
        found = self._known(workspace, table, target, stamps, key)
        return found if found is not None else self._begin(workspace, table, target, stamps, key)

    def _known(
        self, workspace: str, table: Table, target: str | None, stamps: tuple[Stamp, ...], key: Any
    ) -> Profile | None:
        with self._lock:
            if key in self._computing:
                return Profile(state="computing", columns=[])
            failure, until = self._failures.get(key, (None, 0.0))
            digest = self._digests.get(stamps)
        if failure is not None and self._core.clock.now() < until:
            return Profile(state="failed", columns=[], error=failure)
        if digest is None and sum(size for _, size, _ in stamps) <= SMALL_BYTES:
            digest = self._digest(table.paths, stamps)
        return None if digest is None else _read(self._place(workspace, digest, table, target))

    def _begin(self, workspace: str, table: Table, target: str | None, stamps: tuple[Stamp, ...], key: Any) -> Profile:
        with self._lock:
            is_new = key not in self._computing
            self._computing.add(key)
        if is_new:
            self._pool.submit(lambda: self._compute(workspace, table, target, stamps, key))
        return Profile(state="computing", columns=[])

    def _compute(self, workspace: str, table: Table, target: str | None, stamps: tuple[Stamp, ...], key: Any) -> None:
        began = self._core.clock.now()
        try:
            place = self._place(workspace, self._digest(table.paths, stamps), table, target)
            if _read(place) is None:
                order = {**order_of(table), "what": "profile", "target": target}
                found = self._processes.run(order, TIMEOUT_S)
                self._keep(workspace, place, cast("Profile", {"state": "ready", **found}))
        except BancadaError as error:
            self._fail(key, error, began)
        except OSError as reason:
            self._fail(key, Internal(f"The profile could not be kept: {reason}."), began)
        finally:
            with self._lock:
                self._computing.discard(key)

    def _fail(self, key: Any, error: BancadaError, began: float) -> None:
        now = self._core.clock.now()
        failure = Failure(code=error.full_code, message=error.message)
        with self._lock:
            self._failures.pop(key, None)  # a new one is the youngest
            self._failures[key] = failure, now + max(FAILURE_S, now - began)
            while len(self._failures) > FAILURES_KEPT:
                del self._failures[next(iter(self._failures))]

    def _digest(self, paths: Sequence[Path], stamps: tuple[Stamp, ...]) -> str:
        hashed = hashlib.sha256()
        for path in paths:
            one = hashlib.sha256()
            with path.open("rb") as stream:
                while chunk := stream.read(HASH_CHUNK):
                    one.update(chunk)
            hashed.update(one.digest())
        with self._lock:
            self._digests[stamps] = hashed.hexdigest()
            while len(self._digests) > DIGESTS_KEPT:
                del self._digests[next(iter(self._digests))]
        return hashed.hexdigest()

    def _place(self, workspace: str, digest: str, table: Table, target: str | None) -> Path:
        options = {key: value for key, value in order_of(table).items() if key != "files"}
        name = content_hash([FORMAT, digest, options, target])[:40]
        return self._core.paths.workspace(workspace) / "profiles" / f"{name}.json"

    def _keep(self, workspace: str, place: Path, found: Profile) -> None:
        # A workspace that was deleted meanwhile does not come back as a folder.
        if not self._core.paths.workspace(workspace).is_dir():
            return
        place.parent.mkdir(exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}")
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(place)

    def close(self) -> None:
        """Start nothing any more; what is computed is ended by its processes' owner."""
        self._pool.close()


def _read(place: Path) -> Profile | None:
    try:
        return cast("Profile", json.loads(place.read_bytes()))
    except (OSError, ValueError):
        return None
