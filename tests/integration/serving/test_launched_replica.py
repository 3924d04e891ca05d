"""Replicas as the server starts them: launched by the local executor, cold and as forks of a warm template."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving_world import ServingWorld, call, wait_for

from bancada.engine.router import DeploymentRoutes
from bancada.executors import Launch
from bancada.executors.local import LocalExecutor

SCRIPT = """
import json, os, sys

def init():
    global names
    names = sorted(name for name in ("frames", "wire", "template") if name in sys.modules)
    if os.environ.get("BREAK"):
        raise ValueError("broken on purpose")

def run(raw):
    print("asked", raw)
    return {"double": 2 * json.loads(raw)[0], "warm": "xml.dom.minidom" in sys.modules, "ours": names,
            "name": os.environ["NAME"], "cwd": os.path.basename(os.getcwd())}
"""


@pytest.fixture
def executor(world: ServingWorld) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(world.home, use_templates=True, idle_template_s=60.0)
    yield executor
    for folder in (world.home / "launches").glob("[!.]*"):
        executor.stop(folder, 0.0)
    wait_for(lambda: all(executor.state(one)[0] != "running" for one in (world.home / "launches").glob("[!.]*")))
    executor.close()


def replica(world: ServingWorld, name: str, *, warm: bool, **variables: str) -> Launch:
    """Return the launch of a replica."""
    code = world.home / "work" / name / "code"
    code.mkdir(parents=True)
    (code / "score.py").write_text(SCRIPT)
    return Launch(
        id=name,
        folder=world.home / "launches" / name,
        argv=None,
        shell=None,
        interpreter=Path(sys.executable),
        environment_key="test",
        cwd=code,
        variables={"AML_APP_ROOT": str(code), "AZUREML_ENTRY_SCRIPT": "score.py", "NAME": name, **variables},
        log=world.home / "work" / name / "user_logs" / "std_log.txt",
        kind="replica",
        socket=world.sockets / f"{name}.sock",
        warm=warm,
        preload=("xml.dom.minidom",),
    )


def start(executor: LocalExecutor, launch: Launch) -> None:
    """Start a launch and wait until it is ready or over."""
    executor.start(launch)
    names = ("ready.json", "failure.json", "exit.json")
    wait_for(lambda: any((launch.folder / name).exists() for name in names), "the replica")


@pytest.mark.parametrize("warm", [False, True])
def test_a_launched_replica_serves_and_drains(world: ServingWorld, executor: LocalExecutor, warm: bool) -> None:
    gateway = world.gateway()
    launch = replica(world, "a.blue.1", warm=warm)
    if warm:
        executor.preheat(launch)
    start(executor, launch)
    assert launch.socket is not None
    assert world.publish({"blue": DeploymentRoutes([launch.socket])})
    answer = call(gateway.score_url(), b"[21]")
    assert answer.value == {"double": 42, "warm": warm, "ours": [], "name": "a.blue.1", "cwd": "code"}
    assert "asked [21]" in launch.log.read_text()
    executor.stop(launch.folder, 10.0)
    wait_for((launch.folder / "exit.json").exists)
    ended = executor.state(launch.folder)[1]
    assert ended is not None
    assert (ended.code, ended.reason) == (0, "stopped")
    assert call(gateway.score_url(), b"[1]").status == 503


@pytest.mark.parametrize("warm", [False, True])
def test_a_broken_init_is_told_and_ends_with_3(world: ServingWorld, executor: LocalExecutor, warm: bool) -> None:
    launch = replica(world, "a.blue.1", warm=warm, BREAK="1")
    if warm:
        executor.preheat(launch)
    start(executor, launch)
    failure = json.loads((launch.folder / "failure.json").read_text())
    assert (failure["file"], failure["line"], failure["message"]) == ("score.py", 8, "ValueError: broken on purpose")
    wait_for((launch.folder / "exit.json").exists)
    ended = executor.state(launch.folder)[1]
    assert ended is not None
    assert ended.code == 3


def test_a_killed_replica_is_seen_by_gateway_and_executor(world: ServingWorld, executor: LocalExecutor) -> None:
    gateway = world.gateway()
    first, second = (replica(world, f"a.blue.{number}", warm=False) for number in (1, 2))
    for launch in (first, second):
        start(executor, launch)
    assert first.socket is not None
    assert second.socket is not None
    world.publish({"blue": DeploymentRoutes([first.socket, second.socket])})
    pid = json.loads((first.folder / "ready.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for((first.folder / "exit.json").exists)
    ended = executor.state(first.folder)[1]
    assert ended is not None
    assert ended.signal == signal.SIGKILL
    answers = {call(gateway.score_url(), b"[1]").value["name"] for _ in range(10)}
    assert answers == {"a.blue.2"}
