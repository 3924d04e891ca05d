"""Our tracking server against MLflow's own, in one run: `python bench/tracking.py [--quick] [--no-mlflow]`.

Requests go over raw HTTP and through the real client of the newest MLflow, one and eight at a time, to each server in
turn; figures are medians of the rounds. The other side is `mlflow server` with SQLite: with `--workers 1` where
requests come one after the other (there its default is slower), with its default where eight come at once. Ratios
compare within this run only; "CPU" is what the server's processes used for one request, which a busy machine changes
least. At the end the project's own limits: firm ones (the exit code is 1 when one is missed) and goals.

`--quick` takes less than two minutes: one round, short turns, experiments of up to 10,000 runs, files of 20 MB,
300,000 points. The whole takes about a quarter of an hour; MLflow is not asked there to order 100,000 runs, for which
it takes eleven minutes (`--order-all` asks).
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab import report, uv_environment
from tracking_servers import NOW_MS, Subject, bancada_server, fill_history, fill_runs, mlflow_server
from tracking_work import MIB, RAW, Connection, Figures, RealClient, measure_raw, search_fields

__all__ = ["main"]

# The newest MLflow when this was written.
NEWEST = "mlflow==3.17.2"
SEARCHES = ("simple", "by metric", "ordered", "tag LIKE")
# What the real client has work for.
BY_CLIENT = ("log_metric", "log_batch", "create_run", "get_run", "list_artifacts", "upload", "download")


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: float
    sizes: Sequence[int]
    points: int
    mebibytes: int
    # Where eight at a time would keep MLflow busy for minutes, only ours is asked.
    patient: bool
    # Experiments of more runs are ordered by ours only.
    ordered: int = 10_000


FULL = Plan(rounds=3, seconds=2.0, sizes=(1_000, 10_000, 100_000), points=1_000_000, mebibytes=100, patient=True)
QUICK = Plan(rounds=1, seconds=0.4, sizes=(1_000, 10_000), points=300_000, mebibytes=20, patient=False)


@dataclass(frozen=True)
class Limit:
    """One of the project's limits. A ratio must be at least so much, a time at most."""

    what: str
    key: str
    firm: float
    goal: float
    is_ratio: bool = True

    def kept(self, value: float, wanted: float) -> bool:
        """Say whether a value keeps it."""
        return value >= wanted if self.is_ratio else value <= wanted


LIMITS = (
    Limit("log_metric, raw, 1 at a time (times MLflow)", "log_metric raw 1 ratio", 5, 8),
    Limit("log_metric, raw, 8 at a time (times MLflow)", "log_metric raw 8 ratio", 10, 15),
    Limit("log_metric, client, 1 at a time (times MLflow)", "log_metric client 1 ratio", 3.5, 4),
    Limit("log_batch of 1,000, raw, 1 at a time (times MLflow)", "log_batch raw 1 ratio", 10, 15),
    Limit("log_batch of 1,000, raw, 8 at a time (times MLflow)", "log_batch raw 8 ratio", 10, 15),
    Limit("search ordered, 10,000 runs (ms)", "search ordered 10000 raw 1 ms", 50, 50, is_ratio=False),
    Limit("search ordered, 10,000 runs (times MLflow)", "search ordered 10000 raw 1 time ratio", 100, 100),
    Limit("search ordered, 100,000 runs (ms)", "search ordered 100000 raw 1 ms", 200, 200, is_ratio=False),
    Limit("growth of a search (1 is linear in the runs)", "search growth", 0.99, 0.99, is_ratio=False),
    Limit("chart of a history of 1,000,000 (ms)", "chart 1000000 raw 1 ms", 100, 100, is_ratio=False),
)


