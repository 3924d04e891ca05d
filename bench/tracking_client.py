"""The real client's side of `tracking.py`: runs in the client's environment, takes one order a line, answers in JSON.

Order: {"work", "threads", "seconds", "most", "made"}; answer: {"seconds": total, "times": [each in s]}.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

__all__ = ["main"]

NOW_MS = 1_700_000_000_000
client = MlflowClient()
place = Path(tempfile.mkdtemp())


def log_metric(made, turn):
    """Log one point."""
    client.log_metric(made["hot"], "m", 0.5, NOW_MS, turn)


def log_batch(made, turn):
    """Log 1,000 points of ten metrics."""
    metrics = [Metric(f"k{one % 10}", one / 1000, NOW_MS + one, turn * 1000 + one) for one in range(1000)]
    return lambda: client.log_batch(made["hot"], metrics=metrics)


def create_run(made, turn):
    """Make a run."""
    client.create_run(made["spare"], start_time=NOW_MS)


def get_run(made, turn):
    """Read a run."""
    client.get_run(made["plain"])


def list_artifacts(made, turn):
    """List a folder of 100 files."""
    client.list_artifacts(made["plain"], "many")


def upload(made, turn):
    """Upload a big file; making it is not measured."""
    path = place / f"big{turn}.bin"
    path.write_bytes(os.urandom(1024 * 1024) * made["mebibytes"])

    def act():
        client.log_artifact(made["plain"], str(path), f"c{turn}")
        path.unlink()

    return act


def download(made, turn):
    """Download a big file."""

    def act():
        with tempfile.TemporaryDirectory() as folder:
            client.download_artifacts(made["plain"], "big.bin", folder)

    return act


def history(made, turn):
    """Read a whole history."""
    client.get_metric_history(made["plain"], made["key"])


def search(made, turn):
    """Search runs, 100 of them."""
    client.search_runs(
        [made["experiment"]], made.get("filter", ""), order_by=made.get("order_by") or None, max_results=100
    )


WORKS = {
    one.__name__: one
    for one in (log_metric, log_batch, create_run, get_run, list_artifacts, upload, download, history, search)
}
PREPARED = {"log_batch", "upload", "download"}


def perform(order, turn):
    """Do the work once and return how long it took."""
    work = WORKS[order["work"]]
    act = work(order["made"], turn) if order["work"] in PREPARED else lambda: work(order["made"], turn)
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def measure(order):
    """Do the work again and again from some threads; return the times."""
    times = [[] for _ in range(order["threads"])]
    gate = threading.Barrier(order["threads"] + 1)
    base = order["base"]

    def loop(number):
        if order["warm"]:
            perform(order, base + number)
        gate.wait()
        until = time.perf_counter() + order["seconds"]
        turn = 1
        while not times[number] or (time.perf_counter() < until and turn <= order["most"]):
            times[number].append(perform(order, base + number + order["threads"] * turn))
            turn += 1

    workers = [threading.Thread(target=loop, args=(number,), daemon=True) for number in range(order["threads"])]
    for one in workers:
        one.start()
    gate.wait()
    begun = time.perf_counter()
    for one in workers:
        one.join()
    return {"seconds": time.perf_counter() - begun, "times": [one for each in times for one in each]}


def main():
    """Take orders until there are no more."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
