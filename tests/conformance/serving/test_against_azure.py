"""The same requests to Azure's inference server, as PyPI has it, and to ours: the answers must agree.

Ours is asked through the gateway, so an answer other than 200 comes as 424 and is unwrapped. Texts of errors are our
own words; their form, the status and all header fields are compared. Where we differ on purpose a test says so.
BANCADA_TEST_AZURE_PYTHON names an interpreter whose environment has Azure's server, else one is made.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure_pair import Azure, Case, Pair, Script, azure_interpreter, essence, pair_of
from contract_scripts import ECHO, SCRIPTS
from serving_world import ServingWorld, wait_for

pytestmark = pytest.mark.slow

Pairing = Callable[[str], Pair]


@pytest.fixture(scope="session")
def azure_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter whose environment has Azure's server."""
    return azure_interpreter(tmp_path_factory.mktemp("azure") / "env")


@pytest.fixture(scope="module")
def pairs(azure_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairing]:
    """Start both servers for a script when it is first asked for."""
    folder = tmp_path_factory.mktemp("pairs")
    started: dict[str, Pair] = {}

    def pair(name: str) -> Pair:
        if name not in started:
            started[name] = pair_of(azure_python, folder / str(len(started)), SCRIPTS[name])
        return started[name]

    yield pair
    for one in started.values():
        one.close()


ALL = [(name, case) for name, script in SCRIPTS.items() for case in script.cases]


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name}: {case}" for name, case in ALL])
def test_the_answers_agree(pairs: Pairing, name: str, case: Case) -> None:
    theirs, ours = pairs(name).ask(case)
    assert essence(ours) == essence(theirs)


@pytest.mark.parametrize("case", SCRIPTS["raw"].cases, ids=str)
def test_raw_scripts_need_no_flask(pairs: Pairing, case: Case) -> None:
    fields = {**case.headers, "azureml-model-deployment": "plain"}
    theirs, ours = pairs("raw").ask(replace(case, headers=fields))
    assert essence(ours) == essence(theirs)


@pytest.mark.parametrize("version", [None, "", "2", "2.0", "3", "3.0", "3.1", "4", "x", "2&version=3"])
@pytest.mark.parametrize("name", ["text", "schema", "mixed", "driver", "own description"])
def test_the_descriptions_agree(pairs: Pairing, name: str, version: str | None) -> None:
    query = "" if version is None else f"version={version}"
    theirs, ours = pairs(name).ask(Case(method="GET", path="swagger.json", query=query))
    assert ours.status == theirs.status
    if theirs.status != 200:
        assert list(ours.value) == list(theirs.value) == ["message"]
        return
    assert _without_texts(ours.value) == _without_texts(theirs.value)


def _without_texts(value: Any) -> Any:
    """Drop descriptions, which are our own words, and examples of plain texts."""
    if isinstance(value, dict):
        return {key: _without_texts(one) for key, one in value.items() if key != "description"}  # type: ignore[misc]
    if isinstance(value, list):
        return [_without_texts(one) for one in value]  # type: ignore[misc]
    return value


@pytest.mark.parametrize("case", [Case(method="GET", path=""), Case(method="OPTIONS", path="")], ids=str)
def test_the_health_probe_agrees(pairs: Pairing, case: Case) -> None:
    """The gateway keeps it to itself, so our replica is asked directly."""
    theirs, ours = pairs("text").ask_behind_the_gateway(case)
    assert essence(ours) == essence(theirs)


@pytest.mark.parametrize(
    "case",
    [
        Case(method="PUT"),
        Case(method="DELETE"),
        Case(path=""),
        Case(path="nothing"),
        Case(path="score/"),
        Case(path="swagger.json"),
    ],
    ids=str,
)
def test_wrong_methods_and_paths_are_refused_alike(pairs: Pairing, case: Case) -> None:
    theirs, ours = pairs("text").ask_behind_the_gateway(case)
    assert (ours.status, list(ours.value)) == (theirs.status, list(theirs.value))
    assert ours.headers["content-type"] == theirs.headers["content-type"]


def test_both_time_the_run_and_name_the_server(pairs: Pairing) -> None:
    for answer in pairs("text").ask(Case(b"1")):
        assert re.fullmatch(r"\d+\.\d{3}", answer.headers["x-ms-run-fn-exec-ms"])
        assert re.fullmatch(r"\w+/[\d.]+", answer.headers["x-ms-server-version"])


def test_the_server_is_not_named_where_that_is_turned_off(azure_python: Path, tmp_path: Path) -> None:
    pair = pair_of(azure_python, tmp_path / "pair", Script(ECHO, [], {"SERVER_VERSION_LOG_RESPONSE_ENABLED": "False"}))
    try:
        assert all("x-ms-server-version" not in answer.headers for answer in pair.ask(Case(b"1")))
    finally:
        pair.close()


def test_both_write_the_same_lines(pairs: Pairing) -> None:
    """The script's prints and one line for each request."""
    pair = pairs("results")
    pair.ask(Case(b"print('seen', 1) or 'four'", query="q=1"))
    logs = [pair.azure.log, pair.replica.log]
    wait_for(lambda: all("q=1" in log.read_text() for log in logs), "the request in both logs")
    for text in (log.read_text() for log in logs):
        head = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} I \[\d+\] "
        assert re.search(head + r"azmlinfsrv\.print - seen 1$", text, re.MULTILINE)
        assert re.search(head + r"azmlinfsrv - POST /score\?q=1 200 \d+\.\d{3}ms 6$", text, re.MULTILINE)


