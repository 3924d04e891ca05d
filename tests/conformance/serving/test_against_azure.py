"""The same requests to Azure's inference server, as PyPI has it, and to ours: the answers must agree.

Ours is asked through the gateway, so an answer other than 200 comes as 424 and is unwrapped. Texts of errors are our
own words; their form, the status and the header fields are compared. Where we differ on purpose a test says so.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from serving_world import Answer, ServingWorld, call, wait_for

from bancada.engine.router import DeploymentRoutes

pytestmark = pytest.mark.slow

# Pinned: the contract is what these versions do.
PACKAGES = ["azureml-inference-server-http==1.5.1", "inference-schema==1.8", "numpy<2.3", "setuptools<80"]

EVALUATE = """
    import json, os, sys

    def init():
        print("model in", os.environ.get("AZUREML_MODEL_DIR"))

    def run(anything):
        return eval(anything)
"""
ECHO = """
    def init():
        pass

    def run(data):
        return [type(data).__name__, data]
"""
HEADERS = """
    def init():
        pass

    def run(request_headers, data):
        wanted = ("Content-Type", "X-Own-Thing", "X-Twice", "X-Ms-Client-Request-Id", "User-Agent", "Accept")
        return {name: request_headers.get(name) for name in wanted}
"""
SCHEMA = """
    import numpy as np
    from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema, output_schema

    def init():
        pass

    @input_schema("rows", NumpyParameterType(np.array([[1.0, 2.0]])))
    @input_schema("name", StandardPythonParameterType("a name"))
    @output_schema(StandardPythonParameterType({"sum": 1.0}))
    def run(rows, name="nobody"):
        return {"sum": float(rows.sum()), "shape": list(rows.shape), "name": name}
"""
RAW = """
    import json
    from {package}.aml_request import AMLRequest, rawhttp
    from {package}.aml_response import AMLResponse

    def init():
        pass

    @rawhttp
    def run(request):
        seen = {{
            "method": request.method, "path": request.path, "args": request.args.to_dict(flat=False),
            "data": request.get_data(as_text=True), "own": request.headers.get("x-own-thing"),
            "json": request.get_json(silent=True), "kind": request.content_type,
        }}
        how = request.args.get("how", "json")
        if how == "json":
            return AMLResponse(seen, int(request.args.get("status", 200)), {{"X-Many": "a, b"}}, json_str=True)
        if how == "text":
            return AMLResponse("plain", 200)
        if how == "bytes":
            return AMLResponse(b"\\x00\\x01", 200, {{"Content-Type": "image/png"}})
        if how == "none":
            return AMLResponse(None, 202)
        if how == "stream":
            return AMLResponse((part for part in ("one", "two")), 200)
        return seen
"""
TIMEOUT = """
    import time

    def init():
        pass

    def run(data):
        time.sleep(float(data))
        return "awake"
