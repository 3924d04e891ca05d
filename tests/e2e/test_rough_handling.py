"""A hurried or hostile user: two starts at once, kills at bad moments, a stop in the middle of something."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCORE = "import time\ndef init(): time.sleep(SECONDS)\ndef run(raw): return VALUE\n"
DEPLOYMENT = """\
name: blue
endpoint_name: rough
code_configuration: {code: ./score, scoring_script: score.py}
environment: azureml:minimal@latest
instance_count: 2
"""
SLEEP = """\
type: command
command: python -c "import time; print('begun', flush=True); time.sleep(600)"
environment: azureml:minimal@latest
"""


def score(folder: Path, value: int, seconds: float = 0) -> None:
    (folder / "score").mkdir(exist_ok=True)
    (folder / "score" / "score.py").write_text(SCORE.replace("SECONDS", str(seconds)).replace("VALUE", str(value)))
    (folder / "deployment.yml").write_text(DEPLOYMENT)


def kill_server(platform: Any, eventually: Callable[..., Any]) -> None:
    os.kill(platform.home.server().pid, signal.SIGKILL)
    eventually(lambda: not platform.home.is_up)


def errors(text: str) -> list[str]:
    return re.findall(r"^ERROR.*", text, re.MULTILINE)


def test_of_starts_at_once_one_wins_and_the_others_say_so(platform: Any):
    started = [platform.start("up", "--detach", "--port", "0", "--gateway-port", "0") for _ in range(4)]
    ended = [(process.communicate(timeout=600)[1], process.returncode) for process in started]
    assert sorted(code for _, code in ended) == [0, 3, 3, 3], ended
    for said, code in ended:
        assert "Traceback" not in said
        if code:
            assert len(errors(said)) == 1
            assert "home.in_use" in said
    assert len(platform.processes()) == 2  # one server, one gateway
    assert "Bancada is up" in platform.run("status").stdout


def test_a_server_killed_during_an_upload_loses_only_that_upload(platform: Any, eventually: Callable[..., Any]):
    platform.up()
    record, token = platform.home.server(), platform.home.read_token()
    content = b"x" * 1_000_000
    digest = hashlib.sha256(content).hexdigest()
    place = f"/api/v1/workspaces/default/blobs/{digest}"
    incoming = platform.root / "workspaces" / "default" / "blobs" / ".incoming"
    with socket.create_connection(("127.0.0.1", record.port), timeout=60) as half:
        head = f"PUT {place} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        half.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[:900_000])
        eventually(lambda: incoming.is_dir() and list(incoming.iterdir()))
        kill_server(platform, eventually)
    platform.up()
    assert not (platform.root / "workspaces" / "default" / "blobs" / digest[:2] / digest).exists()
    port = platform.home.server().port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("PUT", place, content, {"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200


def test_a_server_killed_during_a_rollout_ends_it_after_its_return(
    platform: Any, tmp_path: Path, eventually: Callable[..., Any]
):
    platform.up()
    score(tmp_path, 1)
    platform.run("online-endpoint", "create", "-n", "rough")
    platform.run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic", cwd=tmp_path)
    score(tmp_path, 2, seconds=2)
    platform.run("online-deployment", "create", "-f", "deployment.yml", "--no-wait", cwd=tmp_path)
    eventually(lambda: platform.home.unfinished_launches() > 2)
    kill_server(platform, eventually)
    invoke = ("online-endpoint", "invoke", "-n", "rough", "--input-data", "{}")
    platform.up()
    assert json.loads(platform.run(*invoke).stdout) in (1, 2), (
        "the one before serves as long as the new one is not ready"
    )

    def shown() -> dict[str, Any]:
        return platform.json("online-deployment", "show", "-n", "blue", "-e", "rough", "-o", "json")

    eventually(lambda: shown()["provisioning_state"] == "Succeeded")
    assert json.loads(platform.run(*invoke).stdout) == 2
    eventually(lambda: platform.home.unfinished_launches() == 2)


def test_a_deployment_that_takes_a_deleted_ones_name_is_its_own(platform: Any, tmp_path: Path):
    platform.up()
    platform.run("online-endpoint", "create", "-n", "rough")
    for value in (1, 2):
        score(tmp_path, value)
        platform.run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic", cwd=tmp_path)
        answer = platform.run("online-endpoint", "invoke", "-n", "rough", "--input-data", "{}").stdout
        assert json.loads(answer) == value
        platform.run("online-endpoint", "update", "-n", "rough", "--traffic", "blue=0")
        platform.run("online-deployment", "delete", "-n", "blue", "-e", "rough", "--yes")


def test_a_server_killed_during_down_comes_back_whole(platform: Any, tmp_path: Path, eventually: Callable[..., Any]):
    platform.up()
    (tmp_path / "job.yml").write_text(SLEEP)
    name = platform.json("job", "create", "-f", str(tmp_path / "job.yml"), "-o", "json")["name"]
    eventually(lambda: platform.json("job", "show", "-n", name, "-o", "json")["status"] == "Running")
    pid = platform.home.server().pid
    stopping = platform.start("down", "--jobs", "cancel")
    killer = threading.Timer(0.7, _kill, [pid])
    killer.start()
    said = stopping.communicate(timeout=600)[1]
    killer.join()
    assert "Traceback" not in said
    eventually(lambda: not platform.home.is_up)
    platform.up()
    platform.run("down", "--jobs", "cancel")
    assert platform.left() == {}
    platform.up()
    assert platform.json("job", "show", "-n", name, "-o", "json")["status"] == "Canceled"


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_workspace_goes_in_the_middle_of_a_sweep_and_nothing_of_it_runs_on(
    platform: Any, tmp_path: Path, eventually: Callable[..., Any]
):
    platform.up()
    platform.run("workspace", "create", "-n", "doomed")
    sweep = {
        "type": "sweep",
        "trial": {"command": "sleep 60; echo ${{search_space.x}}", "environment": "azureml:minimal@latest"},
        "search_space": {"x": {"type": "choice", "values": [1, 2, 3]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "m"},
        "limits": {"max_total_trials": 3, "max_concurrent_trials": 2},
    }
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    platform.run("job", "create", "-f", str(tmp_path / "sweep.json"), "-w", "doomed")
    eventually(lambda: platform.home.unfinished_launches() > 0)
    platform.run("workspace", "delete", "-n", "doomed", "--permanently-delete", "--yes")
    assert platform.home.unfinished_launches() == 0
    assert not (platform.root / "workspaces" / "doomed").exists()
    assert [one.name for one in (platform.root / "launches").iterdir() if one.name.startswith("doomed.")] == []


def test_no_secret_is_where_others_read(platform: Any, tmp_path: Path, eventually: Callable[..., Any]):
    platform.up()
    (tmp_path / "job.yml").write_text(SLEEP)
    name = platform.json("job", "create", "-f", str(tmp_path / "job.yml"), "-o", "json")["name"]
    eventually(lambda: platform.json("job", "show", "-n", name, "-o", "json")["status"] == "Running")
    platform.run("online-endpoint", "create", "-n", "rough")
    keys = platform.json("online-endpoint", "get-credentials", "-n", "rough")
    launch = next((platform.root / "launches").glob(f"default.{name}.*")) / "launch.json"
    attempt = json.loads(launch.read_text())["environment"]["MLFLOW_TRACKING_TOKEN"]
    secrets = [platform.home.read_token(), attempt, keys["primaryKey"], keys["secondaryKey"]]
    for path in (one for one in platform.root.rglob("*") if one.is_file()):
        with contextlib.suppress(FileNotFoundError):  # what is written anew has another name for a moment
            if any(secret.encode() in path.read_bytes() for secret in secrets):
                assert path.stat().st_mode & 0o077 == 0, f"others may read a secret in {path}"
                assert path.suffix != ".log"
    lines = "\n".join(platform.processes().values())
    assert not any(secret in lines for secret in secrets)
    events = subprocess.run(
        ["grep", "-c", "-a", "-F", attempt, str(platform.root / "bancada.db")], capture_output=True, text=True
    )
    assert events.stdout.strip() == "0", "an attempt's token is kept as its hash only"
