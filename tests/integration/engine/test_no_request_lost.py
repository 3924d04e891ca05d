"""Fifty thousand requests through everything that happens to a live endpoint: every one gets its right answer."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from engine_bench import WORKSPACE, Bench
from served_bench import gateway_of, settle

pytestmark = pytest.mark.slow

REQUESTS = 50_000
THREADS = 8
SCRIPT = """
import json, os

def init():
    pass

def run(raw):
    return [VERSION, os.getpid(), 2 * json.loads(raw)["number"]]
"""


class Load:
    """Threads with kept-alive connections; each request carries a number, each answer must be its double."""

    def __init__(self, uri: str, key: str) -> None:
        self._parts = urlsplit(uri)
        self._head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.count = 0
        self.replicas: set[int] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection(str(self._parts.hostname), self._parts.port, timeout=200)
        while not self._stop.is_set():
            number += THREADS
            try:
                connection.request("POST", self._parts.path, json.dumps({"number": number}), self._head)
                answer = connection.getresponse()
                self._note(answer.status, answer.read(), number)
            except (OSError, http.client.HTTPException) as reason:
                self.wrong.append(repr(reason))
                connection.close()
        connection.close()

    def _note(self, status: int, body: bytes, number: int) -> None:
        if status != 200 or json.loads(body)[2] != 2 * number:
            self.wrong.append(f"{status} {body[:200]!r}")
            return
        version, pid, _ = json.loads(body)
        with self._lock:
            self.count += 1
            self.seen[version] += 1
            self.replicas.add(pid)

    def reach(self, bench: Bench, count: int) -> None:
        """Wait until so many requests were answered."""
        bench.until(lambda: self.count, lambda found: found >= count or bool(self.wrong), 300)

    def reach_version(self, bench: Bench, version: str) -> None:
        """Wait until a version answers."""
        bench.until(lambda: self.seen[version], lambda found: found > 0 or bool(self.wrong))

    def end(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def served(bench: Bench) -> Iterator[Bench]:
    with gateway_of(bench):
        bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
        yield bench


def deploy(bench: Bench, name: str, version: str, replicas: int = 2) -> None:
    code = {"code": bench.upload({"score.py": SCRIPT.replace("VERSION", repr(version))}), "scoring_script": "score.py"}
    settings = {"max_concurrent_requests_per_instance": 32, "request_timeout_ms": 180_000, "max_queue_wait_ms": 180_000}
    body = {"environment": "azureml:minimal@latest", "code_configuration": code, "instance_count": replicas}
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", name, {**body, "request_settings": settings}, "owner")
    found = settle(bench, name)
    assert found["provisioning_state"] == "Succeeded", found


def traffic(bench: Bench, **shares: int) -> None:
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": shares}, "owner")


def ready(bench: Bench, name: str) -> list[dict[str, Any]]:
    body = bench.platform.deployments.get_deployment(WORKSPACE, "sums", name).body
    return [one for one in json.loads(body["properties"]["replicas"]) if one["state"] == "ready"]


def kill(bench: Bench, name: str, how_many: int) -> None:
    """Kill replicas without a word, and wait until others stand for them."""
    victims = ready(bench, name)[:how_many]
    assert len(victims) == how_many
    records = [bench.core.paths.launch(one["name"]) / "ready.json" for one in victims]
    pids = [json.loads(record.read_text())["pid"] for record in records]
    # All at once: on a busy machine one would take up what another had left, be killed with it, and a request that
    # brought down two replicas is not given to a third.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    gone = {one["name"] for one in victims}
    bench.until(lambda: ready(bench, name), lambda now: len(now) >= 2 and not gone & {one["name"] for one in now})


def test_no_request_is_lost_through_rollouts_switches_drains_and_kills(served: Bench):
    deploy(served, "blue", "blue 1")
    traffic(served, blue=100)
    uri = served.platform.endpoints.get_endpoint(WORKSPACE, "sums").body["scoring_uri"]
    load = Load(uri, served.platform.endpoints.keys(WORKSPACE, "sums")["primaryKey"])
    try:
        load.reach(served, REQUESTS // 10)
        kill(served, "blue", 1)
        deploy(served, "green", "green 1")  # blue/green: beside it, then a share, then all
        traffic(served, blue=50, green=50)
        load.reach_version(served, "green 1")
        load.reach(served, 3 * REQUESTS // 10)
        traffic(served, blue=0, green=100)
        served.platform.deployments.delete_deployment(WORKSPACE, "sums", "blue", "owner")
        load.reach(served, 4 * REQUESTS // 10)
        deploy(served, "green", "green 2")  # in place: the old replicas drain
        load.reach_version(served, "green 2")
        load.reach(served, 6 * REQUESTS // 10)
        kill(served, "green", 2)  # every replica at once
        load.reach(served, 8 * REQUESTS // 10)
        answered = len(load.replicas)
        deploy(served, "green", "green 2", replicas=4)
        served.until(lambda: len(load.replicas), lambda found: found >= answered + 2 or bool(load.wrong))
        deploy(served, "green", "green 2", replicas=1)
        load.reach(served, REQUESTS)
    finally:
        load.end()
    assert load.wrong == []
    assert load.count >= REQUESTS
    assert set(load.seen) == {"blue 1", "green 1", "green 2"}
    # 2 and 1 in place of a dead one, 2 green, 2 of the second version, 2 in place of the dead, 2 more; each answered.
    assert len(load.replicas) >= 10
