"""What a deployment collects: payloads by the gateway, frames by a script's own Collectors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench
from served_bench import ask_raw, gateway_of, settle

from bancada.errors import Invalid

# As azureml-ai-monitoring 1.0 sends a frame, without the package: settings from the file, a POST with ce- fields.
SCRIPT = """
import json, os, time, urllib.request

def init():
    global config
    with open(os.environ["AZUREML_MDC_CONFIG_PATH"]) as stream:
        config = json.load(stream)

def collect(name, records, number):
    assert config["collections"][name]["enabled"]
    url = "http://%s:%s/modeldata/log" % (os.environ["AZUREML_MDC_HOST"], os.environ["AZUREML_MDC_PORT"])
    fields = {
        "Content-Type": "application/json", "trace-id": "t", "ce-time": str(int(time.time())),
        "ce-type": "azureml.inference." + name, "ce-collect-data-type": "pandas.core.frame.DataFrame",
        "ce-agent": "azureml-ai-monitoring/1.0.0", "ce-x-request-id": number,
    }
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, json.dumps(records).encode(), fields)) as answer:
        return answer.status

def run(raw):
    rows = json.loads(raw)["rows"]
    return [collect("model_inputs", rows, "n1"), collect("model_outputs", [{"y": 1} for _ in rows], "n1")]
"""
PLAIN = """
def init():
    pass

def run(raw):
    return {"got": len(raw)}
"""


@pytest.fixture
def served(bench: Bench) -> Iterator[Bench]:
    with gateway_of(bench):
        bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {}, "owner")
        yield bench


def deploy(bench: Bench, script: str, collector: dict[str, Any], **doc: Any) -> None:
    body = {
        "environment": "azureml:minimal@latest",
        "code_configuration": {"code": bench.upload({"score.py": script}), "scoring_script": "score.py"},
        "data_collector": collector,
        **doc,
    }
    bench.platform.deployments.put_deployment(WORKSPACE, "sums", "blue", body, "owner")
    found = settle(bench, "blue", timeout_s=300)
    assert found["provisioning_state"] == "Succeeded", found
    bench.platform.endpoints.put_endpoint(WORKSPACE, "sums", {"traffic": {"blue": 100}}, "owner")


def store(bench: Bench) -> Path:
    return bench.core.paths.datastore(WORKSPACE, "workspaceblobstore")


def collected(folder: Path) -> list[dict[str, Any]]:
    """Return the records; what is being written has no end of line yet."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_requests_and_answers_are_kept_by_the_gateway(served: Bench):
    on = {"enabled": "true"}
    logging = {"capture_headers": ["X-Ward"]}
    deploy(served, PLAIN, {"collections": {"request": on, "response": on}, "request_logging": logging})
    days = [time.strftime("%Y/%m/%d", time.gmtime())]
    for number in range(5):
        assert ask_raw(served, {"n": number}, **{"x-request-id": f"id-{number}", "X-Ward": "7"})[0] == 200
    big = "x" * 300_000
    ask_raw(served, {"big": big}, **{"x-request-id": "id-big"})
    base = store(served) / "modelDataCollector" / "sums" / "blue"
    served.until(lambda: len(collected(base)), lambda count: count == 12)
    requests = collected(base / "request")
    assert [one["data"] for one in requests[:5]] == [{"n": number} for number in range(5)]
    assert requests[2]["correlationid"] == "id-2"
    assert requests[2]["type"] == "azureml.inference.request"
    assert requests[2]["source"].endswith("/onlineEndpoints/sums/deployments/blue")
    assert requests[2]["headers"] == {"x-ward": "7"}
    days.append(time.strftime("%Y/%m/%d", time.gmtime()))
    # The newest, where the large one is, should an hour have passed meanwhile.
    file = max((base / "request").rglob("*.jsonl"))
    assert str(file.relative_to(base / "request")).startswith(tuple(days))
    assert len(file.relative_to(base / "request").parts) == 5
    assert "data" not in requests[5]
    assert json.loads((file.parent / requests[5]["dataref"]).read_text()) == {"big": big}
    answers = collected(base / "response")
    assert answers[0]["data"] == {"got": 8}
    assert answers[0]["statuscode"] == 200
    assert [one["correlationid"] for one in answers] == [one["correlationid"] for one in requests]


