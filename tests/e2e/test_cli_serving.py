"""A live endpoint through the command line: scale it, change it, follow its log, ask for a sample and for metrics."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCORE = """\
import json

def init():
    print("ready to add", flush=True)

def run(raw):
    print("adding", raw, flush=True)
    return {"sum": sum(json.loads(raw)["data"])}
"""
DEPLOYMENT = """\
name: blue
endpoint_name: sums
code_configuration: {code: ./score, scoring_script: score.py}
environment: azureml:minimal@latest
data_collector:
  collections:
    request: {enabled: 'True'}
    response: {enabled: 'True'}
"""
WHICH = ("-n", "blue", "-e", "sums")


def read_until(process: subprocess.Popen[str], text: str, timeout_s: float = 180.0) -> str:
    assert process.stdout is not None
    seen, deadline = "", time.monotonic() + timeout_s
    while text not in seen:
        assert time.monotonic() < deadline, seen
        seen += process.stdout.readline()
    return seen


def test_a_live_endpoint_is_changed_and_watched_from_the_command_line(tmp_path: Path, platform: Any):
    folder = tmp_path / "score"
    folder.mkdir()
    (folder / "score.py").write_text(SCORE)
    (folder / "sample_request.json").write_text('{"data": [1, 2]}')
    (tmp_path / "deployment.yml").write_text(DEPLOYMENT)
    platform.up()
    platform.run("online-endpoint", "create", "-n", "sums")
    platform.run("online-deployment", "create", "-f", str(tmp_path / "deployment.yml"), "--all-traffic")

    shown = platform.json("online-deployment", "update", *WHICH, "--set", "instance_count=2")
    assert (shown["instance_count"], shown["provisioning_state"]) == (2, "Succeeded")
    replicas = json.loads(shown["properties"]["replicas"])
    assert [one["generation"] for one in replicas] == [1, 1]

    sample = platform.run("online-deployment", "show-sample", *WHICH).stdout
    request = tmp_path / "request.json"
    request.write_text(sample)
    follower = platform.start("online-deployment", "get-logs", *WHICH, "--follow")
    try:
        assert read_until(follower, "ready to add")
        answer = platform.run("online-endpoint", "invoke", "-n", "sums", "--request-file", str(request)).stdout
        assert json.loads(answer) == {"sum": 3}
        assert "adding" in read_until(follower, "adding")
    finally:
        follower.kill()
        follower.communicate()
    one = platform.run("online-deployment", "get-logs", *WHICH, "--replica", replicas[1]["name"]).stdout
    assert one.count("ready to add") == 1

    metrics = platform.json("online-deployment", "show-metrics", *WHICH)
    assert metrics["requests"] == {"200": 1}
    assert metrics["latency"]["count"] == 1
    assert metrics["replicas"] == {"wanted": 2, "usable": 2}
    kept = list(platform.root.rglob("modelDataCollector/sums/blue/request/**/*.jsonl"))
    assert json.loads(kept[0].read_text())["data"] == {"data": [1, 2]}

    platform.run("online-deployment", "update", *WHICH, "--set", "instance_count=1")
    assert platform.json("online-deployment", "show", *WHICH)["instance_count"] == 1
    platform.run("online-endpoint", "delete", "-n", "sums", "--yes")