class Bench:
    """Measures on some servers in turn, prints each line, keeps the figures by name."""

    def __init__(self, subjects: Sequence[Subject], clients: Sequence[RealClient], plan: Plan) -> None:
        self.subjects, self.clients, self.plan = subjects, clients, plan
        self.found: dict[str, float] = {}

    def raw(
        self,
        work: str,
        threads: int,
        more: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        alone: bool = False,
    ) -> None:
        """Measure over raw HTTP, on ours `alone` or on both."""

        def once(at: int, seconds: float) -> Figures:
            subject = self.subjects[at]
            made = {**subject.made, **(more or {})}
            return measure_raw(subject, RAW[work], made, threads=threads, seconds=seconds)

        self._measure(f"{name or work} raw {threads}", once, self.subjects[:1] if alone else self.subjects)

    def client(
        self,
        work: str,
        threads: int,
        more: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        alone: bool = False,
    ) -> None:
        """Measure with the real client, on ours `alone` or on both."""

        def once(at: int, seconds: float) -> Figures:
            made = {**self.subjects[at].made, **(more or {})}
            return self.clients[at].measure(work, made, threads=threads, seconds=seconds)

        self._measure(f"{name or work} client {threads}", once, self.subjects[:1] if alone else self.subjects)

    def _measure(self, name: str, once: Callable[[int, float], Figures], subjects: Sequence[Subject]) -> None:
        rounds: list[list[Figures]] = [[] for _ in subjects]
        for number in range(self.plan.rounds):
            for at, figures in enumerate(rounds):
                # What takes MLflow seconds is asked once, without a turn to warm up.
                if number and figures[0].p50_ms > 2000:
                    continue
                figures.append(once(at, self.plan.seconds if at == 0 or not _is_slow(name) else 0.0))
        middle = [_median(one) for one in rounds]
        texts = [
            f"{one.name:10} {figures.per_second:8.1f}/s p50 {figures.p50_ms:9.2f} p99 {figures.p99_ms:9.2f} ms"
            f" CPU {figures.cpu_ms:8.2f} ms"
            for one, figures in zip(subjects, middle, strict=True)
        ]
        self.found[f"{name} ms"] = middle[0].p50_ms
        ratio = ""
        if len(middle) > 1:
            self.found[f"{name} ratio"] = middle[0].per_second / middle[1].per_second
            self.found[f"{name} time ratio"] = middle[1].p50_ms / middle[0].p50_ms
            ratio = f" | {self.found[f'{name} ratio']:6.1f}x"
            if middle[0].cpu_ms:
                ratio += f", CPU {middle[1].cpu_ms / middle[0].cpu_ms:6.1f}x"
        print(f"{name:34} | {' | '.join(texts)}{ratio}", flush=True)


def _is_slow(name: str) -> bool:
    return any(word in name for word in ("search", "history", "chart"))


def _median(rounds: Sequence[Figures]) -> Figures:
    names = ("per_second", "p50_ms", "p99_ms", "cpu_ms")
    return Figures(*(statistics.median(getattr(one, name) for one in rounds) for name in names))


# -------------------------------------------------------------------------------- what the measurements work on


def prepare(subject: Subject, plan: Plan) -> None:
    """Make the runs and files that the requests name."""
    connection = Connection(subject)
    spare = connection.call("experiments/create", {"name": uuid.uuid4().hex})["experiment_id"]
    for name in ("hot", "plain"):
        run = connection.call("runs/create", {"experiment_id": spare, "start_time": NOW_MS})["run"]["info"]
        subject.made[name] = run["run_id"]
        subject.made["place"] = run["artifact_uri"].partition(":/")[2].strip("/")
    subject.made["spare"] = spare
    metrics = [{"key": f"k{one}", "value": one, "timestamp": NOW_MS, "step": 0} for one in range(10)]
    connection.call("runs/log-batch", {"run_id": subject.made["plain"], "metrics": metrics})
    place = f"/api/2.0/mlflow-artifacts/artifacts/{subject.made['place']}"
    for one in range(100):
        connection.send("PUT", f"{place}/many/f{one}.bin", content=str(one).encode())
    connection.send("PUT", f"{place}/big.bin", content=bytes(MIB) * plan.mebibytes)
    connection.close()


def experiment_of(subject: Subject, runs: int) -> str:
    """Make an experiment of so many runs."""
    connection = Connection(subject)
    made = connection.call("experiments/create", {"name": uuid.uuid4().hex})["experiment_id"]
    connection.close()
    fill_runs(subject, made, runs)
    return made


# -------------------------------------------------------------------------------- the parts


def measure_requests(bench: Bench, threads: int) -> None:
    """Measure what a training script sends."""
    big = {"mebibytes": bench.plan.mebibytes}
    for work in ("log_metric", "log_batch", "create_run", "get_run", "list_artifacts", "upload_small"):
        bench.raw(work, threads)
        if work in BY_CLIENT and (threads == 1 or bench.plan.patient):
            bench.client(work, threads)
    for work in ("upload", "download"):
        if threads == 1 or bench.plan.patient:
            bench.raw(work, threads, big)
            bench.client(work, threads, big)


def measure_histories(bench: Bench) -> None:
    """Measure histories of 10,000 and of very many points."""
    for count in (10_000, bench.plan.points):
        key = f"of{count}"
        for one in bench.subjects:
            fill_history(one, one.made["plain"], key, count)
        bench.raw("chart", 1, {"key": key}, name=f"chart {count}")
        if count == 10_000 or bench.plan.patient:
            bench.raw("history", 1, {"key": key}, name=f"history {count}")
            bench.client("history", 1, {"key": key}, name=f"history {count}")


