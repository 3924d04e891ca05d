"""Deployments in real replicas, asked through a real gateway."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.errors import Conflict, Invalid, NotFound

SCORE = """
import json, os

def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "doubler", "factor.txt")) as stream:
        factor = int(stream.read())

def run(raw):
    return [factor * value for value in json.loads(raw)["data"]]
"""
BROKEN = """
def init():
    raise ValueError("the model is not what it was")

def run(raw):
    return []
"""


@pytest.fixture
def served(bench: Bench) -> Iterator[Bench]:
    gateway = subprocess.Popen(
        [sys.executable, "-m", "bancada.faces.scoring", "--home", str(bench.home), "--port", "0"]
    )
    record = bench.home / "gateway" / "gateway.json"
    bench.until(record.exists, bool)
    bench.core.addresses.gateway = bench.until(
        lambda: json.loads(record.read_text()) if record.exists() else {}, lambda found: "url" in found
    )["url"]
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
    yield bench
    gateway.terminate()
    gateway.wait()


def register(bench: Bench, factor: int) -> str:
    tree = bench.upload({"doubler/factor.txt": str(factor), "doubler/note.txt": "n"})
    doc = {"name": "doubler", "path": f"{tree}/doubler", "type": "custom_model"}
    return str(bench.platform.assets.create(WORKSPACE, "models", doc, "owner").body["version"])


def deploy(bench: Bench, name: str, version: str, script: str = SCORE, **doc: Any) -> dict[str, Any]:
    body = {
        "model": f"azureml:doubler:{version}",
        "environment": "azureml:minimal@latest",
        "code_configuration": {"code": bench.upload({"score.py": script}), "scoring_script": "score.py"},
        "instance_count": 1,
        "instance_type": "Standard_DS3_v2",
        **doc,
    }
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", name, body, "owner")
    return settle(bench, name)


def settle(bench: Bench, name: str) -> dict[str, Any]:
    return bench.until(
        lambda: bench.platform.deployments.get_deployment(WORKSPACE, "sums", name).body,
        lambda found: found["provisioning_state"] in ("Succeeded", "Failed"),
    )


def ask(bench: Bench, data: list[int], **headers: str) -> tuple[int, Any]:
    key = bench.platform.endpoints.keys(WORKSPACE, "sums")["primaryKey"]
    uri = bench.platform.endpoints.get_endpoint(WORKSPACE, "sums").body["scoring_uri"]
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
    request = urllib.request.Request(uri, json.dumps({"data": data}).encode(), sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def traffic(bench: Bench, **shares: int) -> None:
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": shares}, "owner")


def test_a_deployment_goes_live_and_answers(served: Bench):
    body = deploy(served, "blue", register(served, 2))
    assert body["provisioning_state"] == "Succeeded", body
    assert ask(served, [1, 2], **{"azureml-model-deployment": "blue"}) == (200, [2, 4])
    assert ask(served, [1])[0] == 404, "no deployment has traffic yet"
    traffic(served, blue=100)
    assert ask(served, [3]) == (200, [6])
    assert ask(served, [3], Authorization="Bearer wrong")[0] == 401


def test_a_broken_init_shows_file_line_and_message_and_leaves_traffic_untouched(served: Bench):
    version = register(served, 2)
    deploy(served, "blue", version)
    traffic(served, blue=100)
    body = deploy(served, "blue", version, BROKEN)
    assert body["provisioning_state"] == "Failed"
    message = body["error"]["message"]
    assert "score.py" in message
    assert "line 3" in message
    assert "the model is not what it was" in message
    assert ask(served, [3]) == (200, [6])


def test_a_new_model_version_rolls_over_behind_a_live_endpoint(served: Bench):
    first = deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    assert ask(served, [1]) == (200, [2])
    second = deploy(served, "blue", register(served, 5))
    assert second["provisioning_state"] == "Succeeded"
    assert ask(served, [1]) == (200, [5])
    served.until(
        lambda: json.loads(
            served.platform.deployments.get_deployment(WORKSPACE, "sums", "blue").body["properties"]["replicas"]
        ),
        lambda found: len(found) == 1,
    )
    assert first["properties"] != second["properties"]


def test_a_killed_replica_is_replaced(served: Bench):
    deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    launch = f"{WORKSPACE}.sums.blue.r1"
    pid = json.loads((served.core.paths.launch(launch) / "process.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    served.until(lambda: ask(served, [4]), lambda found: found == (200, [8]))
    replicas = json.loads(
        served.platform.deployments.get_deployment(WORKSPACE, "sums", "blue").body["properties"]["replicas"]
    )
    assert [one["name"] for one in replicas] == [f"{WORKSPACE}.sums.blue.r2"]


def test_a_restarted_server_leaves_the_replicas_alone(served: Bench):
    deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    served.close()
    assert_answer = json.loads((served.home / "gateway" / "routes.json").read_text())
    assert assert_answer["endpoints"]
    served.open()
    served.core.addresses.gateway = json.loads((served.home / "gateway" / "gateway.json").read_text())["url"]
    assert ask(served, [1]) == (200, [2])
    replicas = json.loads(
        served.platform.deployments.get_deployment(WORKSPACE, "sums", "blue").body["properties"]["replicas"]
    )
    assert [one["name"] for one in replicas] == [f"{WORKSPACE}.sums.blue.r1"]


def test_traffic_goes_only_where_something_is(served: Bench):
    with pytest.raises(Invalid, match=r"no such deployment \(it has: none yet\)"):
        traffic(served, green=100)
    deploy(served, "blue", register(served, 2))
    with pytest.raises(Invalid, match="sum to 50"):
        traffic(served, blue=50)


def test_a_scoring_script_that_is_not_in_the_code_is_refused(served: Bench):
    version = register(served, 2)
    code = {"code": served.upload({"other.py": ""}), "scoring_script": "score.py"}
    with pytest.raises(Invalid, match=r"`score.py` is not in the code folder \(it has: `other.py`\)"):
        deploy(served, "blue", version, code_configuration=code)


def test_a_deployment_with_traffic_is_not_deleted_and_an_endpoint_takes_all_with_it(served: Bench):
    deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    with pytest.raises(Conflict, match="receives 100 %"):
        served.platform.deployments.delete_deployment(WORKSPACE, "sums", "blue", "owner")
    pid = json.loads((served.core.paths.launch(f"{WORKSPACE}.sums.blue.r1") / "process.json").read_text())["pid"]
    served.platform.endpoints.delete_endpoint(WORKSPACE, "sums", "owner")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_regenerated_key_replaces_one_and_leaves_the_other(served: Bench):
    deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    before = served.platform.endpoints.keys(WORKSPACE, "sums")
    after = served.platform.endpoints.regenerate_keys(WORKSPACE, "sums", "primary", "owner")
    assert after["primaryKey"] != before["primaryKey"]
    assert after["secondaryKey"] == before["secondaryKey"]
    assert ask(served, [1], Authorization=f"Bearer {before['primaryKey']}")[0] == 401
    assert ask(served, [1], Authorization=f"Bearer {before['secondaryKey']}")[0] == 200


def test_writing_an_endpoint_again_keeps_its_traffic(served: Bench):
    deploy(served, "blue", register(served, 2))
    traffic(served, blue=100)
    served.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"description": "again"}, "owner")
    assert ask(served, [3]) == (200, [6])
    traffic(served, blue=0)
    assert ask(served, [3])[0] == 404


ODD = """
import time
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    body = request.get_data()
    if body == b"broken":
        raise ValueError("this record is broken")
    if body == b"picture":
        return AMLResponse(bytes([137, 80, 78, 71, 0, 255]), 200)
    return AMLResponse(request.headers.get("Content-Type").encode() + b":" + body, 200)