"""


@dataclass(frozen=True)
class Case:
    """One request."""

    body: bytes = b""
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    path: str = "score"

    def __str__(self) -> str:
        shown = [self.method, self.path, self.query, self.body[:30].decode("latin-1"), *self.headers.values()]
        return " ".join(part[:40] for part in shown if part)


def post(*bodies: str) -> list[Case]:
    """Return plain requests."""
    return [Case(body.encode()) for body in bodies]


CASES: dict[str, tuple[str, dict[str, str], list[Case]]] = {
    "results": (
        EVALUATE,
        {},
        [
            *post("[1, 2.5, None]", "'text'", "None", "float('nan')", "[float('-inf')]", "'é\\u2028'", "{}", "''", "0"),
            *post("{1: 'a', None: 'b'}", "(1, 2)", "True", "b'bytes'", "{1, 2}", "object()", "1e400", "10**400"),
            *post("1 / 0", "undefined", "[][0]", "(_ for _ in ()).throw(Exception('x'))"),
            *post(
                "sys.path[-1] == os.environ['AML_APP_ROOT']", "__name__", "os.getcwd() == os.environ['AML_APP_ROOT']"
            ),
        ],
    ),
    "text": (
        ECHO,
        {},
        [
            *post('{"data": [1]}', "", "not json", "é", "\\u0000"),
            Case(b"\xff\xfe"),
            Case(b"abc", headers={"Content-Type": "text/plain"}),
            Case(b"abc", headers={"Content-Type": "application/json; charset=utf-16"}),
            Case(method="GET"),
            Case(method="GET", query="a=1&b=[1,2]&c=a&d=null"),
            Case(method="GET", query="foo=1&foo=x&foo="),
            Case(method="GET", query="a=%C3%A9+%2B&a%20b=%7B%7D"),
            Case(method="OPTIONS"),
            Case(method="HEAD"),
            Case(b"1", headers={"x-request-id": "mine"}),
            Case(b"1", headers={"x-ms-request-id": "old"}),
            Case(b"1", headers={"x-ms-client-request-id": "c"}),
            Case(b"1", headers={"x-ms-client-request-id": "c", "x-ms-request-id": "old"}),
            Case(b"1", headers={"x-request-id": "x" * 101}),
            Case(b"1", headers={"x-ms-request-id": "x" * 101}),
            Case(b"1", headers={"x-ms-client-request-id": "x" * 101}),
            Case(b"1", headers={"x-request-id": "x" * 100}),
            Case(b"1", headers={"TraceId": "t"}),
        ],
    ),
    "headers": (
        HEADERS,
        {},
        [
            Case(b"1", headers={"x-own-thing": "1", "x-twice": "a"}),
            Case(b"1", headers={"X_Own_Thing": "dropped?", "x-ms-client-request-id": "c"}),
        ],
    ),
    "schema": (
        SCHEMA,
        {"SERVICE_NAME": "heart", "SERVICE_VERSION": "3"},
        [
            *post('{"rows": [[1, 2], [3, 4]], "name": "me"}', '{"rows": [[1, 2]]}', '{"name": "me"}', "{}", "[]", "1"),
            *post("", "{", '{"rows": "no numbers"}', '{"rows": [[1]], "more": 1}'),
            Case(b'{"rows": [[1]]}', headers={"Content-Type": "text/plain"}),
            Case(b'{"rows": [[1]]}', headers={"Content-Type": "application/problem+json"}),
            Case(method="GET", query="rows=[[1,2]]&name=x"),
            Case(method="GET", query="name=x"),
        ],
    ),
    "raw": (
        RAW.format(package="azureml_inference_server_http.api"),
        {},
        [
            Case(b'{"a": 1}', query="x=1&x=2&y="),
            Case(b"not json"),
            Case(method="GET", query="a=1"),
            Case(method="OPTIONS"),
            Case(b"1", query="status=201"),
            Case(b"1", query="status=404"),
            Case(b"1", query="status=500"),
            *(Case(b"1", query=f"how={how}") for how in ("text", "bytes", "none", "stream", "plain")),
            Case(b"1", headers={"x-own-thing": "é".encode().decode("latin-1")}),
        ],
    ),
    "raw by its old name": (RAW.format(package="azureml.contrib.services"), {}, [Case(b"[1]", query="a=1")]),
    "timeout": (TIMEOUT, {"SCORING_TIMEOUT_MS": "300"}, post("0", "5", "0.01", "nonsense")),
    "cors": (
        ECHO,
        {"AML_CORS_ORIGINS": "https://a.example,https://b.example"},
        [
            Case(b"1", headers={"Origin": "https://a.example"}),
            Case(b"1", headers={"Origin": "https://c.example"}),
            Case(method="OPTIONS", headers={"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}),
        ],
    ),
}


@pytest.fixture(scope="session")
def azure_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter whose environment has Azure's server."""
    folder = tmp_path_factory.mktemp("azure") / "env"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    made = subprocess.run([uv, "pip", "install", "-q", "--python", python, *PACKAGES], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"Azure's server cannot be installed here: {made.stderr[-300:]}")
    return python


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Azure:
    """Azure's server with one script."""

    def __init__(self, python: Path, folder: Path, source: str, variables: dict[str, str]) -> None:
        code = folder / "azure"
        code.mkdir()
        (code / "score.py").write_text(textwrap.dedent(source))
        port = free_port()
        environment = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(code), **variables}
        words = [python, "-m", "azureml_inference_server_http", "--entry_script", "score.py", "--port", str(port)]
        self.log = folder / "azure.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(words, cwd=code, env=environment, stdout=log, stderr=log)
        self.url = f"http://127.0.0.1:{port}/"
        wait_for(lambda: self.process.poll() is not None or self._is_up(), "Azure's server")
        assert self.process.poll() is None, self.log.read_text()

    def _is_up(self) -> bool:
        try:
            return call(self.url, method="GET", key=None).status == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@dataclass
class Pair:
    """Both servers with one script."""

    azure: Azure
    ours: str

    def ask(self, case: Case) -> tuple[Answer, Answer]:
        """Return Azure's answer and ours, unwrapped."""
        query = f"?{case.query}" if case.query else ""
        theirs = call(f"{self.azure.url}{case.path}{query}", case.body, method=case.method, headers=case.headers)
        ours = call(f"{self.ours}{case.path}{query}", case.body, method=case.method, headers=case.headers)
        if ours.status == 424:
            ours = Answer(int(ours.headers["ms-azureml-model-error-statuscode"]), ours.headers, ours.body)
        return theirs, ours