def measure_searches(bench: Bench) -> None:
    """Measure searches in experiments of growing size."""
    for size in bench.plan.sizes:
        made = [experiment_of(one, size) for one in bench.subjects]
        for one, experiment in zip(bench.subjects, made, strict=True):
            one.made["experiment"] = experiment
        for name in SEARCHES:
            asked = {"name": f"search {name} {size}", "alone": name == "ordered" and size > bench.plan.ordered}
            bench.raw("search", 1, search_fields(name), **asked)
            if size <= 1000 or bench.plan.patient:
                bench.client("search", 1, search_fields(name), **asked)


def measure_parallel_searches(bench: Bench) -> None:
    """Measure searches, eight at a time, in the smallest experiment."""
    size = bench.plan.sizes[0]
    for one in bench.subjects:
        one.made["experiment"] = experiment_of(one, size)
    for name in SEARCHES:
        bench.raw("search", 8, search_fields(name), name=f"search {name} {size}")


def note_growth(found: dict[str, float], sizes: Sequence[int]) -> None:
    """Print and note how our searches grow with the runs: 1 is linear."""
    first, last = sizes[0], sizes[-1]
    for name in SEARCHES:
        times = found[f"search {name} {last} raw 1 ms"] / found[f"search {name} {first} raw 1 ms"]
        print(f"search {name}: {last / first:.0f} times the runs take {times:.1f} times as long")
        found["search growth"] = max(found.get("search growth", 0.0), times * first / last)


def judge(found: Mapping[str, float]) -> list[str]:
    """Print the limits with what was measured; return those that are missed."""
    missed: list[str] = []
    print(f"\n{'':52} {'measured':>9} {'firm':>7} {'goal':>7}")
    for one in LIMITS:
        value = found.get(one.key)
        if value is None:
            print(f"{one.what:52} {'not now':>9} {one.firm:7g} {one.goal:7g}")
            continue
        verdict = "goal" if one.kept(value, one.goal) else "firm" if one.kept(value, one.firm) else "MISSED"
        if verdict == "MISSED":
            missed.append(one.what)
        print(f"{one.what:52} {value:9.2f} {one.firm:7g} {one.goal:7g} {verdict}")
    return missed


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description="Our tracking server against MLflow's own.")
    parser.add_argument("--quick", action="store_true", help="less than two minutes: smaller sizes, one round")
    parser.add_argument("--no-mlflow", action="store_true", help="measure only ours")
    parser.add_argument("--order-all", action="store_true", help="let MLflow order experiments of every size, too")
    parser.add_argument("--only", choices=("requests", "parallel", "histories", "searches"), help="one part")
    given = parser.parse_args()
    # Servers are ended on the way out, also when somebody (`timeout`) ends us.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    plan = QUICK if given.quick else FULL
    if given.order_all:
        plan = replace(plan, ordered=max(plan.sizes))
    bin_folder = uv_environment("mlflow-newest", (NEWEST,))
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="bancada-bench-") as folder, bancada_server() as ours:
        for parallel in (False, True):
            if given.only and (given.only == "parallel") != parallel:
                continue
            options = () if parallel else ("--workers", "1")
            with contextlib.ExitStack() as stack:
                subjects = [ours]
                if not given.no_mlflow:
                    home = Path(folder) / ("default" if parallel else "one")
                    subjects.append(stack.enter_context(mlflow_server(bin_folder, home, *options)))
                found |= measure_part(stack, subjects, plan, bin_folder / "python", given.only, parallel=parallel)
    if f"search ordered {plan.sizes[0]} raw 1 ms" in found:
        note_growth(found, plan.sizes)
    missed = judge(found)
    report(found)
    raise SystemExit(1 if missed else 0)


def measure_part(
    stack: contextlib.ExitStack,
    subjects: Sequence[Subject],
    plan: Plan,
    python: Path,
    only: str | None,
    *,
    parallel: bool,
) -> dict[str, float]:
    """Measure one at a time, or eight at a time; return the figures by name."""
    for one in subjects:
        print(f"{one.name}: started in {one.started_s:.2f} s, {one.memory_mib():.0f} MiB idle", flush=True)
        prepare(one, plan)
    clients = [stack.enter_context(RealClient.running(python, one)) for one in subjects]
    bench = Bench(subjects, clients, plan)
    if parallel:
        measure_requests(bench, 8)
        measure_parallel_searches(bench)
        return bench.found
    parts = {
        "requests": lambda: measure_requests(bench, 1),
        "histories": lambda: measure_histories(bench),
        "searches": lambda: measure_searches(bench),
    }
    for name, part in parts.items():
        if only in (None, name):
            part()
    return bench.found


if __name__ == "__main__":
    main()