"""


def test_a_page_tries_an_endpoint_without_ever_having_its_key(served: Bench):
    version = register(served, 3)
    deploy(served, "blue", version)
    deploy(served, "green", version, script=ODD)
    served.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": {"blue": 100}}, "owner")
    invoke = served.platform.invocations.invoke
    found = invoke(WORKSPACE, "sums", b'{"data": [1, 2]}', "application/json")
    assert (found["status"], json.loads(found["body"]), found["deployment"]) == (200, [3, 6], "blue")
    assert found["ms"] > 0
    assert found["headers"]["content-type"].startswith("application/json")
    assert served.platform.endpoints.keys(WORKSPACE, "sums")["primaryKey"] not in json.dumps(found)
    # What the endpoint refuses, or the script breaks at, is an answer, too.
    broken = invoke(WORKSPACE, "sums", b"{}", "application/json", "blue")
    assert broken["status"] == 424
    assert invoke(WORKSPACE, "sums", b"broken", "text/plain", "green")["status"] == 424
    # Body and content type go as they are; bytes come back whole.
    assert invoke(WORKSPACE, "sums", b"\xc3\xa9", "text/x-mine", "green")["body"] == "text/x-mine:é"
    picture = invoke(WORKSPACE, "sums", b"picture", "text/plain", "green")
    assert (picture["base64"], base64.b64decode(picture["body"])) == (True, bytes([137, 80, 78, 71, 0, 255]))
    with pytest.raises(NotFound, match="green"):
        invoke(WORKSPACE, "sums", b"", "text/plain", "gren")
    with pytest.raises(NotFound):
        invoke(WORKSPACE, "nowhere", b"", "text/plain")


def test_the_last_minutes_of_a_deployment_are_kept(served: Bench):
    version = register(served, 2)
    deploy(served, "blue", version)
    served.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": {"blue": 100}}, "owner")
    history = served.platform.load.history

    def seen() -> Any:
        return history.of(WORKSPACE, "sums", "blue", 0.0)

    # A first look must be there, or nothing can be counted against it.
    served.until(lambda: history.looks(WORKSPACE, "sums", "blue"), lambda found: found > 0)
    for _ in range(3):
        served.platform.invocations.invoke(WORKSPACE, "sums", b'{"data": [1]}', "application/json")
    served.platform.invocations.invoke(WORKSPACE, "sums", b"{}", "application/json")
    found = served.until(seen, lambda one: sum(one["requests"]) == 4)
    assert sum(found["errors"]) == 1
    assert found["replicas"][-1] == 1
    assert any(one is not None and one > 0 for one in found["p95_ms"])