def test_only_a_share_is_kept_when_a_sampling_rate_is_given(served: Bench):
    collector = {"collections": {"request": {"enabled": True}, "response": {"enabled": False}}, "sampling_rate": 0.5}
    deploy(served, PLAIN, collector)
    for number in range(200):
        ask_raw(served, {"n": number})
    base = store(served) / "modelDataCollector" / "sums" / "blue"
    served.until(lambda: len(collected(base)), lambda count: count > 60)
    time.sleep(0.3)  # the rest, should it be all
    assert len(collected(base)) < 140
    assert not (base / "response").exists()


def test_a_scripts_own_collections_go_to_a_sink_of_each_replica(served: Bench):
    elsewhere = {"path": "azureml://datastores/workspaceblobstore/paths/kept/outputs"}
    collections = {"model_inputs": {"enabled": "True"}, "model_outputs": {"enabled": True, "data": elsewhere}}
    deploy(served, SCRIPT, {"collections": collections}, instance_count=2)
    rows = [{"age": 54, "sex": "f"}, {"age": None, "sex": "m"}]
    for _ in range(6):
        assert ask_raw(served, {"rows": rows})[::2] == (200, [200, 200])
    base = store(served) / "modelDataCollector" / "sums" / "blue" / "model_inputs"
    inputs = collected(base)
    assert [one["data"] for one in inputs] == [rows] * 6
    assert inputs[0]["collectdatatype"] == "pandas.core.frame.DataFrame"
    assert inputs[0]["agent"] == "azureml-ai-monitoring/1.0.0"
    assert inputs[0]["contentrange"].startswith("bytes 0-")
    assert len({path.name for path in base.rglob("*.jsonl")}) == 2, "a file for each replica"
    assert len(collected(store(served) / "kept" / "outputs")) == 6


def test_data_that_cannot_be_kept_there_is_refused(served: Bench):
    wrong = {"request": {"enabled": True, "data": {"path": "azureml://datastores/nowhere/paths/x"}}}
    with pytest.raises(Invalid, match="nowhere"):
        deploy(served, PLAIN, {"collections": wrong})
    escape = {"request": {"enabled": True, "data": {"path": "azureml://datastores/workspaceblobstore/paths/../x"}}}
    with pytest.raises(Invalid, match=r"data_collector.collections.request.data"):
        deploy(served, PLAIN, {"collections": escape})


REAL = """
import json
import pandas as pd
from azureml.ai.monitoring import Collector

def init():
    global inputs, outputs
    inputs = Collector(name="model_inputs", on_error=lambda error: print("ERROR", error))
    outputs = Collector(name="model_outputs")

def run(raw):
    frame = pd.DataFrame(json.loads(raw)["rows"])
    context = inputs.collect(frame)
    outputs.collect(pd.DataFrame({"y": [1] * len(frame)}), context)
    return len(frame)
"""


@pytest.mark.slow
def test_azures_own_collector_package_finds_the_sink(served: Bench):
    pip = ["azureml-ai-monitoring==1.0.0", "pandas==1.5.3", "numpy==1.26.4"]
    conda = {"name": "collector", "dependencies": ["python=3.11", "pip", {"pip": pip}]}
    served.platform.assets.create(WORKSPACE, "environments", {"name": "collector", "conda_file": conda}, "owner")
    collections = {"model_inputs": {"enabled": True}, "model_outputs": {"enabled": True}}
    deploy(served, REAL, {"collections": collections}, environment="azureml:collector@latest")
    rows = [{"age": 54, "sex": "f"}, {"age": 61, "sex": "m"}]
    assert ask_raw(served, {"rows": rows})[::2] == (200, 2)
    base = store(served) / "modelDataCollector" / "sums" / "blue"
    found = served.until(lambda: collected(base), lambda found: len(found) == 2)
    inputs = next(one for one in found if one["type"] == "azureml.inference.model_inputs")
    outputs = next(one for one in found if one["type"] == "azureml.inference.model_outputs")
    assert inputs["data"] == rows
    assert outputs["data"] == [{"y": 1}, {"y": 1}]
    assert inputs["correlationid"] == outputs["correlationid"]
