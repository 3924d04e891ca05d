"""Live endpoints being changed: size, limits, traffic, mirror, load, hanging replicas; their logs and metrics."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from engine_bench import PATIENCE_S, WORKSPACE, Bench
from served_bench import ask_raw, gateway_of, settle

from bancada.engine import REPLICA_POOL_SIZE, load
from bancada.errors import Invalid, NotFound
from bancada.executors import Launch

SCRIPT = """
import json, os, time

def init():
    print("up as", os.getpid(), flush=True)

def run(raw):
    asked = json.loads(raw)
    time.sleep(asked.get("sleep", 0))
    if asked.get("print"):
        print(asked["print"], flush=True)
    return [NAME, os.getpid()]
"""
# Sleeps in C code that no alarm interrupts: the handler runs only when the call comes back.
STUCK = """
import json, signal, threading

def init():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])

def run(raw):
    if json.loads(raw).get("hang"):
        threading.Event().wait(60)
    return "fine"
"""
HANGS_AT_START = """
import os, pathlib, time

def init():
    pathlib.Path(f"in-init-{os.getpid()}").touch()
    time.sleep(600)

def run(raw):
    return "never"
"""


@pytest.fixture
def served(bench: Bench) -> Iterator[Bench]:
    with gateway_of(bench):
        bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
        yield bench


def deploy(bench: Bench, name: str, script: str = SCRIPT, **doc: Any) -> dict[str, Any]:
    code = {"code": bench.upload({"score.py": script.replace("NAME", repr(name))}), "scoring_script": "score.py"}
    body = {"environment": "azureml:minimal@latest", "code_configuration": code, **doc}
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", name, body, "owner")
    found = settle(bench, name)
    assert found["provisioning_state"] == "Succeeded", found
    return body


def put(bench: Bench, name: str, body: dict[str, Any]) -> dict[str, Any]:
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", name, body, "owner")
    return settle(bench, name)


def traffic(bench: Bench, mirror: dict[str, int] | None = None, **shares: int) -> None:
    doc = {"traffic": shares, "mirror_traffic": mirror or {}}
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", doc, "owner")


def replicas(bench: Bench, name: str) -> list[dict[str, Any]]:
    body = bench.platform.deployments.get_deployment(WORKSPACE, "sums", name).body
    return json.loads(body["properties"]["replicas"])


def metrics(bench: Bench, name: str) -> dict[str, Any]:
    return bench.platform.deployment_reports.metrics(WORKSPACE, "sums", name)


def test_replicas_come_and_go_while_the_others_serve_on(served: Bench):
    body = deploy(served, "blue", request_settings={"max_concurrent_requests_per_instance": 8})
    traffic(served, blue=100)
    first = replicas(served, "blue")[0]["name"]
    stop = threading.Event()

    def keep_asking() -> list[int]:
        codes: list[int] = []
        while not stop.is_set():
            codes.append(ask_raw(served, {"sleep": 0.002})[0])
        return codes

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(keep_asking) for _ in range(4)]
        put(served, "blue", {**body, "instance_count": 3})
        three = replicas(served, "blue")
        assert len(three) == 3
        assert len({one["generation"] for one in three}) == 1, "nothing was rolled over"
        served.until(lambda: metrics(served, "blue")["replicas"]["usable"], lambda count: count == 3)
        put(served, "blue", {**body, "instance_count": 1})
        served.until(lambda: replicas(served, "blue"), lambda found: [one["name"] for one in found] == [first])
        stop.set()
        codes = [code for one in asking for code in one.result()]
    assert set(codes) == {200}
    assert len(codes) > 20


def test_limits_change_without_a_new_replica(served: Bench):
    body = deploy(served, "blue")
    traffic(served, blue=100)
    before = replicas(served, "blue")
    settings = {"request_timeout_ms": 100}
    # What a client was shown comes back with what it changes.
    shown = served.platform.deployments.get_deployment(WORKSPACE, "sums", "blue").body
    found = put(served, "blue", {**body, "properties": shown["properties"], "request_settings": settings})
    assert found["provisioning_state"] == "Succeeded"
    assert replicas(served, "blue") == before
    assert ask_raw(served, {"sleep": 0.5})[0] == 408
    row = served.platform.deployments.get_deployment(WORKSPACE, "sums", "blue").body
    assert set(row["properties"]) == {"replicas"}


def test_worker_count_is_the_number_of_processes_of_an_instance(served: Bench):
    doc = {"instance_count": 2, "request_settings": {"max_concurrent_requests_per_instance": 3}}
    with pytest.raises(Invalid, match=r"environment_variables\.WORKER_COUNT.*`no` is no number"):
        deploy(served, "blue", environment_variables={"WORKER_COUNT": "no"}, **doc)
    with pytest.raises(Invalid, match=r"environment_variables\.WORKER_COUNT.*66 processes.*at most 64"):
        deploy(served, "blue", environment_variables={"WORKER_COUNT": "33"}, **doc)
    with pytest.raises(Invalid, match=r"instance_count.*65 processes.*at most 64"):
        deploy(served, "blue", instance_count=65)
    scale = {"type": "target_utilization", "min_instances": 1, "max_instances": 40}
    with pytest.raises(Invalid, match=r"scale_settings\.max_instances.*80 processes"):
        deploy(served, "blue", environment_variables={"WORKER_COUNT": "2"}, scale_settings=scale)
    deploy(served, "blue", environment_variables={"WORKER_COUNT": "2"}, **doc)
    traffic(served, blue=100)
    assert len(replicas(served, "blue")) == metrics(served, "blue")["replicas"]["wanted"] == 4
    table = json.loads((served.home / "gateway" / "routes.json").read_text())
    routes = table["endpoints"][f"{WORKSPACE}/sums"]["deployments"]["blue"]
    assert (len(routes["replicas"]), routes["instance_count"]) == (4, 2), "limits count instances"


def test_a_table_is_written_only_when_it_changed(served: Bench):
    body = deploy(served, "blue")
    written = served.home / "gateway" / "routes.json"
    served.until(lambda: replicas(served, "blue")[0]["state"], lambda state: state == "ready")
    before = written.stat().st_mtime_ns
    put(served, "blue", {**body, "description": "what the gateway need not know"})
    assert written.stat().st_mtime_ns == before
    put(served, "blue", {**body, "request_settings": {"request_timeout_ms": 100}})
    assert written.stat().st_mtime_ns > before


def test_live_deployments_keep_their_interpreters_warm(served: Bench, monkeypatch: pytest.MonkeyPatch):
    warmed: list[tuple[str, str]] = []

    def preheat(launch: Launch) -> None:
        warmed.append((launch.environment_key, launch.variables.get("OMP_NUM_THREADS", "")))

    for number in ("1", "2", "3"):
        deploy(served, f"blue{number}", environment_variables={"OMP_NUM_THREADS": number})
    monkeypatch.setattr(served.core.executor, "preheat", preheat)
    served.platform.replica_starts.begin_keeping_warm()
    # The platform's own round may come at the same time, and be in the middle of it at first.
    served.until(lambda: [threads for _, threads in warmed], lambda found: found[-2:] == ["3", "2"])
    assert {threads for _, threads in warmed} == {"3", "2"}
    assert all(key for key, _ in warmed)


def test_another_script_rolls_over_and_a_repeated_one_does_not(served: Bench):
    body = deploy(served, "blue")
    assert put(served, "blue", body)["provisioning_state"] == "Succeeded"
    assert replicas(served, "blue")[0]["generation"] == 1
    put(served, "blue", {**body, "environment_variables": {"A": "b"}})
    served.until(lambda: replicas(served, "blue"), lambda found: [one["generation"] for one in found] == [2])


def test_blue_and_green_share_the_traffic_and_one_is_mirrored(served: Bench):
    deploy(served, "blue")
    deploy(served, "green")
    traffic(served, blue=100, mirror={"green": 50})
    for _ in range(60):
        assert ask_raw(served, {})[2][0] == "blue"
    served.until(lambda: metrics(served, "green")["mirrored"], lambda count: 10 <= count <= 50)
    assert ask_raw(served, {}, **{"azureml-model-deployment": "green"})[2][0] == "green"
    traffic(served, blue=90, green=10)
    names = [ask_raw(served, {})[2][0] for _ in range(200)]
    assert names.count("green") == 20, "exact after every hundred"
    traffic(served, green=100)
    assert {ask_raw(served, {})[2][0] for _ in range(10)} == {"green"}
    served.platform.deployments.delete_deployment(WORKSPACE, "sums", "blue", "owner")
    with pytest.raises(Invalid, match="no such deployment"):
        traffic(served, blue=100)


@pytest.mark.slow
def test_a_deployment_follows_its_load(served: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(load, "CALM_S", 4.0)
    scale = {"type": "target_utilization", "min_instances": 1, "max_instances": 3, "target_utilization_percentage": 70}
    settings = {"max_queue_wait_ms": 20000, "request_timeout_ms": 30000, "max_concurrent_requests_per_instance": 4}
    deploy(served, "blue", scale_settings=scale, request_settings=settings)
    traffic(served, blue=100)
    assert metrics(served, "blue")["replicas"] == {"wanted": 1, "usable": 1, "min": 1, "max": 3}
    stop = threading.Event()

    def keep_asking() -> set[int]:
        codes: set[int] = set()
        while not stop.is_set():
            codes.add(ask_raw(served, {"sleep": 0.2})[0])
        return codes

    with ThreadPoolExecutor(5) as threads:
        asking = [threads.submit(keep_asking) for _ in range(5)]
        try:
            served.until(lambda: metrics(served, "blue")["replicas"]["usable"], lambda count: count == 3)
        finally:
            stop.set()
        assert set.union(*[one.result() for one in asking]) == {200}
    served.until(lambda: len(replicas(served, "blue")), lambda count: count == 1)
    assert ask_raw(served, {})[0] == 200


@pytest.mark.slow
def test_a_replica_that_hangs_is_replaced(served: Bench):
    deploy(served, "blue", STUCK, request_settings={"request_timeout_ms": 300})
    traffic(served, blue=100)
    first = replicas(served, "blue")[0]["name"]
    assert ask_raw(served, {"hang": True})[0] == 408
    served.until(lambda: [one["name"] for one in replicas(served, "blue")], lambda names: names and first not in names)
    served.until(lambda: ask_raw(served, {})[::2], lambda found: found == (200, "fine"))
    events = served.platform.events(WORKSPACE, 0, 1000)
    assert "replica replaced" in [one.what for one in events]
    assert "replica died" not in [one.what for one in events]


def test_the_log_of_each_replica_is_followed_while_it_grows(served: Bench):
    deploy(served, "blue", instance_count=2)
    traffic(served, blue=100)
    reports = served.platform.deployment_reports
    piece = reports.logs(WORKSPACE, "sums", "blue", 50)
    assert piece.text.count("up as") == 2
    names = [one["name"] for one in replicas(served, "blue")]
    assert all(f"==> {name} <==" in piece.text for name in names)
    assert reports.follow(WORKSPACE, "sums", "blue", piece.cursor).text == ""
    for number in range(8):
        ask_raw(served, {"print": f"line {number}"})
    seen = ""
    deadline = time.monotonic() + PATIENCE_S
    while seen.count("line ") < 8 and time.monotonic() < deadline:
        piece = reports.follow(WORKSPACE, "sums", "blue", piece.cursor)
        seen += piece.text
    assert sorted(line[-6:] for line in seen.splitlines() if "line " in line) == [f"line {n}" for n in range(8)]
    only = reports.logs(WORKSPACE, "sums", "blue", 50, names[0].rpartition(".")[2])
    assert only.text.count("up as") == 1
    with pytest.raises(NotFound):
        reports.logs(WORKSPACE, "sums", "blue", 50, "r77")
    with pytest.raises(Invalid, match="X-Next-Cursor"):
        reports.follow(WORKSPACE, "sums", "blue", "nonsense")


def test_a_sample_request_lies_beside_the_script(served: Bench):
    code = {"score.py": SCRIPT.replace("NAME", "1"), "sample_request.json": '{"sleep": 0}'}
    configuration = {"code": served.upload(code), "scoring_script": "score.py"}
    deploy(served, "blue", code_configuration=configuration)
    assert served.platform.deployment_reports.sample(WORKSPACE, "sums", "blue") == {"sleep": 0}
    deploy(served, "green")
    with pytest.raises(NotFound, match=r"sample_request\.json"):
        served.platform.deployment_reports.sample(WORKSPACE, "sums", "green")


def in_init(home: Path) -> int:
    """Return how many replicas are there. `os.walk` does not mind folders that go while it looks."""
    return sum(name.startswith("in-init-") for _, _, names in os.walk(home) for name in names)


def test_replicas_that_hang_in_init_hold_up_no_other_deployment(served: Bench):
    code = {"code": served.upload({"score.py": HANGS_AT_START}), "scoring_script": "score.py"}
    body = {"environment": "azureml:minimal@latest", "code_configuration": code, "instance_count": REPLICA_POOL_SIZE}
    served.platform.deployments.put_deployment(WORKSPACE, "sums", "stuck", body, "owner")
    # Every one is in the middle of init(): else they would hold up nobody anyhow.
    served.until(lambda: in_init(served.home), lambda found: found == REPLICA_POOL_SIZE)
    deploy(served, "blue")
    assert ask_raw(served, {}, **{"azureml-model-deployment": "blue"})[2][0] == "blue"
    assert {one["state"] for one in replicas(served, "stuck")} == {"starting"}
    served.platform.deployments.delete_deployment(WORKSPACE, "sums", "stuck", "owner")


def test_a_replica_that_is_not_ready_when_its_probe_gives_up_fails_the_deployment(served: Bench):
    code = {"code": served.upload({"score.py": HANGS_AT_START}), "scoring_script": "score.py"}
    probe = {"initial_delay": 0, "period": 1, "failure_threshold": 1}
    body = {"environment": "azureml:minimal@latest", "code_configuration": code, "liveness_probe": probe}
    served.platform.deployments.put_deployment(WORKSPACE, "sums", "slow", body, "owner")
    found = settle(served, "slow")
    assert found["provisioning_state"] == "Failed"
    assert "before it was ready" in found["error"]["message"]