def test_a_logging_json_beside_the_script_forms_both_logs(azure_python: Path, tmp_path: Path) -> None:
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "own"}
    config = {
        "version": 1,
        "formatters": {"own": {"format": "own|%(name)s|%(message)s"}},
        "handlers": {"own": handler},
        "loggers": {"azmlinfsrv": {"level": "INFO", "handlers": ["own"], "propagate": False}},
    }
    pair = pair_of(azure_python, tmp_path / "pair", Script(ECHO, [], files={"logging.json": json.dumps(config)}))
    try:
        pair.ask(Case(b"1"))
        for log in (pair.azure.log, pair.replica.log):
            wait_for(lambda log=log: "own|azmlinfsrv|POST /score 200 " in log.read_text(), str(log))
    finally:
        pair.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b'{"data": 1}'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'),
    ],
)
def test_a_form_reaches_run_where_azures_server_loses_it(pairs: Pairing, kind: str, body: bytes) -> None:
    """On purpose: plain `curl -d` sends the first content type, and Azure's script then gets an empty text."""
    theirs, ours = pairs("text").ask(Case(body, headers={"Content-Type": kind}))
    assert theirs.value == ["str", 0, ""]
    assert ours.value == ["str", len(body), body.decode()]


def test_a_body_that_is_no_text_is_the_clients_fault(pairs: Pairing) -> None:
    """On purpose: Azure's server says that the fault is its own."""
    theirs, ours = pairs("schema").ask(Case(b'{"rows": \xff}'))
    assert (theirs.status, ours.status) == (500, 400)


CANNOT_START = {
    "init raises": "def init():\n    1 / 0\ndef run(a):\n    pass\n",
    "init exits": "def init():\n    raise SystemExit(0)\ndef run(a):\n    pass\n",
    "init takes something": "def init(a):\n    pass\ndef run(a):\n    pass\n",
    "the import raises": "import nothing_there\n",
    "the import exits": "import sys\nsys.exit(0)\n",
    "no syntax": "def init(:\n",
    "no functions": "x = 1\n",
    "no run": "def init():\n    pass\n",
    "run takes nothing": "def init():\n    pass\ndef run():\n    pass\n",
    "run takes headers only": "def init():\n    pass\ndef run(request_headers):\n    pass\n",
    "run takes anything": "def init():\n    pass\ndef run(*a):\n    pass\n",
    "run takes any name": "def init():\n    pass\ndef run(a, **b):\n    pass\n",
    "run takes no names": "def init():\n    pass\ndef run(a, /):\n    pass\n",
    "both decorators": """
from azureml_inference_server_http.api.aml_request import rawhttp
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

def init():
    pass

@rawhttp
@input_schema("a", StandardPythonParameterType(1))
def run(a):
    pass
""",
}
# Loads each script as Azure's worker does: a whole server for each would take a minute.
THEIR_LOADER = """
import json, sys
from azureml_inference_server_http.server.user_script import UserScript, UserScriptError
from azureml_inference_server_http.api import aml_request
refused = []
for name in json.loads(sys.argv[2]):
    aml_request._rawHttpRequested = False
    script = UserScript(name + ".py")
    try:
        script.load_script(sys.argv[1])
        script.invoke_init()
    except UserScriptError:
        refused.append(name)
print("refused", json.dumps(refused))
"""


def test_the_same_scripts_cannot_start(azure_python: Path, tmp_path: Path) -> None:
    for name, source in {**CANNOT_START, "good": ECHO}.items():
        (tmp_path / f"{name}.py").write_text(source.replace("\n    ", "\n") if name == "good" else source)
    words = [azure_python, "-c", THEIR_LOADER, tmp_path, json.dumps([*CANNOT_START, "good"])]
    variables = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(tmp_path)}
    theirs = subprocess.run(words, env=variables, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(theirs.stdout.rpartition("refused ")[2]) == list(CANNOT_START)
    world = ServingWorld(tmp_path / "ours")
    try:
        for name, source in CANNOT_START.items():
            ours = world.replica(source, interpreter=azure_python, wait=False)
            assert ours.failure()["message"], name
    finally:
        world.close()


@pytest.mark.parametrize(
    ("source", "variables"),
    [(CANNOT_START["init raises"], {}), (ECHO, {"SCORING_TIMEOUT_MS": "soon"}), (ECHO, {"AML_CORS_ORIGINS": "(.*"})],
    ids=["the script", "a variable", "an origin"],
)
def test_what_cannot_start_ends_with_the_same_code(
    azure_python: Path, tmp_path: Path, source: str, variables: dict[str, str]
) -> None:
    theirs = Azure(azure_python, tmp_path, Script(source, [], variables))
    world = ServingWorld(tmp_path / "ours")
    try:
        ours = world.replica(source, interpreter=azure_python, wait=False, **variables)
        assert ours.failure()["message"]
        assert theirs.process.wait(300) == 3
    finally:
        theirs.stop()
        world.close()


def test_without_a_named_script_main_is_loaded_by_the_file_of_settings(azure_python: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"SERVICE_NAME": "from settings"}')
    script = Script(
        "raise SystemExit('not this one')",
        [],
        {"AZUREML_CONFIG_FILE": str(settings)},
        {"main.py": "def init():\n    pass\n\ndef run(raw):\n    return __name__\n"},
        words=("--config_file", str(settings)),
    )
    theirs, world = Azure(azure_python, tmp_path, script), ServingWorld(tmp_path / "ours")
    try:
        variables = {"AZUREML_ENTRY_SCRIPT": "", **script.variables}
        replica = world.replica(script.source, interpreter=azure_python, files=script.files, **variables)
        theirs.wait_ready()
        for case in (Case(b"1"), Case(method="GET", path="swagger.json")):
            one, other = Pair(theirs, "", replica, world).ask_behind_the_gateway(case)
            assert (one.status, _without_texts(one.value)) == (200, _without_texts(other.value))
    finally:
        theirs.stop()
        world.close()