Pairing = Callable[[str], Pair]


@pytest.fixture(scope="module")
def pairs(azure_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairing]:
    """Start both servers for a script when it is first asked for."""
    folder = tmp_path_factory.mktemp("pairs")
    started: dict[str, tuple[Pair, ServingWorld]] = {}

    def pair(name: str) -> Pair:
        if name not in started:
            source, variables, _ = CASES[name]
            inside = folder / str(len(started))
            inside.mkdir()
            world = ServingWorld(inside)
            azure = Azure(azure_python, inside, source, variables)
            replica = world.replica(source, interpreter=azure_python, **variables)
            deployments = {"blue": DeploymentRoutes([replica.socket])}
            if name == "raw":  # once more in an environment without Flask, with the classes of our own
                deployments["plain"] = DeploymentRoutes([world.replica(source, **variables).socket])
            gateway = world.gateway()
            world.publish(deployments, traffic={"blue": 100})
            started[name] = Pair(azure, gateway.score_url().removesuffix("score")), world
        return started[name][0]

    yield pair
    for one, world in started.values():
        one.azure.stop()
        world.close()


def essence(answer: Answer) -> dict[str, Any]:
    """Return what must be the same of two answers."""
    fields = answer.headers
    named = ("content-type", "x-ms-run-function-failed", "x-many", "traceid", "access-control-allow-origin")
    found: dict[str, Any] = {"status": answer.status, **{name: fields.get(name) for name in named}}
    found["timed"] = "x-ms-run-fn-exec-ms" in fields
    # Made-up ids differ; given ones must come back.
    ids = {name: fields.get(name) for name in ("x-request-id", "x-ms-request-id", "x-ms-client-request-id")}
    found["ids"] = {name: value if value and len(value) != 36 else bool(value) for name, value in ids.items()}
    found["body"] = answer.body
    if answer.status >= 400 and "json" in (fields.get("content-type") or "") and answer.body:
        document = answer.value
        # Texts of errors are ours; that of a script's own error is not.
        found["body"] = ["message"] if list(document) == ["message"] else document
    return found


ALL = [(name, case) for name, (_, _, cases) in CASES.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), ALL, ids=[f"{name}: {case}" for name, case in ALL])
def test_the_answers_agree(pairs: Pairing, name: str, case: Case) -> None:
    theirs, ours = pairs(name).ask(case)
    assert essence(ours) == essence(theirs)


@pytest.mark.parametrize("case", CASES["raw"][2], ids=str)
def test_raw_scripts_need_no_flask(pairs: Pairing, case: Case) -> None:
    fields = {**case.headers, "azureml-model-deployment": "plain"}
    theirs, ours = pairs("raw").ask(replace(case, headers=fields))
    assert essence(ours) == essence(theirs)


@pytest.mark.parametrize("version", ["", "2", "2.0", "3", "3.0", "3.1", "4", "x"])
@pytest.mark.parametrize("name", ["text", "schema"])
def test_the_descriptions_agree(pairs: Pairing, name: str, version: str) -> None:
    query = f"version={version}" if version else ""
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


def test_a_form_reaches_run_where_azures_server_loses_it(pairs: Pairing) -> None:
    """On purpose: plain `curl -d` sends this content type, and Azure's script then gets an empty text."""
    case = Case(b'{"data": 1}', headers={"Content-Type": "application/x-www-form-urlencoded"})
    theirs, ours = pairs("text").ask(case)
    assert theirs.value == ["str", ""]
    assert ours.value == ["str", '{"data": 1}']


@pytest.mark.parametrize(
    "source", ["def init():\n    1 / 0\ndef run(a):\n    pass\n", "import nothing_there\n", "x = 1\n"]
)
def test_scripts_that_cannot_start_end_with_the_same_code(azure_python: Path, tmp_path: Path, source: str) -> None:
    (tmp_path / "score.py").write_text(source)
    environment = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(tmp_path)}
    words = [azure_python, "-m", "azureml_inference_server_http", "--entry_script", "score.py"]
    words += ["--port", str(free_port())]
    theirs = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, timeout=60)
    world = ServingWorld(tmp_path / "ours")
    try:
        ours = world.replica(source, interpreter=azure_python, wait=False)
        assert ours.process.wait(30) == theirs.returncode == 3
        assert json.loads((ours.folder / "failure.json").read_text())["message"]
    finally:
        world.close()
